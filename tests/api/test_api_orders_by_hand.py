"""Orders that were added are known to payments by hand: let through, refused and matched by them."""

import hashlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b, encode
from listener.listening import Bench, listener, now_us

from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.listener.intake.deliveries import C2bContext
from mpesa_cli.payments.c2b import Shop
from mpesa_cli.payments.orders import add_order
from mpesa_cli.rules.c2b_rules import ValidationRule
from mpesa_cli.rules.payment import ShopOrder
from mpesa_cli.rules.values.amount import Limits

SECRET = "0123456789abcdef" * 2
_ids = itertools.count(1)


def taking(path: Path, rule: ValidationRule) -> Any:
    shop = Shop("test", ("600984",), ("TEST",), lambda: f"PAY-ORD{next(_ids):05d}")
    return listener(path / "ledger.db", c2b=C2bContext(shop, rule, Limits(10, 1000)))


def ready(bench: Bench) -> None:
    with bench.ledger.write() as tx:
        HookWrites(tx).add(hashlib.sha256(SECRET.encode()).hexdigest(), now_us())
    add_order(bench.ledger, ShopOrder("INV-00418", 500_00, now_us()))


def send(bench: Bench, step: str, **changed: object) -> Any:
    return json.loads(bench.post(f"/hooks/{SECRET}/c2b/{step}", encode(c2b(**changed)))[1])["ResultCode"]


@pytest.mark.parametrize(
    ("rule", "account", "amount", "code"),
    [
        ("known_order", "inv 00418", "500.00", "0"),
        ("known_order", "INV-00419", "500.00", "C2B00012"),
        ("known_order", "INV-00418", "400.00", "0"),
        ("amount_equal", "INV-00418", "500.00", "0"),
        ("amount_equal", "INV-00418", "400.00", "C2B00013"),
    ],
)
def test_a_validation_knows_added_orders(
    tmp_path: Path, rule: ValidationRule, account: str, amount: str, code: str
) -> None:
    with taking(tmp_path, rule) as bench:
        ready(bench)
        assert send(bench, "validation", BillRefNumber=account, TransAmount=amount) == code


@pytest.mark.parametrize(("amount", "status"), [("500.00", "paid"), ("200.00", "partial"), ("700.00", "overpaid")])
def test_money_by_hand_settles_against_the_orders_amount(tmp_path: Path, amount: str, status: str) -> None:
    with taking(tmp_path, "accept") as bench:
        ready(bench)
        assert send(bench, "confirmation", TransAmount=amount) == 0
        bench.until("settled")
        payment = bench.ledger.payment_by_order("INV-00418")
        assert payment is not None
        assert (payment.status.value, payment.amount_cents) == (status, 500_00)
        if status == "partial":
            assert send(bench, "confirmation", TransAmount="300.00", TransID="UKO4Q7X82C") == 0
            bench.until("settled", 2)
            again = bench.ledger.payment_by_order("INV-00418")
            assert again is not None
            assert (again.status.value, again.received_cents) == ("paid", 500_00)


def test_a_receipt_of_an_added_order_names_it(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    from mpesa_cli.receipts import receipt

    with taking(tmp_path, "accept") as bench:
        ready(bench)
        send(bench, "confirmation")
        send(bench, "confirmation", BillRefNumber="nothing known", TransID="UKO4Q7X83C")
        bench.until("settled", 2)
        shop = receipt.Shop("Shop", "paybill", "600984", frozenset({"600984"}))
        paid = [bench.ledger.find(ref) for ref in ("UKO4Q7X81C", "UKO4Q7X83C")]
        named = [receipt.receipt_of(payment, shop).order_id for payment in paid if payment]
        assert named == ["INV-00418", ""]


def test_adding_an_order_is_told_and_kept(mpesa: Callable[..., Any]) -> None:
    added = mpesa("order", "add", "1042", "1,500")
    assert (added.status, added.stdout) == (0, "Order 1042 for KES 1,500 is known now.\n")
    again = json.loads(mpesa("order", "add", "1042", "1500", "--json").stdout)
    assert (again["amount"], again["status"], again["payment"]) == (1500, "not_asked", None)
    assert mpesa("order", "add", "1042", "1501").status == 9
    assert mpesa("push", "254708374149", "1500", "--order", "1042", "--no-wait").status == 0
    shown = json.loads(mpesa("order", "add", "1042", "1500", "--json").stdout)
    assert shown["status"] == "pending"
    assert mpesa("audit", "verify").status == 0
