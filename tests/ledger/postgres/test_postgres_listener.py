"""One listener for tills whose ledgers are in databases, on two servers, and in a file: each body is in its own."""

import hashlib
import json
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cli.loop_parts import Listening, listening, until
from daraja.callbacks.callback_bodies import c2b, encode, paid
from listener.listening import ACCEPTED_BODY, Bench, checkout_id, now_us, prompt, prompts
from listener.test_listener_c2b import CONFIRMED
from postgres_server import Cluster, free_port

from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.listener.intake.spool import Spool
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.runtime import Runtime

pytestmark = pytest.mark.postgres
STORE = "600100"
TILLS = {"outering": "5012345", "westlands": "5012346", "kasarani": "5012347", "thika": "5012348"}
STOPPED, IN_A_FILE = "westlands", "thika"


@dataclass
class Office:
    """The tills, each with its ledger, and the listener that they share. ``c2b`` are secrets of their addresses."""

    home: Path
    port: int
    of: dict[str, Bench] = field(default_factory=dict)
    c2b: dict[str, str] = field(default_factory=dict)
    spools: dict[str, Spool] = field(default_factory=dict)

    @contextmanager
    def listening(self) -> Iterator[Listening]:
        """``mpesa listen`` for all tills, once it is ready."""
        argv = [part for name in TILLS for part in ("-P", name)]
        with listening(self.home, {}, *argv, "--port", str(self.port)) as process:
            assert process.url
            yield process

    def paid(self, name: str, token: str, ref: AttemptRef) -> tuple[int, bytes]:
        """The callback of a prompt of this till that was paid."""
        receipt = f"UKO{int(ref.payment_id.removeprefix('PAY-')):07d}"
        return self.of[name].callback(token, encode(paid(receipt, CheckoutRequestID=_id(ref))))

    def is_paid(self, name: str, ref: AttemptRef) -> bool:
        return self.of[name].payment(ref).status is PaymentStatus.PAID

    def kept(self) -> dict[str, int]:
        """How many bodies each till's spool has."""
        return {name: spool.count() for name, spool in self.spools.items() if spool.count()}


@pytest.fixture
def office(database: Callable[[], str], lonely: Cluster, tmp_path: Path) -> Iterator[Office]:
    """Two tills on one server, one on a server of its own, which may be stopped, and one in a file."""
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    places = {"outering": database(), STOPPED: lonely.url(), "kasarani": database()}
    (home / "config" / "config.toml").write_text("\n".join(
        f'[profile.{name}]\nenvironment = "simulator"\nkind = "till"\nshortcode = "{STORE}"\ntill = "{till}"\n'
        + (f'ledger = "{places[name]}"\n' if name in places else "") for name, till in TILLS.items()
    ))  # fmt: skip
    made = Office(home, free_port())
    with ExitStack() as closing:
        runtime = Runtime(environ={"MPESA_HOME": str(home)})
        closing.callback(runtime.close)
        for name in TILLS:
            profile = runtime.profile(name)
            ledger = runtime.ledger(profile)
            made.c2b[name] = secrets.token_hex(16)
            with ledger.write() as tx:
                HookWrites(tx).add(hashlib.sha256(made.c2b[name].encode()).hexdigest(), now_us())
            made.of[name] = Bench(made.port, profile.ledger, ledger)
            made.spools[name] = Spool(profile.ledger.with_name(f"{profile.ledger.name}.spool"))
        yield made


def test_each_tills_callback_is_in_the_ledger_of_its_secret_whichever_engine_has_it(office: Office) -> None:
    with office.listening():
        for name, bench in office.of.items():
            token, ref = prompt(bench.ledger)
            before = {other: each.stored() for other, each in office.of.items()}
            assert office.paid(name, token, ref) == (200, ACCEPTED_BODY)
            until(lambda name=name, ref=ref: office.is_paid(name, ref), f"{name}'s payment")
            assert {other: each.stored() for other, each in office.of.items()} == {**before, name: before[name] + 1}
        assert office.of["outering"].callback(secrets.token_hex(16), encode(paid()))[0] == 404
    assert office.kept() == {}


