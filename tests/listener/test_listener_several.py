"""Several ledgers behind one port: what comes is in the ledger whose secret its address has, and in no other."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b, encode, paid
from listener.listening import ACCEPTED_BODY, Bench, checkout_id, now_us, open_ledger, prompt
from listener.test_listener_c2b import CONFIRMED
from listener.test_listener_spool import Away

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.ledger.restoring import RestoreWrites
from mpesa_cli.listener.intake.deliveries import C2bContext
from mpesa_cli.listener.intake.spool import Spool
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import running
from mpesa_cli.payments.c2b import Shop
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.state import PaymentStatus

STORE, TILLS = "600100", {"outering": "5012345", "westlands": "5012346"}
HOUR_US = 3_600_000_000
NOT_FOUND = (404, b'{"error":"not found"}')


@dataclass
class Office:
    """Two ledgers behind one port. ``c2b`` are the secrets of their addresses for money paid by hand."""

    outering: Bench
    westlands: Bench
    c2b: dict[str, str]

    def by_hand(self, whose: str, step: str = "confirmation", **changed: object) -> tuple[int, bytes]:
        """A body on the address of one of them."""
        return self.outering.post(f"/hooks/{self.c2b[whose]}/c2b/{step}", encode(c2b(**changed)))


def shop(name: str) -> C2bContext:
    others = {code: other for other, code in TILLS.items() if other != name} | {STORE: "nobody"}
    made = Shop(name, (STORE, TILLS[name]), (), lambda: f"PAY-{secrets.token_hex(5).upper()}")
    return C2bContext(replace(made, others=others), takes_accounts=False)


@contextmanager
def office(
    folder: Path, wrap: Callable[[Any], Any] = lambda ledger: ledger, spools: tuple[Spool | None, Spool | None] = (None,
    None), answer_s: float = 5.0,
) -> Iterator[Office]:
    """The listener; ``wrap`` may put something around the first of the ledgers that it writes to."""
    with ExitStack() as stack:
        benches, parts, c2b_secrets = [], [], {}
        for name, spool in zip(TILLS, spools, strict=True):
            path = folder / f"{name}.db"
            ledger = stack.enter_context(closing(open_ledger(path)))
            c2b_secrets[name] = secrets.token_hex(16)
            with ledger.write() as tx:
                HookWrites(tx).add(hashlib.sha256(c2b_secrets[name].encode()).hexdigest(), now_us())
            bench = Bench(0, path, ledger)
            around = wrap if not benches else lambda each: each
            parts.append(Parts(
                lambda path=path, around=around: around(open_ledger(path)), World(), bench.hear, shop(name),
                spool=spool, profile=name,
            ))
            benches.append(bench)
        options = ListenerOptions(port=0, answer_s=answer_s, validation_s=0.1)
        ready = stack.enter_context(running(options, replace(parts[0], beside=(parts[1],))))
        for bench in benches:
            bench.port = ready.port
        yield Office(benches[0], benches[1], c2b_secrets)


def told(ref: AttemptRef, receipt: str = "UKO4Q7WX2B") -> bytes:
    """The callback of an attempt that was paid."""
    return encode(paid(receipt, CheckoutRequestID=checkout_id(int(ref.payment_id.removeprefix("PAY-")))))


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def test_a_callback_is_on_disk_in_the_ledger_of_its_secret_and_in_no_other(two: Office) -> None:
    for number, (bench, other) in enumerate([(two.outering, two.westlands), (two.westlands, two.outering)]):
        token, ref = prompt(bench.ledger)
        before = other.stored()
        assert bench.callback(token, told(ref, f"UKO4Q7WX{number}B")) == (200, ACCEPTED_BODY)
        assert (bench.stored(), other.stored()) == (1, before)
        assert bench.until("settled")[0].profile == list(TILLS)[number]
        assert bench.payment(ref).status is PaymentStatus.PAID
    assert two.outering.callback(secrets.token_hex(16), encode(paid())) == NOT_FOUND
    assert two.outering.post(f"/hooks/result/{secrets.token_hex(16)}", b"{}") == NOT_FOUND
    assert (two.outering.stored(), two.westlands.stored()) == (1, 1)


def test_money_by_hand_for_a_shortcode_that_tills_share_goes_where_its_secret_says(two: Office) -> None:
    assert two.by_hand("westlands", BusinessShortCode=STORE) == CONFIRMED
    two.westlands.until("settled")
    assert two.westlands.ledger.receipt_owner("UKO4Q7X81C") is not None
    assert (two.outering.stored(), two.outering.ledger.receipt_owner("UKO4Q7X81C")) == (0, None)


def test_money_for_another_till_on_ones_address_is_held_there_and_pays_nothing(two: Office) -> None:
    foreign = {"BusinessShortCode": TILLS["westlands"]}
    assert b"C2B00015" in two.by_hand("outering", "validation", **foreign)[1]
    assert two.by_hand("outering", **foreign) == CONFIRMED
    event = two.outering.until("unreadable")[0]
    (held,) = Held(two.outering.ledger).waiting()
    assert (held.code, "profile westlands's" in held.why, "westlands" in event.detail) == (
        "foreign-shortcode", True, True)
    assert (two.westlands.stored(), Held(two.westlands.ledger).waiting()) == (0, [])
    assert all(each.ledger.receipt_owner("UKO4Q7X81C") is None for each in (two.outering, two.westlands))


def test_a_ledger_that_hangs_holds_up_no_other_and_its_own_are_answered_503(tmp_path: Path) -> None:
    released, hangs = threading.Event(), threading.Event()

    def hanging(ledger: Any) -> Any:
        asked = ledger.rows

        def rows(*args: Any) -> Any:
            if hangs.is_set():
                released.wait(20)
                raise LedgerBusy("It hangs.", hint="Again: mpesa doctor")
            return asked(*args)

        ledger.rows = rows
        return ledger

    try:
        with office(tmp_path, hanging, answer_s=0.3) as two:
            (mine, own), (theirs, other) = prompt(two.outering.ledger), prompt(two.westlands.ledger)
            hangs.set()
            assert two.westlands.callback(theirs, told(other)) == (200, ACCEPTED_BODY)
            assert two.by_hand("westlands") == CONFIRMED
            assert two.outering.callback(mine, told(own))[0] == 503
            assert two.by_hand("westlands", "validation", BusinessShortCode=STORE)[0] == 200
            released.set()
    finally:
        released.set()


def test_what_comes_for_a_ledger_that_is_away_is_kept_for_it_alone_and_handed_in(tmp_path: Path) -> None:
    away, first, second = Away(), Spool(tmp_path / "a"), Spool(tmp_path / "b")
    with office(tmp_path, away.around, (first, second), answer_s=0.3) as two:
        (mine, own), (theirs, other) = prompt(two.outering.ledger), prompt(two.westlands.ledger)
        away.is_away = True
        assert two.outering.callback(mine, told(own)) == (200, ACCEPTED_BODY)
        assert two.westlands.callback(theirs, told(other, "UKO4Q7WX3B")) == (200, ACCEPTED_BODY)
        assert (first.count(), second.count()) == (1, 0)
        assert two.outering.told("spooled")[0].profile == "outering"
        away.is_away = False
        two.outering.until("settled")
        two.outering.until("handed_in")
        assert (two.outering.payment(own).status, first.count()) == (PaymentStatus.PAID, 0)
        assert (two.outering.stored(), two.westlands.stored()) == (1, 1)


def test_a_body_is_never_kept_where_the_ledger_that_may_have_it_has_no_spool(tmp_path: Path) -> None:
    away, second = Away(), Spool(tmp_path / "b")
    with office(tmp_path, away.around, (None, second), answer_s=0.3) as two:
        token, ref = prompt(two.outering.ledger)
        away.is_away = True
        assert two.outering.callback(token, told(ref))[0] == 503
        assert second.count() == 0


def test_after_a_restore_of_one_the_others_callbacks_are_theirs_and_what_is_nobodys_is_held(tmp_path: Path) -> None:
    with office(tmp_path) as two:
        with two.outering.ledger.write() as tx:
            RestoreWrites(tx).note_restored(now_us() - 5 * HOUR_US, now_us() - HOUR_US)
        token, ref = prompt(two.westlands.ledger)
        assert two.westlands.callback(token, told(ref)) == (200, ACCEPTED_BODY)
        two.westlands.until("settled")
        assert (two.westlands.payment(ref).status, Held(two.outering.ledger).waiting()) == (PaymentStatus.PAID, [])
        assert two.outering.callback(secrets.token_hex(16), encode(paid("UKO4Q7WX9B"))) == (200, ACCEPTED_BODY)
        assert [each.receipt for each in Held(two.outering.ledger).waiting()] == ["UKO4Q7WX9B"]


def test_where_one_ledger_cannot_be_opened_none_is_served(tmp_path: Path) -> None:
    opened = []

    def broken(ledger: Any) -> Any:
        opened.append(ledger)
        ledger.close()
        raise LedgerBusy("It can't be opened.", hint="Again: mpesa doctor")

    with pytest.raises(LedgerBusy), office(tmp_path, broken):
        raise AssertionError("it was served")
    assert opened
    assert not [each for each in threading.enumerate() if each.name == "mpesa-writer"]
