"""Giving money back over HTTP: the terminal's own refund, within the shop's limits, and never what needs two people."""

from mpesa_cli.api.context import ApiContext, Call, HttpReply
from mpesa_cli.api.payments import find
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.rules.money_out.refund_rules import RefundAsking, receipt_meant
from mpesa_cli.rules.values.amount import format_cents, format_shillings

REASON_MIN, REASON_MAX = 10, 200


def refund(context: ApiContext, call: Call) -> HttpReply:
    """Give back the whole amount of one receipt. A second call for it is refused: of one receipt one goes back."""
    context.deliver()
    payment = find(context, call.ref)
    receipt = receipt_meant(payment, call.ref)
    cents = payment.receipts[receipt].amount_cents
    if call.body["amount"] * 100 != cents:
        raise Conflict(
            f"{format_shillings(call.body['amount'])} is not what receipt {receipt} brought: {format_cents(cents)}.",
            hint=f"Nothing was sent. Only all of it can go back. See it: mpesa status {receipt}", code="other-amount",
        )
    carrier = call.bearer.name or call.bearer.subject if call.bearer else "api"
    context.give_back(payment, receipt, RefundAsking(carrier, call.body["reason"]))
    return HttpReply(202, context.document(payment.payment_id))