def test_a_tills_secret_with_anothers_shortcode_is_held_in_the_ledger_of_the_secret(office: Office) -> None:
    pairs = {"outering": "kasarani", "kasarani": IN_A_FILE, IN_A_FILE: STOPPED, STOPPED: "outering"}
    with office.listening():
        for nth, (whose, other) in enumerate(pairs.items()):
            body = encode(c2b(BusinessShortCode=TILLS[other], TransID=f"UKO4Q7X8{nth}C"))
            address = f"/hooks/{office.c2b[whose]}/c2b/confirmation"
            assert office.of[whose].post(address, body) == CONFIRMED
            until(lambda whose=whose: Held(office.of[whose].ledger).waiting(), "what is held")
    for nth, (whose, other) in enumerate(pairs.items()):
        (held,) = Held(office.of[whose].ledger).waiting()
        assert (held.code, f"profile {other}'s" in held.why) == ("foreign-shortcode", True)
        assert (held.receipt, office.of[whose].stored()) == (f"UKO4Q7X8{nth}C", 1)
        assert [each.ledger.receipt_owner(held.receipt) for each in office.of.values()] == [None] * len(TILLS)


def test_while_a_server_is_stopped_its_bodies_are_kept_and_the_others_settled_also_by_a_listener_that_starts_then(
    office: Office, lonely: Cluster
) -> None:
    waiting = [prompt(office.of[STOPPED].ledger) for _ in range(2)]
    with office.listening() as first:
        lonely.stop()
        assert office.paid(STOPPED, *waiting[0]) == (200, ACCEPTED_BODY)
        assert office.kept() == {STOPPED: 1}
        _settle_the_others(office)
        first.process.kill()
    with office.listening() as second:
        assert any(f"profile {STOPPED} is kept on this machine" in line for line in second.said), second.said
        assert office.paid(STOPPED, *waiting[1]) == (200, ACCEPTED_BODY)
        assert office.kept() == {STOPPED: 2}
        _settle_the_others(office)
        lonely.start()
        for _, ref in waiting:
            until(lambda ref=ref: office.is_paid(STOPPED, ref), "what was handed in")
        until(lambda: not office.kept(), "the spool to be empty")
        assert second.stop() == 0
    assert {name: bench.stored() for name, bench in office.of.items()} == dict.fromkeys(TILLS, 2)


def _settle_the_others(office: Office) -> None:
    """A payment of each till whose ledger is there, while the stopped one still is."""
    for name in TILLS.keys() - {STOPPED}:
        token, ref = prompt(office.of[name].ledger)
        assert office.paid(name, token, ref) == (200, ACCEPTED_BODY)
        until(lambda name=name, ref=ref: office.is_paid(name, ref), f"{name}'s payment")


def test_a_listener_killed_under_posts_leaves_what_it_answered_in_its_own_ledger_or_spool_and_in_no_other(
    office: Office, lonely: Cluster
) -> None:
    sold = {name: prompts(bench.ledger, 150) for name, bench in office.of.items()}
    answered: dict[str, set[str]] = {name: set() for name in TILLS}
    over = threading.Event()

    def sell(name: str) -> None:
        for token, ref in sold[name]:
            while not over.is_set():
                try:
                    status, _ = office.paid(name, token, ref)
                except OSError:  # nobody listens just now
                    status = 0
                if status == 200:
                    answered[name].add(_id(ref))
                    break
                time.sleep(0.02)

    tills = [threading.Thread(target=sell, args=(name,)) for name in TILLS]
    for each in tills:
        each.start()
    try:
        for nth in range(4):
            with office.listening() as killed:
                if nth == 1:
                    lonely.stop()
                wanted = sum(map(len, answered.values())) + 12
                until(lambda wanted=wanted: sum(map(len, answered.values())) >= wanted, "bodies that were answered")
                killed.process.send_signal(signal.SIGKILL)
    finally:
        over.set()
        for each in tills:
            each.join()
    lonely.start()
    for name, ids in answered.items():
        mine = {_id(ref) for _, ref in sold[name]}
        stored = _ids(body for (body,) in office.of[name].ledger.rows("SELECT body FROM callbacks"))
        kept = _ids(delivery.body for _, delivery in office.spools[name].waiting())
        assert ids
        assert ids <= stored | kept <= mine, name
    assert office.kept().keys() <= {STOPPED}
    with office.listening():
        until(lambda: not office.kept(), "the spool to be empty")
        for name, ids in answered.items():
            told = [ref for _, ref in sold[name] if _id(ref) in ids]
            until(lambda name=name, told=told: all(office.is_paid(name, ref) for ref in told), f"{name}'s payments")


def _id(ref: AttemptRef) -> str:
    return checkout_id(int(ref.payment_id.removeprefix("PAY-")))


def _ids(bodies: Iterable[object]) -> set[str]:
    """The prompts that bodies are about."""
    return {json.loads(bytes(body))["Body"]["stkCallback"]["CheckoutRequestID"] for body in bodies}  # type: ignore[call-overload]
