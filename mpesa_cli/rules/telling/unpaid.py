"""Orders that nobody paid: when a shop's own system may be told that it can let the goods go. Pure."""

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.restored import InTheGap
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus

MAY_STILL_BE_PAID_US = 24 * 3_600 * SECOND_US
"""The time for which a prompt that ended without money may yet be told as paid: callbacks were seen so late."""


def is_unpaid(payment: Payment, gap: InTheGap | None, now_us: int, after_us: int) -> bool:
    """Whether an order is to be told as unpaid: each prompt has a confirmed no or was never sent, the last one was
    asked for ``after_us`` ago, and the ledger lacks no time in which it may have been paid.
    """
    if payment.status is not PaymentStatus.FAILED or not all(map(_is_sure_no, payment.attempts)):
        return False
    if gap is not None and (gap.free or (gap.open_gaps and gap.answer is None)):
        return False
    return now_us - max(each.created_us for each in payment.attempts) >= after_us


def may_be_paid_until_us(payment: Payment) -> int | None:
    """The last moment at which money may still be told for its prompts; None where none of them ever left."""
    sent = [each.view.requested_us for each in payment.attempts if each.state is AttemptState.FAILED]
    return max((at_us + MAY_STILL_BE_PAID_US for at_us in sent if at_us is not None), default=None)


def _is_sure_no(attempt: Attempt) -> bool:
    if attempt.state is AttemptState.FAILED:
        return not attempt.view.flags & {Flag.UNCONFIRMED, Flag.CONFLICT}
    return attempt.state in {AttemptState.NOT_SENT, AttemptState.REJECTED}
