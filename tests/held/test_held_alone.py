"""One bad message never holds up another: it is set aside, named and counted."""

import sqlite3
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import encode, failed, paid
from held.held_shop import RECEIPT, HeldShop

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.initiator import results
from mpesa_cli.initiator.store import RequestWrites
from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.payments import c2b, settle


@pytest.mark.parametrize("error", [KeyError("x"), sqlite3.IntegrityError("CHECK constraint failed"), AssertionError()])
def test_a_confirmation_that_breaks_the_program_is_held_and_the_others_are_payments(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = c2b.apply_in

    def breaking(tx: Any, raw: Any, of: Any) -> Any:
        made = real(tx, raw, of)
        if b"UKO4Q7XBAD" in raw.body:
            raise error
        return made

    monkeypatch.setattr(c2b, "apply_in", breaking)
    names = ["UKO4Q7X01A", "UKO4Q7XBAD", "UKO4Q7X02A"]
    with shop.ledger.write() as tx:
        for name in names:
            body = encode({"TransID": name, "TransAmount": "500", "BusinessShortCode": shop.profile.shortcode})
            BodyWrites(tx).store_body(c2b.CONFIRMATION, body, "peer", shop.clock.now_us())
    status, said = shop.reconcile()
    assert status == 7
    assert [(h["receipt"], h["amount"], h["code"]) for h in said["held"]] == [("UKO4Q7XBAD", 500, "not-applied")]
    assert [shop.ledger.find(name) is not None for name in names] == [True, False, True]


def test_an_order_that_took_the_name_of_hand_money_stops_nothing(shop: HeldShop) -> None:
    shop.prompt(f"C2B-{RECEIPT}")
    shop.confirm()
    shop.confirm(TransID="UKO4Q7X82C")
    assert shop.ledger.find("UKO4Q7X82C") is not None
    assert shop.ledger.find(RECEIPT) is not None or [h.receipt for h in Held(shop.ledger).waiting()] == [RECEIPT]
    assert len(shop.intake.settling) == 0


def test_a_callback_that_breaks_the_program_is_held_and_the_next_on_the_same_address_is_applied(
    shop: HeldShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = settle.read_stk_callback

    def breaking(body: bytes) -> Any:
        if b"1032" in body:
            raise ZeroDivisionError
        return real(body)

    monkeypatch.setattr(settle, "read_stk_callback", breaking)
    shop.prompt("A1")
    with shop.ledger.write() as tx:
        ref = tx.payment_by_order("A1").last.ref
        for body in (encode(failed(1032, "x")), encode(paid(receipt=RECEIPT))):
            BodyWrites(tx).store_callbacks([NewCallback(ref, body, "peer")], shop.clock.now_us())[0]
    shop.intake.settling.recover()
    shop.intake.settling.settle()
    payment = shop.ledger.payment_by_order("A1")
    assert payment.status == "paid"
    assert [h.code for h in Held(shop.ledger).waiting()] == ["not-applied"]


def test_what_is_held_since_a_rule_refused_it_says_the_rule(shop: HeldShop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> Any:
        raise Conflict("The order is not the shop's.", hint="See it: mpesa status", code="not-ours")

    monkeypatch.setattr(c2b, "apply_in", refusing)
    with shop.ledger.write() as tx:
        body = encode({"TransID": RECEIPT, "TransAmount": "500", "BusinessShortCode": shop.profile.shortcode})
        BodyWrites(tx).store_body(c2b.CONFIRMATION, body, "peer", shop.clock.now_us())
    shop.reconcile()
    (held,) = Held(shop.ledger).waiting()
    assert held.why == "it could not be applied: The order is not the shop's."
    assert (held.source, held.line) == ("", 0)


def test_a_result_that_breaks_the_program_is_held(shop: HeldShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "read_result", lambda _body: {}["x"])
    from mpesa_cli.initiator.api_request import ApiRequest, RequestState

    with shop.ledger.write() as tx:
        asked = ApiRequest("REQ-1", "TransactionStatusQuery", RECEIPT, shop.clock.now_us(), RequestState.ACCEPTED)
        RequestWrites(tx).open(asked, "h")
        RequestWrites(tx).store_result("REQ-1", "result", b'{"Result":{}}', "peer", shop.clock.now_us())
    _, said = shop.reconcile()
    assert [(h["channel"], h["about"]) for h in said["held"]] == [("result", "REQ-1")]
