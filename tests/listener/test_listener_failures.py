"""When the ledger can't keep a body, the answer is 503 and never 200; and one bad row fails alone."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, Bench, answer, listener, open_ledger, prompt, request

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.listener.intake.deliveries import ACCEPTED, UNAVAILABLE, StkDelivery
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.writer import QUEUE_MAX, Writer
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.listener.server.routes import address_of
from mpesa_cli.rules.state import PaymentStatus

if TYPE_CHECKING:
    from mpesa_cli.listener.events import Event

FULL = LedgerBusy("The ledger could not be written: database or disk is full.", hint="df -h", code="disk-full")
BROKEN = LedgerUnusable("The ledger failed.", hint="mpesa config show")


class Troubled:
    """The real ledger, with trouble around it: ``before`` may raise before a write, ``after`` before its commit."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[Write], None] = lambda tx: None
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    @contextlib.contextmanager
    def write(self) -> Iterator[Write]:
        self.writes += 1
        self.before()
        with self.ledger.write() as tx:
            yield tx
            self.after(tx)


def wait_until_closed(bench: Bench) -> None:
    for _ in range(400):
        try:
            bench.connect().close()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the listener lives on without its writer")


def fail_with(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[Troubled]:
    with contextlib.closing(open_ledger(tmp_path / "ledger.db")) as ledger:
        yield Troubled(ledger)


@pytest.mark.parametrize("error", [FULL, BROKEN, OSError("no"), RuntimeError("a bug"), MemoryError()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_fails_the_commit_is_answered_503_and_leaves_nothing(
    tmp_path: Path, error: Exception, when: str
) -> None:
    trouble: list[Troubled] = []

    def wrap(ledger: Ledger) -> Any:
        trouble.append(Troubled(ledger))
        return trouble[0]

    with listener(tmp_path / "ledger.db", wrap=wrap) as bench:
        token, ref = prompt(bench.ledger, answered=False)
        setattr(trouble[0], when, fail_with(error))
        status, body = bench.callback(token, encode(paid()))
        assert (status, b"Accepted" in body) == (503, False)
        assert bench.stored() == 0
        with bench.connect() as sock:
            sock.sendall(request("/healthz", method="GET"))
            assert answer(sock) == (503, b'{"status":"failing"}')

        setattr(trouble[0], when, lambda *_: None)
        assert bench.callback(token, encode(paid())) == (200, ACCEPTED_BODY)
        bench.until("settled")
        assert bench.payment(ref).status is PaymentStatus.PAID
        with bench.connect() as sock:
            sock.sendall(request("/healthz", method="GET"))
            assert answer(sock)[0] == 200


def test_a_disk_that_is_really_full_is_answered_503(tmp_path: Path) -> None:
    """SQLite itself refuses the page: the file may not grow, and the body is larger than what is free in it."""

    def cramped(ledger: Any) -> Any:
        connection = ledger._connection()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 4}")
        return ledger

    with listener(tmp_path / "ledger.db", wrap=cramped) as bench:
        token, _ = prompt(bench.ledger)
        statuses = {bench.callback(token, b'"' + b"x" * 60_000 + b"%d" % n)[0] for n in range(3)}
        assert statuses == {503}
        assert bench.stored() == 0

    assert "full" in bench.told("unstored")[0].detail


def test_one_bad_row_does_not_fail_its_neighbours(troubled: Troubled) -> None:
    prompts = [prompt(troubled.ledger, answered=False) for _ in range(5)]

    def refuse_poison(tx: Write) -> None:
        if any(raw.body == b"poison" for raw in Bodies(tx).unread_callbacks()):
            raise BROKEN

    troubled.after = refuse_poison
    batch = [
        StkDelivery(secret_hash(token), b"poison" if n == 2 else encode(paid()), "127.0.0.1")
        for n, (token, _) in enumerate(prompts)
    ]
    verdicts = Intake(troubled, World(), lambda event: None).receive(batch)

    assert verdicts == [ACCEPTED, ACCEPTED, UNAVAILABLE, ACCEPTED, ACCEPTED]
    assert len(Bodies(troubled.ledger).unread_callbacks()) == 4


def test_a_batch_is_one_transaction_and_a_busy_ledger_is_waited_for_once(troubled: Troubled) -> None:
    prompts = [prompt(troubled.ledger, answered=False) for _ in range(50)]
    batch = [StkDelivery(secret_hash(token), b"{}", "127.0.0.1") for token, _ in prompts]
    intake = Intake(troubled, World(), lambda event: None)
    troubled.before = fail_with(FULL)
    assert intake.receive(batch) == [UNAVAILABLE] * 50
    assert troubled.writes == 1

    troubled.before = lambda: None
    assert intake.receive(batch) == [ACCEPTED] * 50
    assert troubled.writes == 2


def test_a_look_up_that_fails_is_503_and_not_404(troubled: Troubled) -> None:
    token, _ = prompt(troubled.ledger)
    intake = Intake(troubled, World(), lambda event: None)
    troubled.attempts_by_tokens = fail_with(FULL)

    assert intake.receive([StkDelivery(secret_hash(token), b"{}", "127.0.0.1")]) == [UNAVAILABLE]


@pytest.mark.parametrize("token", ["", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "0" * 31 + "٠"])
def test_what_is_no_token_is_no_address_and_so_never_asked_of_the_ledger(token: str) -> None:
    assert address_of(f"/hooks/stk/{token}") is None


def test_a_settlement_that_fails_is_told_kept_and_tried_again(troubled: Troubled) -> None:
    events: list[Event] = []
    intake = Intake(troubled, World(), events.append)
    tokens = [prompt(troubled.ledger, answered=False) for _ in range(2)]
    for number, (token, _) in enumerate(tokens):
        delivery = StkDelivery(secret_hash(token), encode(paid(receipt=f"UKO4Q7WX2{number}")), "127.0.0.1")
        intake.receive([delivery])
    troubled.before = fail_with(FULL)
    intake.settling.settle()
    assert (events[-1].kind, events[-1].count) == ("unsettled", 2)

    troubled.before = lambda: None
    intake.settling.settle()
    assert events[-1].kind == "unsettled"
    assert intake.settling.try_again()
    intake.settling.settle()
    assert [e.kind for e in events[-2:]] == ["settled", "settled"]


def test_hurry_ends_a_round_early_and_loses_nothing(troubled: Troubled) -> None:
    intake = Intake(troubled, World(), lambda event: None)
    for number in range(20):
        token, _ = prompt(troubled.ledger, answered=False)
        delivery = StkDelivery(secret_hash(token), encode(paid(receipt=f"UKO4Q7WX{number}")), "127.0.0.1")
        intake.receive([delivery])
    intake.settling.settle(hurry=lambda: True)
    assert 0 < len(intake.settling) < 20

    intake.settling.settle()
    assert len(intake.settling) == 0
    assert Bodies(troubled.ledger).unread_callbacks() == []


def test_more_than_the_queue_holds_is_refused_and_the_rest_is_stored(troubled: Troubled) -> None:
    """The writer is held in its first commit while the queue fills; then everything queued is stored."""
    held, verdicts = threading.Event(), []
    hashes = [secret_hash(prompt(troubled.ledger, answered=False)[0]) for _ in range(60)]
    intake = Intake(troubled, World(), lambda event: None)
    writer = Writer(lambda: (intake, lambda: None))
    writer.start()
    troubled.before = lambda: held.wait() and None

    def submit(number: int) -> bool:
        return writer.submit(StkDelivery(hashes[number // 32], b"%d" % number, "127.0.0.1"), verdicts.append)

    accepted = sum(submit(number) for number in range(QUEUE_MAX + 600))
    held.set()
    troubled.before = lambda: None
    writer.stop()

    assert QUEUE_MAX <= accepted < QUEUE_MAX + 600
    assert verdicts == [ACCEPTED] * accepted
    assert not submit(-1)


def test_a_commit_that_takes_too_long_is_answered_503_in_time(tmp_path: Path) -> None:
    held = threading.Event()
    trouble: list[Troubled] = []

    def wrap(ledger: Ledger) -> Any:
        trouble.append(Troubled(ledger))
        return trouble[0]

    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, answer_s=0.2), wrap=wrap) as bench:
        token, _ = prompt(bench.ledger)
        trouble[0].before = lambda: held.wait() and None
        assert bench.callback(token, b"{}")[0] == 503
        held.set()
        trouble[0].before = lambda: None
        bench.until("stored")
        assert bench.callback(token, b"{}") == (200, ACCEPTED_BODY)
        bench.until("repeat")


def test_a_ledger_that_can_not_be_opened_fails_the_start(tmp_path: Path) -> None:
    def wrap(ledger: Ledger) -> Ledger:
        ledger.close()
        raise BROKEN

    with pytest.raises(LedgerUnusable), listener(tmp_path / "ledger.db", wrap=wrap):
        pass


def test_a_writer_that_dies_takes_the_listener_with_it(tmp_path: Path) -> None:
    """Better no listener, which a service manager starts again, than one that can store nothing."""
    from mpesa_cli.listener.intake import writer as module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module._Again, "look", fail_with(ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError), listener(tmp_path / "ledger.db") as bench:
            wait_until_closed(bench)
