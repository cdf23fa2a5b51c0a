"""May this receipt's money be given back now? Law 8, on what the ledger holds. Pure.

Of one receipt at most one reversal may be in doubt or done. A further one is a person's, once, a day after a doubt
that nothing has settled: M-PESA then reverses, or says that it had done so before, and either settles it.
"""

import shlex
from collections.abc import Sequence

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.moments import SECOND_US, day_and_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState, is_open
from mpesa_cli.rules.payment import AttemptRef, Payment
from mpesa_cli.rules.sorted_evidence import back_by_receipt, sorted_evidence
from mpesa_cli.rules.values.amount import format_cents

AGAIN_AFTER_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class RefundAsking:
    """A wish to give money back: whose, why, and whether once more after a doubt."""

    by: str
    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class RefundLeave:
    """Leave to send one reversal: the only thing by which a ledger records one."""

    about: AttemptRef
    receipt: str
    amount_cents: int
    asking: RefundAsking


def receipt_meant(payment: Payment, typed: str) -> str:
    """The receipt that a reference means: itself, or the only one of its payment. Raises Conflict for none or many."""
    receipts = payment.receipts
    if typed.strip().upper() in receipts:
        return typed.strip().upper()
    if len(receipts) > 1:
        each = "".join(
            f"\n  mpesa refund {receipt} --reason WHY   ({format_cents(a.amount_cents)}, "
            f"{day_and_time(a.view.paid_us or a.created_us)})"
            for receipt, a in receipts.items()
        )
        raise _refused(
            f"Order {payment.order_id} was paid with {len(receipts)} receipts: say which of them goes back.", each,
            "which-receipt",
        )
    if not receipts:
        raise _refused(
            f"Order {payment.order_id} has no receipt, so M-PESA can't be told what to give back.",
            f"See where it stands: mpesa status {shlex.quote(payment.order_id)}", "no-receipt",
        )
    return next(iter(receipts))


def decide_refund(
    payment: Payment, receipt: str, evidence: Sequence[ev.Evidence], told_back: bool, asking: RefundAsking, now_us: int
) -> RefundLeave:
    """Leave to give a receipt's money back. ``evidence`` is all of the attempt that it pays.

    ``told_back``: a row of M-PESA's record says that it went back. Raises Conflict; then nothing may be sent.
    """
    attempt = payment.receipts.get(receipt)
    if attempt is None:
        raise _refused(f"Receipt {receipt} does not pay order {payment.order_id}.", _look(payment), "no-receipt")
    cents = attempt.amount_cents
    back = back_by_receipt([receipt], cents, sorted_evidence(evidence))[receipt]
    if back >= cents or told_back:
        raise _refused(f"The money of {receipt} went back already.", _look(payment), "already-refunded")
    if back:
        raise _refused(
            f"{format_cents(back)} of {receipt} went back already; the rest can't be given back from here.",
            "Give the rest back in the M-PESA portal, or in cash.", "partly-refunded",
        )
    mine = [each for each in attempt.view.refunds if each.receipt == receipt]
    in_doubt = [each for each in mine if is_open(each)]
    if asking.again:
        _check_again(payment, in_doubt, now_us)
    elif in_doubt:
        raise _pending(payment, in_doubt[-1])
    return RefundLeave(attempt.ref, receipt, cents, asking)


def _check_again(payment: Payment, in_doubt: Sequence[Refund], now_us: int) -> None:
    if not in_doubt:
        raise _refused(
            "No refund of it is in doubt, so there is nothing to ask again.",
            f"{_look(payment)}. Without --again it is asked as any other", "nothing-in-doubt",
        )
    if any(each.again for each in in_doubt):
        raise _refused(
            f"Its refund was asked once more already ({in_doubt[-1].request_id}), and is in doubt again.",
            "Look in the M-PESA portal, then read its statement in: mpesa reconcile --statement FILE",
            "asked-again-already",
        )
    open_us = now_us - max(each.since_us for each in in_doubt)
    if not open_us >= 0 or open_us < AGAIN_AFTER_S * SECOND_US:
        raise _refused(
            "Its refund is in doubt for less than a day, and M-PESA may still tell.",
            "First the statement: mpesa reconcile --statement FILE. If that does not tell, after 24 h: "
            f"mpesa refund {in_doubt[-1].receipt} --again --reason WHY", "too-early-for-again",
        )


def _pending(payment: Payment, refund: Refund) -> Conflict:
    if refund.state is RefundState.PENDING:
        return _refused(
            f"The money of {refund.receipt} is on its way back already ({refund.request_id}).", _look(payment),
            "refund-pending",
        )
    return _refused(
        f"A refund of {refund.receipt} was sent, and nobody knows whether M-PESA carried it out ({refund.request_id}).",
        "Do not give the money back another way yet. Read M-PESA's statement in: mpesa reconcile --statement FILE",
        "refund-unknown",
    )


def _look(payment: Payment) -> str:
    return f"See it: mpesa status {shlex.quote(payment.order_id)}"


def _refused(message: str, what_next: str, code: str) -> Conflict:
    return Conflict(message, hint=f"Nothing was sent. {what_next}", code=code)
