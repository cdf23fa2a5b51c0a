"""Why a payment is not asked again now: the errors that every way of asking again has in common."""

from mpesa_cli.domain.payment import Payment
from mpesa_cli.domain.retry_advice import CheckFirst, FixFirst, Refuse, RetryAfter
from mpesa_cli.domain.state import PaymentStatus
from mpesa_cli.errors import Conflict, Temporary


def too_soon(payment: Payment, advice: RetryAfter | CheckFirst | FixFirst) -> Temporary:
    """It can be asked again, later."""
    wait_s = max(1, advice.wait_s)
    error = Temporary(
        f"Order {payment.order_id} can't be asked again yet: {advice.reason}",
        hint=f"Nothing was sent. In {wait_s} s: mpesa retry {payment.order_id}",
        code="too-soon",
    )
    error.retry_after_s = wait_s
    return error


def refused(payment: Payment, advice: Refuse, *, way: str = "") -> Conflict:
    """It is not asked again; ``way`` is what else can be done, in sentences."""
    error = Conflict(
        f"Order {payment.order_id} was not asked again: {advice.reason}",
        hint=f"No prompt was sent now.{f' {way}' if way else ''} Next: {advice.next_command}",
        code="retry-refused",
    )
    if payment.status in {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}:
        error.money_moved = "yes"
    elif payment.status is not PaymentStatus.FAILED:
        error.money_moved = "unknown"
    return error
