"""A payment as JSON: field names are ours, snake_case, stable (docs/reference/json.md). Pure."""

from typing import Any

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.rules.money_out.refund_state import Refund
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import with_clock
from mpesa_cli.rules.values.amount import cents_to_json


def payment_document(payment: Payment, now_us: int) -> dict[str, Any]:
    """The payment with all its attempts; amounts in shillings, times RFC 3339, codes as strings."""
    telling = payment.telling.view
    return {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "environment": payment.environment,
        "profile": payment.profile,
        "shortcode": payment.shortcode,
        "amount": cents_to_json(payment.amount_cents),
        "msisdn": payment.msisdn,
        "account_reference": payment.account_reference,
        "description": payment.description,
        "status": payment.status.value,
        "received": cents_to_json(payment.received_cents),
        "reversed": cents_to_json(payment.reversed_cents),
        "receipt": telling.receipt,
        "result_code": telling.result_code,
        "result_desc": telling.result_desc,
        "created_at": rfc3339(payment.created_us),
        "paid_at": rfc3339(telling.paid_us),
        "refund": _refund(payment.refund),
        "may_be_orders": list(payment.may_be_orders),
        "attempts": [_attempt(a, now_us) for a in payment.attempts],
    }


def _refund(refund: Refund | None) -> dict[str, Any] | None:
    if refund is None:
        return None
    return {
        "state": refund.state.value,
        "request_id": refund.request_id,
        "receipt": refund.receipt,
        "amount": cents_to_json(refund.amount_cents),
        "asked_at": rfc3339(refund.asked_us),
    }


def _attempt(attempt: Attempt, now_us: int) -> dict[str, Any]:
    view = with_clock(attempt.view, now_us)
    return {
        "attempt": attempt.ref.number,
        "channel": attempt.channel,
        "state": view.state.value,
        "checkout_request_id": view.checkout_request_id,
        "merchant_request_id": view.merchant_request_id,
        "result_code": view.result_code,
        "result_desc": view.result_desc,
        "receipt": view.receipt,
        "source": view.source,
        "requested_at": rfc3339(view.requested_us),
        "settled_at": rfc3339(view.settled_us),
        "flags": sorted(f.value for f in view.flags),
    }
