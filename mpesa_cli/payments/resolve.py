"""A person's decision how an attempt ended: the only way out of review."""

from dataclasses import replace
from typing import Literal

from mpesa_cli.floor.errors import Conflict, MpesaError, NotFound
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.deciding_order import in_order
from mpesa_cli.rules.evidence import Decided
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptState, Terms, attempt_view

_ORDER = (AttemptState.REVIEW, AttemptState.UNKNOWN, AttemptState.PENDING)
_IN_FLIGHT = frozenset({AttemptState.CREATED, AttemptState.SENDING})


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision, by whom and why. ``receipt`` is empty where the person saw none."""

    verdict: Literal["paid", "failed"]
    by: str
    reason: str
    receipt: str = ""


def attempt_meant(payment: Payment, number: int | None) -> Attempt:
    """The attempt with this number, or the one that most needs a decision. Raises NotFound, or Conflict for many."""
    if number is not None:
        found = next((each for each in payment.attempts if each.ref.number == number), None)
        if found is None:
            raise NotFound(
                f"Order {payment.order_id} has no attempt {number}.",
                hint=f"Nothing was changed. Its attempts: mpesa status {payment.order_id} --json",
            )
        return found
    for state in _ORDER:
        waiting = [each for each in payment.attempts if each.state is state]
        if len(waiting) > 1:
            numbers = ", ".join(str(each.ref.number) for each in waiting)
            raise _conflict(f"Attempts {numbers} of order {payment.order_id} are {state}: say which.", payment,
                            "which-attempt", "--attempt N")
        if waiting:
            return waiting[0]
    return payment.last


def would_become(
    ledger: Ledger | Write, payment: Payment, attempt: Attempt, decision: Decision, at_us: int
) -> Payment:
    """The payment as the decision would leave it. Raises Conflict where it may not be made or changes nothing."""
    if attempt.state in _IN_FLIGHT:
        raise _conflict(
            f"Attempt {attempt.ref.number} of order {payment.order_id} is {attempt.state}: it has not been sent whole.",
            payment, "still-sending",
        )
    terms = Terms(attempt.amount_cents, attempt.msisdn, prompted=attempt.channel == "stk")
    known = ledger.evidence(attempt.ref)
    view = attempt_view(terms, [*known, in_order(_evidence(decision, at_us), known)])
    # Also the receipts that were reported for this attempt and pay another one by now.
    for receipt in sorted({decision.receipt, *view.receipts} - {""}):
        owner = ledger.receipt_owner(receipt)
        if owner is not None and owner != attempt.ref:
            other = ledger.payment(owner.payment_id)
            named = other.order_id if other else owner.payment_id
            raise _conflict(f"Receipt {receipt} already pays order {named}.", payment, "receipt-used")
    if (view.state, view.receipts) == (attempt.state, attempt.view.receipts):
        raise _conflict(
            f"Attempt {attempt.ref.number} of order {payment.order_id} is {attempt.state}, and the decision would not "
            "change that.", payment, "nothing-to-decide",
        )
    decided = replace(attempt, view=view)
    return replace(payment, attempts=tuple(decided if each is attempt else each for each in payment.attempts))


def resolve(ledger: Ledger, payment_id: str, number: int, decision: Decision, at_us: int) -> Payment:
    """Journal the decision. Raises Conflict where it changes nothing any more; decided inside the transaction."""
    with ledger.write() as tx:
        payment = tx.payment(payment_id)
        if payment is None:
            raise KeyError(payment_id)
        attempt = attempt_meant(payment, number)
        would_become(tx, payment, attempt, decision, at_us)
        return tx.append(attempt.ref, _evidence(decision, at_us))


def _evidence(decision: Decision, at_us: int) -> Decided:
    return Decided(at_us, decision.verdict, decision.by, decision.reason, decision.receipt)


def _conflict(message: str, payment: Payment, code: str, option: str = "") -> MpesaError:
    more = f" Add {option} to the same command." if option else ""
    return Conflict(
        message, hint=f"Nothing was changed.{more} All that is known: mpesa log {payment.order_id}", code=code
    )
