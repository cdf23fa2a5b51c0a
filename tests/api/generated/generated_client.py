"""Takes a payment by the generated client alone: asks, waits, reads receipt and history, is refused another amount.

``generated_client.py URL TOKEN`` prints what came of it as JSON.
"""

import json
import sys
import time

from mpesa_payments import AuthenticatedClient
from mpesa_payments.api.default import add_order, initiate_payment, payment_history, payment_receipt, payment_status
from mpesa_payments.models import AddOrderBody, InitiatePaymentBody, Order, Payment, PaymentStatus, Problem, Receipt
from mpesa_payments.models.initiate_payment_body_payment_method import InitiatePaymentBodyPaymentMethod as Method


def main(url: str, token: str) -> None:
    """Take the payment."""
    client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)
    added = add_order.sync(client=client, body=AddOrderBody(order_id="G-1", amount=150))
    assert isinstance(added, Order), added
    body = InitiatePaymentBody(order_id="G-1", payment_method=Method.MPESA, phone_number="0708374149", amount=150)
    asked = initiate_payment.sync_detailed(client=client, body=body, idempotency_key="call-G-1")
    assert isinstance(asked.parsed, Payment), asked
    payment: object = asked.parsed
    while isinstance(payment, Payment) and payment.status == PaymentStatus.PENDING:
        time.sleep(0.1)
        payment = payment_status.sync("G-1", client=client)
    assert isinstance(payment, Payment), payment
    receipt = payment_receipt.sync("G-1", client=client)
    assert isinstance(receipt, Receipt), receipt
    page = payment_history.sync(client=client, limit=5)
    assert isinstance(page, list), page
    body.amount = 151
    refused = initiate_payment.sync(client=client, body=body)
    assert isinstance(refused, Problem), refused
    print(json.dumps({
        "asked": asked.status_code, "status": payment.status, "received": payment.received, "kind": receipt.kind,
        "receipt": receipt.receipt == payment.receipt, "orders": [each.order_id for each in page],
        "refused": refused.code, "money_moved": refused.money_moved,
    }))


main(*sys.argv[1:])
