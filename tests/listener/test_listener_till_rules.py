"""A till takes no account number: a rule about orders can't be applied to Buy Goods payments, and refuses none."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import c2b, encode
from listener.listening import listener

from mpesa_cli.ledger.hooks import HookWrites
from mpesa_cli.ledger.orders import OrderWrites
from mpesa_cli.listener.intake.deliveries import C2bContext
from mpesa_cli.listener.ports import c2b_context
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.payments.c2b import Shop
from mpesa_cli.rules.c2b_rules import ValidationRule
from mpesa_cli.rules.payment import ShopOrder
from mpesa_cli.rules.values.amount import Limits
from mpesa_cli.runtime import Runtime

SECRET = "0123456789abcdef" * 2
TILL = {"MPESA_KIND": "till", "MPESA_TILL": "300584", "MPESA_SHORTCODE": "174379"}
ACCEPTED = b'{"ResultCode":"0","ResultDesc":"Accepted"}'


def rejected(code: str) -> bytes:
    return b'{"ResultCode":"%s","ResultDesc":"Rejected"}' % code.encode()


@pytest.mark.parametrize("rule", ["known_order", "amount_equal"])
@pytest.mark.parametrize(
    ("takes_accounts", "account", "answer"),
    [
        (False, "", ACCEPTED), (False, "  ", ACCEPTED), (False, None, ACCEPTED),
        (False, "nobody", rejected("C2B00012")),
        (False, "order-1", ACCEPTED), (True, "", rejected("C2B00012")), (True, "order-1", ACCEPTED),
    ],
)
def test_a_payment_that_can_name_no_order_passes_the_rules_about_orders(
    tmp_path: Path, rule: ValidationRule, takes_accounts: bool, account: str | None, answer: bytes
) -> None:
    shop = Shop("test", ("600984",), (), lambda: "PAY-1")
    c2b_shop = C2bContext(shop, rule, Limits(10, 1000), takes_accounts=takes_accounts)
    with listener(tmp_path / "ledger.db", c2b=c2b_shop) as bench:
        with bench.ledger.write() as tx:
            HookWrites(tx).add(hashlib.sha256(SECRET.encode()).hexdigest(), 1)
            OrderWrites(tx).add(ShopOrder("order-1", 50_000, 1))
        path = f"/hooks/{SECRET}/c2b/validation"
        body = c2b(BillRefNumber=account, TransAmount="500.00", BusinessShortCode="600984")
        assert bench.post(path, encode(body)) == (200, answer)
        foreign = c2b(BillRefNumber=account, BusinessShortCode="600985")
        assert bench.post(path, encode(foreign)) == (200, rejected("C2B00015"))


@pytest.mark.parametrize(
    ("rule", "shortcode", "answer"),
    [
        ("accept", "600984", (200, ACCEPTED)), ("accept", "600985", (200, rejected("C2B00015"))),
        ("known_order", "600984", (503, b'{"error":"not stored, send again"}')),
    ],
)
def test_a_validation_that_the_ledger_has_no_say_in_does_not_wait_for_it(
    tmp_path: Path, rule: ValidationRule, shortcode: str, answer: tuple[int, bytes]
) -> None:
    """Somebody holds the ledger's write lock: a customer is not turned away where everything is let through."""
    c2b_shop = C2bContext(Shop("test", ("600984",), (), lambda: "PAY-1"), rule, Limits(10, 1000))
    quick = ListenerOptions(port=0, answer_s=1.0, validation_s=0.1)
    with listener(tmp_path / "ledger.db", quick, c2b=c2b_shop) as bench:
        with bench.ledger.write() as tx:
            HookWrites(tx).add(hashlib.sha256(SECRET.encode()).hexdigest(), 1)
        body = encode(c2b(TransAmount="500.00", BusinessShortCode=shortcode))
        with bench.ledger.write():
            assert bench.post(f"/hooks/{SECRET}/c2b/validation", body) == answer
        (event,) = bench.until("validated")
        assert event.detail == ("accepted" if answer[1] == ACCEPTED else event.detail)
        assert event.callback_id, "and it is stored as soon as that can be done"


@pytest.mark.parametrize(("kind", "takes_accounts"), [(TILL, False), ({}, True)])
def test_only_a_tills_customers_can_type_no_account(home: Path, kind: dict[str, str], takes_accounts: bool) -> None:
    runtime = Runtime(environ={"MPESA_HOME": str(home), **kind})
    assert c2b_context(runtime, runtime.profile()).takes_accounts is takes_accounts


@pytest.mark.parametrize("rule", ["known_order", "amount_equal", "range", "accept"])
@pytest.mark.parametrize("command", ["config check", "doctor"])
def test_a_rule_that_can_not_be_applied_at_a_till_is_said(mpesa: Callable[..., Any], rule: str, command: str) -> None:
    said = mpesa(*command.split(), env={**TILL, "MPESA_C2B_VALIDATION": rule})
    warned = f"c2b_validation is {rule}, and nobody can type an order at a till" in said.stdout
    assert warned is (rule in {"known_order", "amount_equal"})
    assert "nobody can type an order" not in mpesa(*command.split(), env={"MPESA_C2B_VALIDATION": rule}).stdout
