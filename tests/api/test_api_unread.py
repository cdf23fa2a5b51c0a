"""Over HTTP, too, nobody is told that an order waits whose end is stored and was not read by anybody yet."""

import hashlib

import httpx
import pytest
from api_bench import Shop, initiate
from daraja.callbacks.callback_bodies import encode, paid

from mpesa_cli.ledger.bodies import BodyWrites
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.rules.evidence import Accepted, Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

PHONE, RECEIPT = "254708374149", "UKO4Q7X81C"


def stored(shop: Shop, order: str, receipt: str) -> None:
    """A prompt whose success a listener has answered, and not read."""
    profile, at_us = shop.runtime.profile(None), shop.clock.now_us()
    token_hash = hashlib.sha256(order.encode()).hexdigest()
    intent = Intent(f"PAY-{order}", order, profile.name, profile.shortcode, 15_000, PHONE, order, "x", token_hash)
    with shop.ledger.write() as tx:
        ref = tx.open_payment(Start(intent), at_us).last.ref
        tx.append(ref, Sending(at_us, 1))
        tx.append(ref, Accepted(at_us, 1, "m-1", f"ws_CO_{order}"))
        body = paid(amount=150, receipt=receipt, CheckoutRequestID=f"ws_CO_{order}")
        BodyWrites(tx).store_callbacks([NewCallback(ref, encode(body), "peer")], at_us)[0]


@pytest.mark.parametrize("number", range(5))
def test_an_order_whose_payment_is_stored_is_paid_whoever_asks(
    quiet_shop: Shop, quiet_client: httpx.Client, number: int
) -> None:
    order, receipt = f"unread-{number}", f"UKO4Q7X8{number}C"
    stored(quiet_shop, order, receipt)
    answer = (
        lambda: quiet_client.get(f"/payments/status/{order}"),
        lambda: quiet_client.get(f"/payments/status/{receipt}"),
        lambda: quiet_client.get("/payments/history", params={"orderId": order}),
        lambda: quiet_client.get(f"/payments/receipt/{order}"),
        lambda: initiate(quiet_client, order),
    )[number]()
    assert answer.status_code == 200, answer.text
    assert receipt in answer.text
    assert "pending" not in answer.text
    assert "review" not in answer.text
