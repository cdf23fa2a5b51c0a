"""The recorded bodies: complete, readable, and what Daraja and this program would really send."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b
from mpesa_cli.daraja.callbacks import StkFailed, StkPaid, read_stk_callback
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.wire.strict_json import Unreadable, read_json
from mpesa_cli.listener.trigger.events import EVENTS, FOLDER, TriggerEvent, find_event
from mpesa_cli.listener.trigger.override import override
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.codes.lookup import stk_result
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.staging import TOLD, stage_unpaid
from mpesa_cli.rules.state import Terms, attempt_view

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads"
NAME = re.compile(r"(?:stk|order|c2b)(?:\.[a-z0-9]+(?:[-_][a-z0-9]+)*){1,2}")
RECORDED_AS = {
    "stk.paid": "stk-callback.success",
    "stk.balance-no-value": "stk-callback.success.balance-no-value",
    "stk.balance-text": "stk-callback.success.balance-struct-string",
    "stk.cancelled": "stk-callback.failure.1032-cancelled",
    "stk.wrong-pin": "stk-callback.failure.2001-wrong-pin",
    "stk.pin-locked": "stk-callback.failure.8006-locked",
    "stk.insufficient": "stk-callback.failure.1-insufficient",
    "stk.unreachable": "stk-callback.failure.1037-unreachable",
    "stk.no-response": "stk-callback.failure.1037-no-response",
    "stk.expired": "stk-callback.failure.1019-expired",
    "stk.line-busy": "stk-callback.failure.1001-locked",
    "stk.rule-limited": "stk-callback.failure.17-rule-limited",
    "stk.push-error": "stk-callback.failure.1025-push-error",
    "stk.string-code": "stk-callback.failure.SFC_IC0003-string-code",
    "c2b.confirmation.v2": "c2b-confirmation.request.v2",
    "c2b.confirmation.v1-hashed": "c2b-confirmation.request.v1-hashed",
    "c2b.confirmation.full-msisdn": "c2b-confirmation.request.v1-legacy-full-msisdn",
    "c2b.confirmation.till": "c2b-confirmation.request.till",
    "c2b.validation": "c2b-validation.request.v2",
}
PHONE = "254708374149"
CHECKOUTS = ("ws_CO_24112026103001482708374149", "ws_CO_24112026103405120708374149")
MERCHANTS = ("6f2a-4d1b-a3c9-2b8e7d610f4412345678", "51c0-4e7a-9d12-7f3b6a2c91e087654321")


def named(prefix: str) -> list[Any]:
    return [pytest.param(event, id=event.name) for event in EVENTS if event.name.startswith(prefix)]


def test_every_event_has_a_file_and_every_file_an_event() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(event.file.name for event in EVENTS)
    assert len({event.name for event in EVENTS}) == len(EVENTS)


@pytest.mark.parametrize("event", named(""))
def test_an_event_is_named_by_the_rule_and_told_in_one_line(event: TriggerEvent) -> None:
    assert NAME.fullmatch(event.name)
    assert re.fullmatch(r"[A-Z0-9].{10,70}[.?]|[A-Z].*\? Answer within 8 s\.", event.story)


@pytest.mark.parametrize("event", named(""))
def test_a_body_has_one_meaning_and_is_laid_out_for_reading(event: TriggerEvent) -> None:
    raw = event.file.read_bytes()
    assert not isinstance(read_json(raw), Unreadable)
    assert raw.decode() == json.dumps(event.document(), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("event", named("stk."))
def test_an_stk_body_is_read_as_what_it_is_said_to_be(event: TriggerEvent) -> None:
    said = read_stk_callback(event.file.read_bytes())
    if isinstance(said, StkPaid):
        assert (said.amount_cents, said.msisdn) == (15000, PHONE)
        assert said.transacted_us is not None
        assert not event.story[0].isdigit()
    else:
        assert isinstance(said, StkFailed)
        assert event.story.startswith((f"{said.result_code}:", f"{said.result_code} with"))
        assert stk_result(said.result_code).listed


@pytest.mark.parametrize("event", named("c2b."))
def test_a_c2b_body_is_read_as_a_payment(event: TriggerEvent) -> None:
    said = read_c2b(event.file.read_bytes())
    assert isinstance(said, C2bPayment)
    assert said.amount_cents == 50000
    assert bool(said.account_reference) is not event.name.endswith(".till")
    assert all(isinstance(value, str) for value in event.document().values())


@pytest.mark.parametrize("event", [*named("stk."), *named("c2b.")])
def test_a_body_of_daraja_has_the_shape_of_the_recorded_payload(event: TriggerEvent) -> None:
    recorded = json.loads((PAYLOADS / f"{RECORDED_AS[event.name]}.json").read_text(encoding="utf-8"))
    assert shape(event.document()) == shape(recorded)


def shape(value: Any) -> Any:
    match value:
        case dict():
            return {key: (held if key == "Name" else shape(held)) for key, held in value.items()}
        case list():
            return [shape(held) for held in value]
        case _:
            return type(value).__name__


def test_there_is_one_order_event_for_each_status_that_a_shop_is_told() -> None:
    assert {e.name for e in EVENTS if e.sender == "mpesa"} == {
        *(f"order.{status.value}" for status in TOLD), "order.refund_pending", "order.unpaid",
    }
LOST = "no whole answer from sandbox.safaricom.co.ke within 30 s"


def us(clock: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-24T{clock}+03:00").timestamp() * 1_000_000)


def sent(number: int, clock: str) -> list[ev.Evidence]:
    return [ev.Sending(us(clock), 1), ev.Accepted(us(clock), 1, MERCHANTS[number], CHECKOUTS[number])]


def came(clock: str, told: str, receipt: str = "UKO4Q7WX2B", cents: int = 15000, **more: Any) -> ev.Received:
    return ev.Received(us(told), more.pop("source", "callback"), receipt, cents, us(clock), **more)


ASKED_BACK = ev.RefundAsked(
    us("11:01:50"), "REQ-3F0A9C51D2E84B67", "UKO4Q7WX2B", 15000, "Asha", "brought it back"
)
STORIES: dict[str, tuple[str, list[list[ev.Evidence]]]] = {
    "paid": ("10:30:19", [[*sent(0, "10:30:01"), came("10:30:18", "10:30:19")]]),
    "failed": (
        "10:30:19",
        [[*sent(0, "10:30:01"), ev.CallbackFailed(us("10:30:19"), "1032", "Request cancelled by user")]],
    ),
    "unknown": ("10:30:31", [[ev.Sending(us("10:30:01"), 1), ev.Ambiguous(us("10:30:31"), 1, "total-timeout", LOST)]]),
    "review": ("10:30:19", [[*sent(0, "10:30:01"), came("10:30:18", "10:30:19", cents=10000)]]),
    "partial": (
        "10:45:13",
        [
            [
                *sent(0, "10:30:01"),
                ev.CallbackFailed(us("10:30:19"), "1", "The balance is insufficient for the transaction."),
            ],
            [came("10:45:12", "10:45:13", "UKO4Q7X81C", 10000, source="c2b")],
        ],
    ),
    "overpaid": (
        "10:36:40",
        [
            [*sent(0, "10:30:01"), came("10:36:38", "10:36:40")],
            [*sent(1, "10:34:05"), came("10:34:20", "10:34:21", "UKO4Q7X3KD")],
        ],
    ),
    "refunded": (
        "11:02:00",
        [
            [
                *sent(0, "10:30:01"),
                came("10:30:18", "10:30:19"),
                ASKED_BACK,
                ev.Reversed(us("11:02:00"), "result", "UKO4Q7WX2B", "UKO4Q8A1ZR", 15000, us("11:01:58")),
            ]
        ],
    ),
    "refund_pending": (
        "11:01:50", [[*sent(0, "10:30:01"), came("10:30:18", "10:30:19"), ASKED_BACK]],
    ),
}


@pytest.mark.parametrize("status", STORIES)
def test_an_order_body_is_what_this_program_says_of_that_story(status: str) -> None:
    told, stories = STORIES[status]
    attempts = tuple(attempt(number, evidence) for number, evidence in enumerate(stories, 1))
    payment = Payment(
        payment_id="PAY-7Q4M2K9X", order_id="1042", environment="simulator", profile="simulator",
        shortcode="174379", amount_cents=15000, msisdn=PHONE, account_reference="1042", description="Payment",
        created_us=us("10:30:00"), attempts=attempts,
    )
    assert find_event(f"order.{status}").document() == {
        "type": f"order.{status}",
        "timestamp": f"2026-11-24T{told}+03:00",
        "data": payment_document(payment, us(told)),
    }


def test_the_unpaid_body_is_that_of_the_failure_with_how_long_it_may_still_be_paid() -> None:
    attempts = (attempt(1, STORIES["failed"][1][0]),)
    payment = Payment(
        payment_id="PAY-7Q4M2K9X", order_id="1042", environment="simulator", profile="simulator",
        shortcode="174379", amount_cents=15000, msisdn=PHONE, account_reference="1042", description="Payment",
        created_us=us("10:30:00"), attempts=attempts,
    )
    assert json.loads(stage_unpaid(payment, us("11:00:05")).body) == find_event("order.unpaid").document()


def attempt(number: int, evidence: list[ev.Evidence]) -> Attempt:
    prompted = isinstance(evidence[0], ev.Sending)
    cents = 15000 if prompted else 10000
    return Attempt(
        ref=AttemptRef("PAY-7Q4M2K9X", number), msisdn=PHONE, amount_cents=cents, created_us=us("10:30:00"),
        withdrawn=False, view=attempt_view(Terms(cents, PHONE, prompted), evidence),
        channel="stk" if prompted else "c2b",
    )


def test_an_unknown_event_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInput) as refused:
        find_event("stk.canceled")
    assert "'stk.cancelled'" in refused.value.hint


@pytest.mark.parametrize(
    ("event", "assignment", "where", "value"),
    [
        ("stk.paid", "Amount=200", ("Body", "stkCallback", "CallbackMetadata", "Item", 0, "Value"), 200),
        ("stk.paid", "Item.PhoneNumber=254711111111", ("Body", "stkCallback", "CallbackMetadata", "Item", 3, "Value"),
         254711111111),
        ("stk.paid", "ResultCode=1032", ("Body", "stkCallback", "ResultCode"), 1032),
        ("stk.paid", "ResultCode=SFC_IC0003", ("Body", "stkCallback", "ResultCode"), "SFC_IC0003"),
        ("stk.paid", "Body.stkCallback.CheckoutRequestID=ws_1", ("Body", "stkCallback", "CheckoutRequestID"), "ws_1"),
        ("c2b.validation", "TransAmount=75.50", ("TransAmount",), "75.50"),
        ("c2b.validation", "BillRefNumber=a=b", ("BillRefNumber",), "a=b"),
        ("order.paid", "order_id=7", ("data", "order_id"), "7"),
        ("order.paid", "data.receipt=UKO4Q7WX3C", ("data", "receipt"), "UKO4Q7WX3C"),
        ("order.paid", "attempts.0.receipt=UKO4Q7WX3C", ("data", "attempts", 0, "receipt"), "UKO4Q7WX3C"),
        ("order.paid", "amount=1500", ("data", "amount"), 1500),
        ("order.paid", "data.result_desc=Thanks", ("data", "result_desc"), "Thanks"),
    ],
)
def test_one_value_is_changed_and_nothing_else(
    event: str, assignment: str, where: tuple[str | int, ...], value: object
) -> None:
    changed, wanted = find_event(event).document(), find_event(event).document()
    holder: Any = wanted
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = value

    override(changed, assignment)

    assert json.dumps(changed) == json.dumps(wanted)
    assert changed != find_event(event).document()


@pytest.mark.parametrize(
    ("event", "assignment", "words"),
    [
        ("stk.paid", "Amont=1", "Amount, CheckoutRequestID"),
        ("stk.paid", "Item=1", "Amount"),
        ("stk.balance-no-value", "Balance=1", "Amount"),
        ("order.paid", "receipt=UKO4Q7WX3C", "data.receipt, data.attempts.0.receipt"),
        ("order.paid", "receipt", "PATH=VALUE"),
        ("order.paid", "=5", "PATH=VALUE"),
    ],
)
def test_what_names_no_single_field_is_refused(event: str, assignment: str, words: str) -> None:
    document = find_event(event).document()
    with pytest.raises(InvalidInput) as refused:
        override(document, assignment)
    assert words in refused.value.message + refused.value.hint
    assert document == find_event(event).document()
