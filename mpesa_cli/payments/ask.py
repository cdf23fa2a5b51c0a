"""The query about how an attempt ended, sent where Daraja's answer can settle anything."""

from typing import Protocol

from mpesa_cli.daraja import answers
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Accepted, QueryAnswered
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptState, Flag


class Queries(Protocol):
    """The part of Daraja that asking needs."""

    def query(self, checkout_request_id: str, shortcode: str) -> answers.QueryAnswer:
        """One STK query within the ration. Never raises for network or answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The payment after asking, the outcome in words, and the earliest time to ask again."""

    payment: Payment
    words: str
    wait_s: float = 0.0
    reached: bool = True


def can_settle(attempt: Attempt) -> bool:
    """Whether a query could tell anything new: it needs the CheckoutRequestID, and an open or doubtful end.

    A query never carries a receipt (daraja.md section 4), so it adds nothing to a payment that is paid.
    """
    if attempt.view.checkout_request_id is None:
        return False
    if attempt.state in {AttemptState.PENDING, AttemptState.UNKNOWN}:
        return True
    return attempt.state is AttemptState.FAILED and Flag.UNCONFIRMED in attempt.view.flags


def is_doubted(attempt: Attempt) -> bool:
    """Whether a callback left the attempt in doubt: paid without a receipt, or a code that its own words contradict."""
    return attempt.state is AttemptState.UNKNOWN and attempt.view.source == "callback"


def _is_its_own(ledger: Ledger, attempt: Attempt, checkout_request_id: str) -> bool:
    """Whether an answer about this id is about the attempt: its acceptance named it, or a callback that named no other
    attempt's. Else the payment of one order could be told of another."""
    if list(Claims(ledger).carriers_of(checkout_request_id)) == [attempt.ref]:
        return True
    named = (e.checkout_request_id for e in ledger.evidence(attempt.ref) if isinstance(e, Accepted))
    return checkout_request_id in named


def ask(ledger: Ledger, daraja: Queries, payment: Payment, attempt: Attempt, world: World) -> Asked:
    """Query one attempt and append what the answer says about its outcome. LedgerBusy or LedgerUnusable may rise."""
    checkout_request_id = attempt.view.checkout_request_id
    if checkout_request_id is None:
        return Asked(payment, "Daraja gave no CheckoutRequestID to ask about")
    if not _is_its_own(ledger, attempt, checkout_request_id):
        return Asked(payment, "The id that a callback named is another attempt's, so Daraja was not asked")
    match daraja.query(checkout_request_id, payment.shortcode):
        case answers.Final(result_code, result_desc):
            with ledger.write() as tx:
                settled = tx.append(attempt.ref, QueryAnswered(world.now_us(), result_code, result_desc))
            return Asked(settled, f"Daraja answered: {result_desc}")
        case answers.Pending(reason):
            return Asked(payment, f"Daraja is still waiting for the customer ({reason})")
        case answers.Limited(retry_after_s, reason):
            return Asked(payment, f"Daraja was not asked: {reason}", float(retry_after_s), reached=False)
        case answers.Unanswered(_, description) | answers.Undelivered(_, description) | answers.Refused(_, description):
            return Asked(payment, f"Daraja could not be asked: {description}", reached=False)
