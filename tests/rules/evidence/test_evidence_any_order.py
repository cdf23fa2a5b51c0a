"""One payment told by every channel, in any order: it is one payment, and its money is never lost."""

import random
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import pytest
from books.portal import Row, wall, write
from daraja.callbacks.callback_bodies import encode, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.rules.evidence import Decided, QueryAnswered

CHECKOUT_ID = "ws_CO_24112026103001482708374149"
TELLING = ("c2b", "callback", "query", "row", "paid")


def tell(shop: HeldShop, channel: str, sent_us: int, phone: str) -> None:
    """One channel says what it knows of the payment."""
    ref = shop.ledger.payment_by_order("A1").attempts[0].ref  # type: ignore[union-attr]
    match channel:
        case "c2b":
            shop.confirm(TransID=RECEIPT, TransAmount="150.00", BillRefNumber="DUKA", MSISDN=phone,
                         TransTime=daraja_stamp(sent_us + 20_000_000))
        case "callback":
            shop.callback(encode(paid(RECEIPT, CheckoutRequestID=CHECKOUT_ID)))
        case "row":
            write(file := shop.home / "statement.csv", Row(RECEIPT, 150, "A1", at=wall(sent_us + 20_000_000)))
            assert shop.mpesa("reconcile", "--statement", str(file)).status in {0, 7}
        case "query":
            with shop.ledger.write() as tx:
                tx.append(ref, QueryAnswered(shop.clock.now_us(), "0", "Processed."))
        case _:
            verdict: Literal["paid", "failed"] = "paid" if channel == "paid" else "failed"
            with shop.ledger.write() as tx:
                tx.append(ref, Decided(shop.clock.now_us(), verdict, "asha", "looked"))
    shop.clock.advance(7)


def stands(shop: HeldShop) -> list[tuple[Any, ...]]:
    """Every payment that there is, and its money."""
    rows = shop.ledger.rows("SELECT order_id, status, received_cents, receipt FROM payments ORDER BY order_id")
    return [*rows, *shop.ledger.rows("SELECT receipt, payment_id FROM receipts")]


@pytest.mark.parametrize("phone", ["2547 ***** 149", ""])
def test_in_whatever_order_a_payment_is_told_it_stands_as_the_facts_say(
    mpesa: Callable[..., Any], clock: Any, tmp_path: Path, phone: str
) -> None:
    orders = random.Random(20261128).sample(list(permutations(TELLING)), 4)
    wanted = [("A1", "paid", 15_000, RECEIPT), (RECEIPT, "PAY-A1")]
    for number, order in enumerate(orders):
        home = tmp_path / str(number)
        shop = HeldShop(lambda *argv, home=home, **how: mpesa(*argv, env={"MPESA_HOME": str(home)}, **how), clock, home)
        shop.prompt("A1", reference="DUKA")
        sent_us = clock.now_us()
        clock.advance(25)
        for channel in order:
            tell(shop, channel, sent_us, phone)
        assert stands(shop) == wanted, order
        shop.close()


@pytest.mark.parametrize("order", list(permutations(("c2b", "callback", "failed"))))
@pytest.mark.parametrize("phone", ["2547 ***** 149", ""])
def test_a_person_who_says_failed_takes_no_money_away_whenever_they_say_it(
    shop: HeldShop, order: tuple[str, ...], phone: str
) -> None:
    shop.prompt("A1", reference="DUKA")
    sent_us = shop.clock.now_us()
    shop.clock.advance(25)
    for channel in order:
        tell(shop, channel, sent_us, phone)
    assert stands(shop) == [("A1", "paid", 15_000, RECEIPT), (RECEIPT, "PAY-A1")]


@pytest.mark.parametrize("order", [("c2b", "failed"), ("failed", "c2b"), ("query", "failed", "c2b"), ("c2b", "query")])
def test_money_of_a_proving_phone_is_here_once_whatever_else_is_said(shop: HeldShop, order: tuple[str, ...]) -> None:
    shop.prompt("A1", reference="DUKA")
    sent_us = shop.clock.now_us()
    shop.clock.advance(25)
    for channel in order:
        tell(shop, channel, sent_us, "2547 ***** 149")
    ((received,),) = shop.ledger.rows("SELECT sum(received_cents) FROM payments")
    assert received == 15_000
    assert shop.ledger.receipt_owner(RECEIPT) is not None
