"""C2B over the secret paths: confirmations become payments, validations are answered by the shop's rule."""

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b, encode, paid
from listener.listening import Bench, listener, now_us, prompt

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.listener.intake.deliveries import C2bContext
from mpesa_cli.payments.c2b import Shop
from mpesa_cli.rules.c2b_rules import ValidationRule
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.values.amount import Limits

SECRET = "0123456789abcdef" * 2
CONFIRMED = (200, b'{"ResultCode":0,"ResultDesc":"Success"}')
_ids = itertools.count(1)


def c2b_shop(rule: ValidationRule = "accept") -> C2bContext:
    shop = Shop("test", ("600984", "174379"), ("TEST",), lambda: f"PAY-C2B{next(_ids):05d}")
    return C2bContext(shop, rule, Limits(10, 1000))


def register(bench: Bench) -> None:
    with bench.ledger.write() as tx:
        HookWrites(tx).add(hashlib.sha256(SECRET.encode()).hexdigest(), now_us())


def send(bench: Bench, step: str, **changed: object) -> tuple[int, bytes]:
    return bench.post(f"/hooks/{SECRET}/c2b/{step}", encode(c2b(**changed)))


def found(bench: Bench, ref: str) -> Payment:
    payment = bench.ledger.find(ref)
    assert payment is not None
    return payment


@pytest.fixture
def bench(tmp_path: Path):
    with listener(tmp_path / "ledger.db", c2b=c2b_shop()) as running:
        register(running)
        yield running


@pytest.mark.parametrize(
    "msisdn", ["254708374149", "2547 ***** 149", "b6f1c8d0e2a39475869f0a1b2c3d4e5f" * 2, "", None]
)
def test_a_confirmation_becomes_a_payment(bench: Bench, msisdn: object) -> None:
    assert send(bench, "confirmation", MSISDN=msisdn) == CONFIRMED
    event = bench.until("settled")[0]

    payment = found(bench, "UKO4Q7X81C")
    assert payment.status is PaymentStatus.PAID
    assert payment.amount_cents == 50_000
    assert (event.payment, event.receipt, event.channel) == (payment, "UKO4Q7X81C", "c2b-confirmation")


def test_replays_of_a_confirmation_are_one_payment(bench: Bench) -> None:
    for _ in range(20):
        assert send(bench, "confirmation") == CONFIRMED
    bench.until("repeat", 19)
    bench.until("settled")

    assert bench.verdicts() == [("c2b-confirmation", "applied")]


def test_one_payment_told_by_both_channels_is_one_payment(bench: Bench) -> None:
    token, ref = prompt(bench.ledger, amount=500, answered=False)
    bench.callback(token, encode(paid(receipt="UKO4Q7X81C", amount=500)))
    bench.until("settled")
    send(bench, "confirmation", BillRefNumber="TEST")
    bench.until("settled", 2)

    assert found(bench, "UKO4Q7X81C").payment_id == ref.payment_id
    assert bench.payment(ref).status is PaymentStatus.PAID


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"TransAmount": "x"}, "no TransAmount, or one that is no amount"),
        ({"BusinessShortCode": "999999"}, "paid to shortcode 999999, which is not ours"),
    ],
)
def test_a_confirmation_that_can_not_be_believed_is_kept_for_a_person(
    bench: Bench, changed: dict[str, Any], why: str
) -> None:
    assert send(bench, "confirmation", **changed) == CONFIRMED
    assert bench.until("unreadable")[0].detail == why
    assert bench.ledger.find("UKO4Q7X81C") is None
    assert len(bench.verdicts()) == 1


def test_what_an_earlier_listener_left_is_settled_at_the_start(tmp_path: Path) -> None:
    with listener(tmp_path / "ledger.db") as bench, bench.ledger.write() as tx:
        BodyWrites(tx).store_body("c2b-confirmation", encode(c2b()), "127.0.0.1", now_us())
    with listener(tmp_path / "ledger.db", c2b=c2b_shop()) as bench:
        bench.until("settled")
        assert found(bench, "UKO4Q7X81C").status is PaymentStatus.PAID


@pytest.mark.parametrize("step", ["confirmation", "validation"])
def test_a_secret_that_was_never_registered_is_an_unknown_path(tmp_path: Path, step: str) -> None:
    with listener(tmp_path / "ledger.db", c2b=c2b_shop()) as bench:
        assert send(bench, step) == (404, b'{"error":"not found"}')
        assert bench.stored() == 0


@pytest.mark.parametrize(
    ("rule", "changed", "expected"),
    [
        ("accept", {}, "0"),
        ("accept", {"TransAmount": "nonsense"}, "0"),
        ("accept", {"MSISDN": "q83vEjRWeJCrze8=", "TransAmount": "11,720.00"}, "0"),
        ("accept", {"BusinessShortCode": ""}, "0"),
        ("accept", {"BusinessShortCode": "999999"}, "C2B00015"),
        ("accept", {"BusinessShortCode": "0174379"}, "C2B00015"),
        ("accept", {"BusinessShortCode": "999999", "TransAmount": "nonsense"}, "C2B00015"),
        ("range", {"MSISDN": "q83vEjRWeJCrze8="}, "0"),
        ("range", {"BusinessShortCode": None}, "C2B00016"),
        ("range", {"BusinessShortCode": "999999"}, "C2B00015"),
        ("range", {"TransAmount": "1000.00"}, "0"),
        ("range", {"TransAmount": "1000.01"}, "C2B00013"),
        ("range", {"TransAmount": "9.99"}, "C2B00013"),
        ("range", {"TransAmount": "nonsense"}, "C2B00016"),
        ("known_order", {"BillRefNumber": "ORDER"}, "0"),
        ("known_order", {"BillRefNumber": "no such thing"}, "C2B00012"),
        ("known_order", {"BillRefNumber": ""}, "C2B00012"),
        ("amount_equal", {"BillRefNumber": "ORDER", "TransAmount": "150"}, "0"),
        ("amount_equal", {"BillRefNumber": "ORDER", "TransAmount": "149.99"}, "C2B00013"),
        ("amount_equal", {"BillRefNumber": "?"}, "C2B00012"),
    ],
)
def test_validations_are_answered_by_the_rule_and_kept(
    tmp_path: Path, rule: ValidationRule, changed: dict[str, Any], expected: str
) -> None:
    with listener(tmp_path / "ledger.db", c2b=c2b_shop(rule)) as bench:
        register(bench)
        _, ref = prompt(bench.ledger)
        if changed.get("BillRefNumber") == "ORDER":
            changed = changed | {"BillRefNumber": f" {bench.payment(ref).order_id.upper()} "}
        status, body = send(bench, "validation", **changed)
        code = "accepted" if expected == "0" else expected
        assert bench.until("validated")[0].detail == code
        assert bench.verdicts() == [("c2b-validation", f"answered: {code}")]

    assert status == 200
    assert json.loads(body) == {"ResultCode": expected, "ResultDesc": "Accepted" if expected == "0" else "Rejected"}


def test_a_validation_makes_no_payment(bench: Bench) -> None:
    send(bench, "validation")
    bench.until("validated")

    assert bench.ledger.find("UKO4Q7X81C") is None
