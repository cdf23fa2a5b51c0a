"""Junk on a prompt's address never keeps out what tells how it ended."""

from typing import Any

import pytest
from daraja.callbacks.callback_bodies import encode, failed, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.ledger.values import BODIES_OF_ATTEMPT_MAX
from mpesa_cli.listener.intake.intake import Intake

NAMED = "ws_CO_24112026103001482708374149"
TRUE = encode(paid(receipt=RECEIPT, CheckoutRequestID=NAMED))


def fill(shop: HeldShop) -> None:
    for number in range(BODIES_OF_ATTEMPT_MAX):
        assert shop.callback(b"%d" % number).status == 200


def test_the_true_success_is_taken_and_pays_when_junk_has_filled_the_address(shop: HeldShop) -> None:
    shop.prompt("A1")
    fill(shop)
    assert shop.callback(TRUE).status == 200
    assert shop.ledger.payment_by_order("A1").status == "paid"


def test_a_failure_has_a_place_of_its_own_beside_the_success(shop: HeldShop) -> None:
    shop.prompt("A1")
    fill(shop)
    assert shop.callback(encode(failed(CheckoutRequestID=NAMED))).status == 200
    assert shop.ledger.payment_by_order("A1").status == "failed"
    assert shop.callback(TRUE).status == 200
    assert shop.callback(encode(paid(receipt="UKO4Q7X99Z", CheckoutRequestID=NAMED))).status == 429
    assert shop.callback(encode(failed(1037, CheckoutRequestID=NAMED))).status == 429
    stored = shop.ledger.rows("SELECT count(*) FROM callbacks")
    assert stored == [(BODIES_OF_ATTEMPT_MAX + 2,)]


@pytest.mark.parametrize("body", [b"{}", encode(paid(receipt=RECEIPT, CheckoutRequestID="ws_CO_another"))])
def test_what_is_turned_away_makes_the_attempt_be_asked_about(shop: HeldShop, body: bytes) -> None:
    asked: list[Any] = []
    shop.intake = Intake(shop.ledger, shop.runtime.world, shop.heard.append)
    shop.intake._queries = type("Queries", (), {"ask": lambda _self, _payment, attempt: asked.append(attempt.ref)})()
    ref = shop.prompt("A1")
    fill(shop)
    assert shop.callback(body).status == 429
    assert asked == [ref]


def test_what_is_turned_away_of_a_prompt_that_is_closed_makes_nobody_ask(shop: HeldShop) -> None:
    asked: list[Any] = []
    shop.intake = Intake(shop.ledger, shop.runtime.world, shop.heard.append)
    shop.intake._queries = type("Queries", (), {"ask": lambda _self, _payment, attempt: asked.append(attempt.ref)})()
    shop.prompt("A1")
    fill(shop)
    assert shop.callback(TRUE).status == 200
    assert shop.callback(b"{}").status == 429
    assert asked == []


def test_where_the_answer_was_lost_the_first_success_that_reads_well_has_the_place(shop: HeldShop) -> None:
    shop.prompt("B1", accepted=False)
    fill(shop)
    assert shop.callback(TRUE).status == 200
    assert shop.ledger.payment_by_order("B1").status == "paid"
    assert shop.callback(encode(paid(receipt="UKO4Q7X99Z", CheckoutRequestID="ws_CO_another"))).status == 429
