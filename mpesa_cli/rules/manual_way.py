"""Paying without a prompt: Lipa na M-PESA from the customer's own menu, in words for staff. Pure."""

from mpesa_cli.rules.codes.lookup import no_prompt_meaning, stk_result
from mpesa_cli.rules.codes.rows import Actor, Code, NewAttempt, Outcome
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState, PaymentStatus
from mpesa_cli.rules.values.amount import format_cents

# Paying by hand meets the same wall, or may reach somebody else's account: the shop's account is full, or its
# number is in doubt. Code, and the text of an overloaded error code.
_NO_WAY_EITHER = frozenset({
    ("8", ""), ("2028", ""), ("2029", ""), ("SFC_IC0003", ""),
    ("400.002.02", "BusinessShortCode"), ("400.002.02", "PartyB"), ("400.002.02", "TransactionType"),
})


def manual_way(*, till: str | None, shortcode: str, account: str, amount_cents: int) -> str:
    """The steps that the customer chooses and types on the phone. ``till`` None means a paybill."""
    money = format_cents(amount_cents)
    if till is not None:
        return f"Lipa na M-PESA, Buy Goods and Services, till number {till}, amount {money}"
    return f"Lipa na M-PESA, Pay Bill, business number {shortcode}, account number {account}, amount {money}"


def by_hand_helps(row: Code) -> bool:
    """Whether this code says that a prompt can't work here, while the M-PESA menu of any line still can."""
    if row.outcome is not Outcome.FAILED or (row.code, row.text) in _NO_WAY_EITHER:
        return False
    return row.new_attempt is NewAttempt.NEVER or row.actor is Actor.OWNER


def prompt_cannot_work(payment: Payment) -> bool:
    """Whether a payment failed in a way that another prompt can't mend, and paying by hand can."""
    if payment.status is not PaymentStatus.FAILED:
        return False
    view = payment.last.view
    code = view.result_code or ""
    match payment.last.state:
        case AttemptState.FAILED:
            return bool(code) and by_hand_helps(stk_result(code))
        case AttemptState.NOT_SENT | AttemptState.REJECTED:
            return bool(code) and by_hand_helps(no_prompt_meaning(code, view.result_desc or ""))
        case _:
            return False
