"""Giving money back over HTTP: the terminal's own refund, within the shop's limits, and never what needs two people."""

from mpesa_cli.api.context import ApiContext, Call, HttpReply
from mpesa_cli.api.payments import find
from mpesa_cli.floor.errors import Conflict, LedgerBusy, LedgerUnusable, MpesaError, OutcomeUnknown
from mpesa_cli.rules.money_out.refund_rules import RefundAsking, receipt_meant
from mpesa_cli.rules.values.amount import format_cents, format_shillings

REASON_MIN, REASON_MAX = 10, 200


def refund(context: ApiContext, call: Call) -> HttpReply:
    """Give back the whole amount of one receipt. A second call for it is refused: of one receipt one goes back.

    Every refusal says that no money moved, whatever is known of the payment; what fails once it may have left does not.
    """
    try:
        payment_id = _given_back(context, call)
    except (LedgerBusy, LedgerUnusable, OutcomeUnknown):  # before the reversal left, or after
        raise
    except MpesaError as refused:
        refused.money_moved = "no"
        raise
    return HttpReply(202, context.document(payment_id))


def _given_back(context: ApiContext, call: Call) -> str:
    """The id of the payment whose receipt M-PESA was asked to give back."""
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
    return payment.payment_id
