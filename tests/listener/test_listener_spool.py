"""The spool: what a ledger that is away could not take is on this machine's disk before it is answered 200."""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from listening import ACCEPTED_BODY, Bench, checkout_id, listener, now_us, prompt

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.listener.intake import spool as spooled
from mpesa_cli.listener.intake import writer
from mpesa_cli.listener.intake.deliveries import (
    C2bDelivery,
    OpenDelivery,
    ResultDelivery,
    SmsReport,
    StkDelivery,
)
from mpesa_cli.listener.intake.spool import Spool
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.rules.state import PaymentStatus

PEER = "196.201.214.200"
EACH_KIND = [
    StkDelivery("a", b"stk", PEER), C2bDelivery("confirmation", "b", b"c2b", PEER),
    ResultDelivery("result", "c", b"result", PEER), ResultDelivery("timeout", "c", b"timeout", PEER),
    SmsReport("d", b"sms", PEER),
]


class Away:
    """A ledger whose database can be away."""

    def __init__(self) -> None:
        self.is_away = False

    def around(self, ledger: Any) -> Any:
        asked, write = ledger.rows, ledger.write

        def away() -> None:
            if self.is_away:
                raise LedgerBusy("The ledger can't be reached.", hint="Nothing was kept. Again: mpesa doctor")

        def rows(*args: Any) -> Any:
            away()
            return asked(*args)

        def written(*args: Any) -> Any:
            away()
            return write(*args)

        ledger.rows, ledger.write = rows, written
        return ledger


@pytest.fixture
def away() -> Away:
    return Away()


@pytest.fixture
def bench(tmp_path: Path, away: Away) -> Iterator[Bench]:
    kept = Spool(tmp_path / "spool")
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, answer_s=0.2), wrap=away.around, spool=kept) as made:
        yield made


def body_of(bench: Bench, ref: Any) -> bytes:
    number = int(ref.payment_id.removeprefix("PAY-"))
    return (
        b'{"Body":{"stkCallback":{"MerchantRequestID":"m","CheckoutRequestID":"%b","ResultCode":0,"ResultDesc":"ok",'
        b'"CallbackMetadata":{"Item":[{"Name":"Amount","Value":150},{"Name":"MpesaReceiptNumber","Value":"UKO4Q7WX2B"},'
        b'{"Name":"TransactionDate","Value":20261124103001},{"Name":"PhoneNumber","Value":254708374149}]}}}}'
    ) % checkout_id(number).encode()


def test_a_callback_that_comes_while_the_ledger_is_away_is_kept_answered_and_settled_later(
    bench: Bench, away: Away, tmp_path: Path
) -> None:
    token, ref = prompt(bench.ledger)
    away.is_away = True

    answered = bench.callback(token, body_of(bench, ref))

    assert answered == (200, ACCEPTED_BODY)
    with sqlite3.connect(tmp_path / "spool") as on_disk:
        assert on_disk.execute("SELECT count(*) FROM kept").fetchone() == (1,)
    on_disk.close()
    assert bench.stored() == 0
    away.is_away = False
    bench.until("handed_in")
    bench.until("settled")
    assert bench.payment(ref).status is PaymentStatus.PAID


def test_what_was_handed_in_is_gone_from_the_spool_and_from_its_file(bench: Bench, away: Away, tmp_path: Path) -> None:
    token, ref = prompt(bench.ledger)
    away.is_away = True
    bench.callback(token, body_of(bench, ref))
    away.is_away = False
    bench.until("handed_in")
    bench.stop()

    assert Spool(tmp_path / "spool").count() == 0
    assert b"254708374149" not in (tmp_path / "spool").read_bytes()


def test_a_listener_that_starts_again_hands_in_what_the_one_before_kept(tmp_path: Path) -> None:
    kept = Spool(tmp_path / "spool")
    with listener(tmp_path / "ledger.db") as before:
        token, ref = prompt(before.ledger)
    from mpesa_cli.listener.server.routes import address_of

    addressed = address_of(f"/hooks/stk/{token}")
    assert addressed is not None
    with listener(tmp_path / "ledger.db", spool=kept) as after:
        assert kept.keep([addressed(body_of(after, ref), PEER)], now_us()) == [True]
        after.until("settled")
        assert after.payment(ref).status is PaymentStatus.PAID


def test_an_address_that_nobody_knows_is_kept_until_that_can_be_looked_up(bench: Bench, away: Away) -> None:
    away.is_away = True
    assert bench.callback("0" * 32, b"{}")[0] == 200
    away.is_away = False
    bench.until("handed_in")
    assert bench.stored() == 0


def test_every_kind_of_body_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    kept = Spool(tmp_path / "spool")
    assert kept.keep(EACH_KIND, 1) == [True] * len(EACH_KIND)
    assert [delivery for _, delivery in kept.waiting()] == EACH_KIND
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o600


def test_who_asks_and_who_has_no_secret_is_not_kept(tmp_path: Path) -> None:
    asking = C2bDelivery("validation", "b", b"x", PEER), OpenDelivery("stk", b"x", PEER)
    assert Spool(tmp_path / "spool").keep(asking, 1) == [False, False]


def test_one_address_fills_its_share_and_leaves_room_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooled, "SHARE_BYTES", 10_000)
    monkeypatch.setattr(spooled, "MAX_BYTES", 15_000)
    kept = Spool(tmp_path / "spool")
    flood = [StkDelivery(str(n), b"x" * 2_000, "203.0.113.9") for n in range(9)]

    assert kept.keep(flood, 1).count(True) == 3
    assert kept.keep([StkDelivery("a", b"x" * 2_000, PEER)], 1) == [True]
    assert kept.keep(flood[:1] * 5, 1) == [False] * 5
    assert kept.keep([StkDelivery(str(n), b"x" * 2_000, PEER) for n in range(9)], 1).count(True) == 1


def test_where_the_disk_fails_too_it_is_answered_503(tmp_path: Path, away: Away) -> None:
    folder = tmp_path / "gone"
    folder.write_text("a file where a folder should be")
    with listener(
        tmp_path / "ledger.db", ListenerOptions(port=0, answer_s=0.2), wrap=away.around, spool=Spool(folder / "spool")
    ) as bench:
        token, ref = prompt(bench.ledger)
        away.is_away = True
        assert bench.callback(token, body_of(bench, ref))[0] == 503


def test_a_listener_that_starts_while_its_ledger_is_away_keeps_what_comes_and_settles_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "OPEN_AGAIN_S", 0.05)
    is_away = True

    def opened(ledger: Any) -> Any:
        if is_away:
            ledger.close()
            raise LedgerBusy("The ledger can't be reached.", hint="Nothing was kept. Again: mpesa doctor")
        return ledger

    kept = Spool(tmp_path / "spool")
    with listener(tmp_path / "ledger.db", ListenerOptions(port=0, answer_s=0.2), wrap=opened, spool=kept) as bench:
        token, ref = prompt(bench.ledger)
        assert bench.callback(token, body_of(bench, ref)) == (200, ACCEPTED_BODY)
        assert (kept.count(), bench.stored()) == (1, 0)
        is_away = False
        bench.until("settled")
        assert bench.payment(ref).status is PaymentStatus.PAID
