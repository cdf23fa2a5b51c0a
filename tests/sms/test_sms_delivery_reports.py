"""Delivery reports: read strictly, filed with their message, the first final word stands."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from paid_shop import NOW_US, open_ledger, pay

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox
from mpesa_cli.sms.delivery_reports import apply_delivery_report
from mpesa_cli.sms.notify import SmsContext, SmsShop, send_waiting
from mpesa_cli.sms.providers.delivery import DeliveryReport, read_delivery_report, report_token
from mpesa_cli.sms.providers.sender import Outcome, Sent
from mpesa_cli.sms.send_again import STATES, Wanted, stage_again


def body(**fields: str) -> bytes:
    return urlencode({"id": "ATXid_1", "phoneNumber": "+254708374149", "networkCode": "63902", **fields}).encode()


@pytest.mark.parametrize(
    ("status", "reached"),
    [
        ("Sent", "on_the_way"), ("Submitted", "on_the_way"), ("Buffered", "on_the_way"), ("Success", "delivered"),
        ("Failed", "not_delivered"), ("Rejected", "not_delivered"),
    ],
)
def test_each_status_of_africas_talking_is_known(status: str, reached: str) -> None:
    report = read_delivery_report(body(status=status, failureReason="UserInBlackList"))
    assert report == DeliveryReport("ATXid_1", status, reached, "UserInBlackList")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "odd",
    [
        b"", b"status=Success", b"id=&status=Success", b"id=a&status=Lost", b"id=a&id=b&status=Success",
        b'{"id":"a","status":"Success"}', b"\xff\xfe", b"id=a&status=Success&" + b"x=1&" * 50,
        b"id=a&status=Success&x=" + b"y" * 9000,
    ],
)
def test_anything_else_is_no_report(odd: bytes) -> None:
    assert read_delivery_report(odd) is None


def test_the_token_is_32_hex_characters_that_follow_from_the_key_alone() -> None:
    token = report_token(Secret("key"))
    assert len(bytes.fromhex(token)) == 16
    assert token == report_token(Secret("key")) != report_token(Secret("other"))


class _Sender:
    name = "africas_talking"

    def send(self, msisdn: str, text: str, reference: str) -> Outcome:
        return Sent("ATXid_1", "KES 0.8000", 1)


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[tuple[Ledger, SmsContext]]:
    ledger = open_ledger(tmp_path / "ledger.db")
    context = SmsContext(ledger, SmsShop("shop", "Duka", "en"), _Sender, World(lambda: NOW_US, random=lambda: 0.0))
    pay(ledger, "1042")
    send_waiting(context)
    yield ledger, context
    ledger.close()


def detail(ledger: Ledger) -> tuple[str, dict[str, object]]:
    row = Outbox(ledger).listed("sms", STATES)[0]
    return row.state, json.loads(row.detail)


def test_a_delivered_message_says_so_and_keeps_its_cost(sent: tuple[Ledger, SmsContext]) -> None:
    ledger, _ = sent
    for reached in ("on_the_way", "delivered", "on_the_way", "not_delivered"):
        report = DeliveryReport("ATXid_1", "x", reached, "")  # type: ignore[arg-type]
        assert apply_delivery_report(ledger, report, NOW_US + 1)
    state, facts = detail(ledger)
    assert (state, facts["delivery"], facts["cost"]) == ("done", "delivered", "KES 0.8000")


def test_a_message_that_did_not_arrive_can_be_sent_again_by_a_person(sent: tuple[Ledger, SmsContext]) -> None:
    ledger, context = sent
    report = DeliveryReport("ATXid_1", "Failed", "not_delivered", "UserInBlackList")
    assert apply_delivery_report(ledger, report, NOW_US + 1)
    state, facts = detail(ledger)
    assert (state, facts["code"]) == ("given_up", "UserInBlackList")
    assert send_waiting(context).notices == []
    payment = ledger.payment("PAY-1042")
    assert payment is not None
    stage_again(context, payment, Wanted())
    assert [n.state for n in send_waiting(context).notices] == ["done"]


def test_a_report_for_nobodys_message_changes_nothing(sent: tuple[Ledger, SmsContext]) -> None:
    ledger, _ = sent
    before = detail(ledger)
    for message_id in ("ATXid_2", ""):
        assert not apply_delivery_report(ledger, DeliveryReport(message_id, "Success", "delivered", ""), NOW_US)
    assert detail(ledger) == before
