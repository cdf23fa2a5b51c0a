"""A refund in words for people: whether the money went back, and what to do next."""

import shlex
from typing import assert_never

from mpesa_cli.rules.codes.lookup import explain
from mpesa_cli.rules.codes.rows import Api
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.values.amount import format_cents


def refund_lines(payment: Payment) -> list[str]:
    """The lines on money that is to go back; nothing where nobody asked, or where its status says it already."""
    refund = payment.refund
    if refund is None:
        return []
    money = f"{format_cents(refund.amount_cents)} of receipt {refund.receipt}"
    look = f"mpesa status {shlex.quote(payment.order_id)}"
    match refund.state:
        case RefundState.PENDING:
            return [f"REFUND PENDING: {money} goes back to the customer; M-PESA has not said yet that it did.",
                    f"Do not give it back another way. Look again: {look}"]
        case RefundState.UNKNOWN:
            return [f"REFUND UNKNOWN: {money} may have gone back to the customer. {_why(refund)}",
                    "Do not give it back another way yet. Read M-PESA's statement: mpesa reconcile --statement FILE"]
        case RefundState.REVIEW:
            return [f"REFUND TO BE LOOKED AT: {money}. {_why(refund)}",
                    "See in the M-PESA portal what went back, then: mpesa reconcile --statement FILE"]
        case RefundState.REFUNDED:
            return [f"GIVEN BACK: {money} is back with the customer."]
        case RefundState.REFUSED:
            return [f"NOT GIVEN BACK: {money} stayed with the shop. {_why(refund)}", *_what_next(refund)]
        case _:
            assert_never(refund.state)


def _why(refund: Refund) -> str:
    if refund.state is RefundState.REFUSED:
        rows = explain(refund.code, Api.REVERSAL) if refund.code else []
        if rows and rows[0].listed:
            return f"{rows[0].staff} [{refund.code}: {refund.words}]"
    return f"[{refund.code}: {refund.words}]" if refund.code else ""


def _what_next(refund: Refund) -> list[str]:
    listed = [row for row in explain(refund.code, Api.REVERSAL) if row.listed] if refund.code else []
    return [f"What the code means: mpesa explain {refund.code} --api reversal"] if listed else []
