"""Rows of M-PESA's own record, delivery reports and texts that could not be applied: held, and in nobody's way."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from held.held_shop import RECEIPT, SECRET_HASH, HeldShop

from mpesa_cli.books import statement_matching
from mpesa_cli.books.statement_intake import take_pulled
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.daraja.pull import pull_rows
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.outbox import Outbox, OutboxWrites
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.listener.intake.deliveries import SmsReport
from mpesa_cli.payments import c2b
from mpesa_cli.rules.staging import Staged
from mpesa_cli.sms.providers import delivery

HEAD = (
    "Short Code,174379\nStatement Period,24-11-2026 00:00:00 - 24-11-2026 23:59:59\n\n"
    "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\n"
)
SOUND = "UKO4Q7X00A,24-11-2026 09:00:00,Pay Bill,Completed,100.00,,,2547****4149 - ODDNAME,1001\n"
SPOILT = f"{RECEIPT},24-11-2026 09:0x:00,Pay Bill ODDNAME,Completed,500.00,,,2547****4149 - ODDNAME,1002\n"
DONE = ("--by", "Asha", "--reason", "looked it up in the portal")


def file(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "statement.csv"
    path.write_text(HEAD + "".join(rows))
    return str(path)


def test_a_row_that_could_not_be_read_is_found_by_its_receipt_and_named_once(shop: HeldShop, tmp_path: Path) -> None:
    shop.clock.advance(86_400)
    status, said = shop.reconcile("--statement", file(tmp_path, SOUND, SPOILT))
    assert (status, said["held"]) == (7, [])  # the difference names it
    assert [b["kind"] for b in said["breaks"]].count("unknown_row") == 1
    (held,) = Held(shop.ledger).waiting()
    assert (held.channel, held.receipt, held.amount_cents, held.line) == ("statement", RECEIPT, 50_000, 6)
    assert shop.mpesa("status", RECEIPT).status == 7
    for path in shop.home.rglob("*.db*"):
        assert b"ODDNAME" not in path.read_bytes()


def test_whoever_deals_with_the_row_has_dealt_with_the_difference_and_the_other_way_round(
    shop: HeldShop, tmp_path: Path
) -> None:
    shop.clock.advance(86_400)
    other = f"UKO4Q7X82C{SPOILT[10:]}"
    _, said = shop.reconcile("--statement", file(tmp_path, SPOILT, other))
    one, two = Held(shop.ledger).waiting()
    (accepted,) = [b["id"] for b in said["breaks"] if b["id"].endswith(f"-{two.line}")]
    assert shop.mpesa("held", "done", one.held_id, *DONE).status == 0
    assert shop.mpesa("reconcile", "--accept", accepted, *DONE).status == 0
    status, said = shop.reconcile()
    assert [Held(shop.ledger).message(each.held_id).done_by for each in (one, two)] == ["Asha", "Asha"]
    assert status == 0, said


def test_a_row_that_can_be_read_in_another_file_is_closed(shop: HeldShop, tmp_path: Path) -> None:
    shop.clock.advance(86_400)
    shop.reconcile("--statement", file(tmp_path, SPOILT))
    shop.reconcile("--statement", file(tmp_path, SPOILT.replace("0x", "01")))
    assert [each.state for each in Held(shop.ledger).listed()] == ["applied"]


@pytest.mark.parametrize(("rows", "taken"), [(200, True), (201, False)])
def test_a_file_of_which_too_much_can_not_be_read_is_not_taken(
    shop: HeldShop, tmp_path: Path, rows: int, taken: bool
) -> None:
    shop.clock.advance(86_400)
    spoilt = [f"UKO4Q7Z{n:03}{SPOILT[10:]}" for n in range(rows)]
    status, said = shop.reconcile("--statement", file(tmp_path, SOUND, *spoilt))
    assert len(Held(shop.ledger).waiting()) == (rows if taken else 0)
    assert bool(StatementRows(shop.ledger).of("UKO4Q7X00A")) is taken
    if taken:
        assert status == 7
    else:
        assert (status, said["error"]["code"]) == (2, "statement-not-taken")


def test_a_row_that_breaks_the_store_is_held_and_the_others_are_taken(
    shop: HeldShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = BookWrites.add_rows

    def breaking(self: Any, statement: Any, rows: Any) -> int:
        if any(row.receipt == RECEIPT for row in rows):
            raise OverflowError
        return real(self, statement, rows)

    monkeypatch.setattr(BookWrites, "add_rows", breaking)
    shop.clock.advance(86_400)
    status, said = shop.reconcile("--statement", file(tmp_path, SOUND, SPOILT.replace("0x", "01")))
    assert status == 7
    assert [(h["receipt"], h["code"]) for h in said["held"]] == [(RECEIPT, "not-applied")]
    assert StatementRows(shop.ledger).of("UKO4Q7X00A")


def test_a_transaction_of_pull_that_can_not_be_read_is_held_and_proves_nothing_of_its_time(shop: HeldShop) -> None:
    row = {"transactionId": "UKO4Q7X00A", "trxDate": "2026-11-24T09:00:00+03:00", "amount": "100.00",
           "transactiontype": "c2b-pay-bill-debit", "msisdn": "2547****4149", "billreference": "1001"}
    spoilt = {**row, "transactionId": RECEIPT, "amount": "5OO"}
    page = {"ResponseRefID": "1", "ResponseCode": "1000", "Response": [[row, spoilt, spoilt]]}
    empty = {"ResponseRefID": "1", "ResponseCode": "1001", "ResponseMessage": "No transactions found", "Response": []}

    class Says:
        def __init__(self) -> None:
            self.answers = [page, empty]

        def post(self, _path: str, _body: object) -> tuple[int, bytes]:
            return 200, json.dumps(self.answers.pop(0)).encode()

    odd: list[Any] = []
    now_us = shop.clock.now_us()
    rows = list(pull_rows(Says(), "174379", now_us - 10**10, now_us, World(sleep=lambda _s: None), odd.append))
    assert [each.receipt for each in rows] == ["UKO4Q7X00A"]
    taken = take_pulled(shop.ledger, rows, ("174379",), now_us, now_us, odd)
    assert (taken.from_us, taken.until_us) == (0, 0)
    take_pulled(shop.ledger, rows, ("174379",), now_us, now_us, odd)
    assert [(h.channel, h.receipt) for h in Held(shop.ledger).waiting()] == [("pull", RECEIPT)]
    assert shop.mpesa("reconcile").status == 7


def test_a_delivery_report_that_can_not_be_read_is_held_once(shop: HeldShop) -> None:
    for _ in range(2):
        assert shop.receive(SmsReport(SECRET_HASH, b"id=ATXid_1&status=Nonsense", "peer")).status == 200
    _, said = shop.reconcile()
    assert [(h["channel"], h["code"]) for h in said["held"]] == [("sms_report", "bad-report")]


def test_a_delivery_report_is_read_again_and_stays_held_where_it_is_still_none_or_about_nothing(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.receive(SmsReport(SECRET_HASH, b"id=ATXid_1&status=Nonsense", "peer"))
    with monkeypatch.context() as older:  # a version that could not read what this one can
        older.setattr(delivery, "read_delivery_report", lambda _body: None)
        shop.receive(SmsReport(SECRET_HASH, b"id=ATXid_2&status=Success", "peer"))
    said = shop.mpesa("held", "read-again", "--apply")
    assert (said.status, said.stdout.count("stays held")) == (7, 2)
    assert "it is about no message of ours" in said.stdout
    assert "a delivery report that can't be read" in said.stdout


def test_a_text_that_breaks_whoever_prepares_it_is_held_and_the_next_one_goes_out(
    shop: HeldShop, tmp_path: Path
) -> None:
    env = {"MPESA_SMS_SEND_RECEIPTS": "true", "MPESA_SMS_PROVIDER": "file"}
    shop.confirm(MSISDN="254708374149")
    payment = shop.ledger.find(RECEIPT)
    with shop.ledger.write() as tx:
        for name, body in (("a", b"{no json"), ("b", b"")):
            OutboxWrites(tx).put([Staged("sms", "receipt", name, body)], payment.payment_id, shop.clock.now_us())
    shop.mpesa("reconcile", env=env)
    assert [each.channel for each in Held(shop.ledger).waiting()] == ["outbox"]
    assert len(Outbox(shop.ledger).listed("sms", ["done"])) == 1
    assert "stays held" not in shop.mpesa("held", "read-again", "--apply").stdout


def test_the_row_of_a_file_is_known_by_its_line(shop: HeldShop, tmp_path: Path) -> None:
    shop.clock.advance(86_400)
    path = file(tmp_path, SPOILT)
    for _ in range(2):
        shop.reconcile("--statement", path)
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert [(each.source, each.line) for each in Held(shop.ledger).waiting()] == [(f"STM-{digest[:24]}", 5)]
    assert StatementRows(shop.ledger).of(RECEIPT) == []


def test_a_row_that_can_not_be_settled_stops_no_other_and_is_a_difference(
    shop: HeldShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order in ("1001", "1002"):
        shop.prompt(order, amount=100 if order == "1001" else 500, token=order)
    real = statement_matching._append

    def breaking(tx: Any, each: Any, *more: Any) -> Any:
        made = real(tx, each, *more)
        if each.row.receipt == RECEIPT:
            raise ZeroDivisionError
        return made

    monkeypatch.setattr(statement_matching, "_append", breaking)
    shop.clock.advance(86_400)
    rows = (SOUND.replace("09:00", "10:30"), SPOILT.replace("09:0x", "10:30"))
    status, said = shop.reconcile("--statement", file(tmp_path, *rows))
    assert status == 7
    assert [shop.ledger.payment_by_order(each).status for each in ("1001", "1002")] == ["paid", "pending"]
    assert RECEIPT in {each["receipt"] for each in said["breaks"]}


def test_money_of_a_closed_day_that_is_read_late_is_a_difference(shop: HeldShop, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as older:
        older.setattr(c2b, "read_c2b", lambda _body: Unreadable("bad-phone", "x"))
        shop.confirm(TransTime="20261124103000")
    shop.clock.advance(86_400)
    shop.reconcile("--statement", file(tmp_path, SOUND), "--close", "2026-11-24", "--by", "Asha")
    assert shop.mpesa("held", "read-again", "--apply").status == 0
    _, said = shop.reconcile()
    assert "closed_day_changed" in {each["kind"] for each in said["breaks"]}
