"""Settling: messages from outside become evidence. Callbacks of every origin end here.

Reading a raw body, appending what it says and marking the body are one transaction: a body is either
not read yet or fully applied, whenever the process dies.
"""

from mpesa_cli.daraja.callbacks import StkClaimed, StkFailed, StkPaid, StkSaid, read_stk_callback
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.exchange import TOTAL_S
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.seen import Attempts, Seen
from mpesa_cli.ledger.values import RawCallback
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.each_alone import apply_each
from mpesa_cli.payments.holding import hold_body
from mpesa_cli.rules.evidence import CallbackFailed, ClaimedPaid, Received, SenderLost, Withdrawn
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.push_rules import INTENT_LIFE_S
from mpesa_cli.rules.state import AttemptState

RECORDED_WITHIN_S = 15
# A POST that was announced longer ago can't leave any more (TOTAL_S is its gate's deadline), and its sender would
# have recorded the answer by now.
SENDER_LOST_AFTER_S = int(TOTAL_S) + RECORDED_WITHIN_S


@dataclass(frozen=True, slots=True)
class Applied:
    """The reading of a callback, the payment with it and as it stood ``before``, and whether it is news."""

    said: StkSaid | Unreadable
    payment: Payment | None
    new: bool
    before: Payment | None = None


def read(raw: RawCallback) -> StkSaid | Unreadable:
    """The reading of a stored callback, or the reason why it can't be believed."""
    return read_stk_callback(raw.body)


def apply_in(
    tx: Write, raw: RawCallback, seen: Seen | None = None, said: StkSaid | Unreadable | None = None
) -> Applied:
    """Read one stored callback and apply it, inside a transaction that is open.

    ``seen`` is what stands in the ledger of its attempt, where that was just read in this transaction; ``said`` is
    what its body says, where that was read already.
    """
    said = said or read(raw)
    seen = seen or Attempts(tx).seen_of({raw.attempt}).get(raw.attempt)
    before = seen and seen.payment
    match said:
        case StkPaid():
            payment = tx.append(
                raw.attempt,
                Received(
                    at_us=raw.received_us,
                    source="callback",
                    receipt=said.receipt,
                    amount_cents=said.amount_cents,
                    transacted_us=said.transacted_us,
                    merchant_request_id=said.merchant_request_id,
                    callback_id=raw.callback_id,
                    checkout_request_id=said.checkout_request_id,
                    msisdn=said.msisdn,
                ),
                seen,
            )
        case StkClaimed():
            payment = tx.append(
                raw.attempt,
                ClaimedPaid(
                    at_us=raw.received_us,
                    result_desc=said.result_desc,
                    told=said.told,
                    amount_cents=said.amount_cents,
                    merchant_request_id=said.merchant_request_id,
                    callback_id=raw.callback_id,
                    checkout_request_id=said.checkout_request_id,
                    msisdn=said.msisdn,
                ),
                seen,
            )
        case StkFailed():
            payment = tx.append(
                raw.attempt,
                CallbackFailed(
                    at_us=raw.received_us,
                    result_code=said.result_code,
                    result_desc=said.result_desc,
                    merchant_request_id=said.merchant_request_id,
                    callback_id=raw.callback_id,
                    checkout_request_id=said.checkout_request_id,
                ),
                seen,
            )
        case _:
            hold_body(tx, raw, "stk", said.reason, said.words)
            return Applied(said, before, new=False)
    is_new = payment != before
    tx.mark_callback(raw.callback_id, "applied" if is_new else "repeat")
    return Applied(said, payment, new=is_new, before=before)


def apply_unread(ledger: Ledger, attempt: AttemptRef | None) -> int:
    """Apply every callback that was stored and not read, of one attempt or of all. Returns how many."""
    return len(apply_each(ledger, "stk", lambda reads: Bodies(reads).unread_callbacks(attempt), apply_in))


def give_up_on_lost_senders(ledger: Ledger, payment: Payment, now_us: int) -> Payment:
    """The payment, with the loss of a process recorded: between intent and POST, or between POST and answer.

    An intent that is too old to be sent is withdrawn; an attempt whose POST was announced is ``unknown``: at once
    where its sender is known to be dead, otherwise when nobody can be sending it any more.
    """
    gone = [a.ref for a in payment.attempts if a.state is AttemptState.SENDING and ledger.senders.is_gone(a.ref)]
    if not gone and not any(_is_dead(a, now_us) or _is_lost(a, now_us) for a in payment.attempts):
        return payment
    with ledger.write() as tx:
        payment = tx.payment(payment.payment_id) or payment
        for attempt in payment.attempts:
            if _is_dead(attempt, now_us):
                payment = tx.append(attempt.ref, Withdrawn(now_us, "the program was stopped before it sent anything"))
            elif attempt.state is AttemptState.SENDING and (attempt.ref in gone or _is_lost(attempt, now_us)):
                payment = tx.append(attempt.ref, SenderLost(now_us, max(tx.posts(attempt.ref))))
    for each in gone:
        ledger.senders.forget(each)
    return payment


def forget_dead_senders(ledger: Ledger) -> None:
    """Remove the marks of dead senders from attempts about which their death adds nothing."""
    for ref in ledger.senders.left_behind():
        payment = ledger.payment(ref.payment_id)
        attempt = next((a for a in payment.attempts if a.ref == ref), None) if payment else None
        if attempt is None or attempt.state is not AttemptState.SENDING:
            ledger.senders.forget(ref)


def _is_dead(attempt: Attempt, now_us: int) -> bool:
    """Whether an intent may no longer be sent, so that withdrawing it takes nothing from anybody."""
    return attempt.state is AttemptState.CREATED and now_us - attempt.created_us > INTENT_LIFE_S * SECOND_US


def _is_lost(attempt: Attempt, now_us: int) -> bool:
    requested_us = attempt.view.requested_us
    if attempt.state is not AttemptState.SENDING or requested_us is None:
        return False
    return now_us - requested_us > SENDER_LOST_AFTER_S * SECOND_US
