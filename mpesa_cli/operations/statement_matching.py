"""Settle payments by statement rows: find which row is which attempt, and append what it says as evidence.

The plan is made on what is read outside a transaction, since it may look at a million rows. Every step of it is
decided again inside the transaction that writes it: what has changed meanwhile is left for the next run.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mpesa_cli.domain.evidence import Received, Reversed, Source
from mpesa_cli.domain.matching import BY_HAND, NEAR_US, Candidate, Match, Matching, match
from mpesa_cli.domain.order_matching import keys_meant, order_key
from mpesa_cli.domain.payment import Attempt, AttemptRef, Payment
from mpesa_cli.domain.shown_number import fits
from mpesa_cli.domain.state import AttemptState, Flag, PaymentStatus
from mpesa_cli.domain.statement_row import StatementRow
from mpesa_cli.ledger.book_keeping import Known, Scope
from mpesa_cli.ledger.ledger import Ledger, LedgerWrite

STEPS_PER_WRITE = 200
BEFORE_US = 2 * 86_400_000_000
"""A prompt may be paid by a row of a later day: by hand, with the order as the account."""

_OPEN = frozenset({AttemptState.SENDING, AttemptState.PENDING, AttemptState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Settled:
    """What the rows of one scope did: payments they settled or gave back; ``unknown`` rows pay nothing still, and
    some of them look like a payment."""

    payments: tuple[Payment, ...]
    suggested: tuple[Match, ...]
    unknown: tuple[StatementRow, ...]


def settle_by_rows(
    ledger: Ledger, scope: Scope, source: Source, own_words: tuple[str, ...], now_us: int
) -> Settled:
    """Append what the stored rows of ``scope`` say about attempts of ours. Run again, it appends nothing."""
    doubtful = ledger.doubtful_attempts(scope.from_us - BEFORE_US, scope.until_us + NEAR_US)
    waited_for = sorted({each.amount_cents for each in doubtful})
    free = ledger.rows_without_payment(scope)
    rows = [*free, *(ledger.rows_of_nobody(scope, waited_for) if waited_for else ())]
    candidates = list(_candidates(ledger, scope, rows, doubtful, own_words)) if rows else []
    found = match(rows, candidates, own_words) if rows else Matching((), ())
    changed: dict[str, Payment] = {}
    steps = iter(found.settled)
    while chunk := list(islice(steps, STEPS_PER_WRITE)):
        with ledger.write() as tx:
            for each in chunk:
                if (payment := _append(tx, each, source, now_us)) is not None:
                    changed[payment.payment_id] = payment
    unknown = tuple(row for row in free if ledger.receipt_owner(row.receipt) is None)
    return Settled(tuple(changed.values()), found.suggested, unknown)


def _candidates(
    ledger: Ledger, scope: Scope, rows: Sequence[StatementRow], doubtful: Sequence[Attempt], own_words: tuple[str, ...]
) -> Iterator[Candidate]:
    """Attempts that a row without an order may be about: those in doubt, and the orders that rows name."""
    payments = {a.ref.payment_id: p for a in doubtful if (p := ledger.payment(a.ref.payment_id))}
    named = {key for row in rows for key in keys_meant(row.account, own_words)}
    everybodys = set(map(order_key, own_words))  # a constant reference names no order, not even the first
    references = {
        p.account_reference for p in payments.values() if order_key(p.account_reference) in named - everybodys
    }
    shared = ledger.shared_references(sorted(references)) if references else set()
    for payment in _named(ledger, rows, own_words):
        payments.setdefault(payment.payment_id, payment)
    for payment in payments.values():
        if payment.shortcode in scope.shortcodes:
            own = {order_key(payment.order_id)}
            if payment.account_reference in references - shared:
                own.add(order_key(payment.account_reference))
            yield from _of_payment(payment, frozenset(own))


def _named(ledger: Ledger, rows: Iterable[StatementRow], own_words: tuple[str, ...]) -> Iterator[Payment]:
    for account in {row.account for row in rows}:
        for key in keys_meant(account, own_words):
            if found := ledger.orders_meant([key]):
                yield from found
                break


def _of_payment(payment: Payment, keys: frozenset[str]) -> Iterator[Candidate]:
    for attempt in payment.attempts:
        if _may_be_paid(attempt):
            yield _candidate(attempt, keys)
    if payment.status is PaymentStatus.FAILED:
        by_hand = AttemptRef(payment.payment_id, BY_HAND)
        yield Candidate(by_hand, keys, payment.amount_cents, payment.msisdn, payment.created_us, open=False)


def _may_be_paid(attempt: Attempt) -> bool:
    view = attempt.view
    if view.receipts or attempt.channel != "stk":
        return False
    if attempt.state is AttemptState.REVIEW:
        return view.receipt is not None
    if attempt.state is AttemptState.FAILED:
        return view.source != "person"
    return attempt.state in _OPEN or attempt.state is AttemptState.PAID


def _candidate(attempt: Attempt, keys: frozenset[str]) -> Candidate:
    view = attempt.view
    in_review = attempt.state is AttemptState.REVIEW
    return Candidate(
        ref=attempt.ref,
        keys=frozenset() if in_review else keys,
        amount_cents=attempt.amount_cents,
        msisdn=attempt.msisdn,
        requested_us=view.requested_us or attempt.created_us,
        checkout_request_id="" if in_review else view.checkout_request_id or "",
        receipt=view.receipt or "",
        open=attempt.state in _OPEN or (Flag.UNCONFIRMED in view.flags and not in_review),
    )


def _append(tx: LedgerWrite, each: Match, source: Source, now_us: int) -> Payment | None:
    """Append one row's money, where the attempt still is as the plan saw it and nobody else has the receipt."""
    row, ref = each.row, each.ref
    payment = tx.payment(ref.payment_id)
    owner = tx.receipt_owner(row.receipt)
    other = tx.payment(owner.payment_id) if owner else None
    if payment is None or (other is not None and not other.is_nobodys):
        return None
    if ref.number == BY_HAND:
        if other is not None or payment.status is not PaymentStatus.FAILED:
            return None
        ref = tx.add_received(payment.payment_id, row.party, row.amount_cents, now_us)
    elif not any(a.ref == ref and _may_be_paid(a) and _is_one(a, other) for a in payment.attempts):
        return None
    said = Received(now_us, source, row.receipt, row.amount_cents, row.completed_us or None, msisdn=row.party or None)
    if any(_same_row(said, known) for known in tx.evidence(ref)):
        return None
    # First, so that nobody is told of a payment whose money is known to have gone back.
    for back in tx.reversals_of(row.receipt):
        tx.append(ref, _back(row.receipt, back, source, now_us))
    return tx.append(ref, said)


def _is_one(attempt: Attempt, told: Payment | None) -> bool:
    """Whether what C2B told of the row's receipt, if anything, can be the attempt's money."""
    return told is None or (told.amount_cents == attempt.amount_cents and fits(attempt.msisdn, told.msisdn))


def _same_row(said: Received, known: object) -> bool:
    """Whether the books have told this before, by whichever of their sources."""
    if not isinstance(known, Received) or known.source not in {"statement", "pull"}:
        return False
    return (known.receipt, known.amount_cents) == (said.receipt, said.amount_cents)


def give_back(ledger: Ledger, shortcodes: tuple[str, ...], source: Source, now_us: int) -> list[Payment]:
    """Append every reversal of money that is ours and was not known to have gone back, whichever file told of it:
    a payment may be heard of long after its reversal was read."""
    changed: list[Payment] = []
    steps = iter([known for known in ledger.reversals_of_ours(shortcodes) if not _knows(ledger, known)])
    while chunk := list(islice(steps, STEPS_PER_WRITE)):
        with ledger.write() as tx:
            for known in chunk:
                ref = AttemptRef(known.payment_id, known.attempt)
                if known.row is not None and tx.receipt_owner(known.receipt) == ref and not _knows(tx, known):
                    changed.append(tx.append(ref, _back(known.receipt, known.row, source, now_us)))
    return changed


def _back(receipt: str, row: StatementRow, source: Source, now_us: int) -> Reversed:
    return Reversed(now_us, source, receipt, row.receipt, -row.amount_cents, row.completed_us or None)


def _knows(ledger: Ledger | LedgerWrite, known: Known) -> bool:
    evidence = ledger.evidence(AttemptRef(known.payment_id, known.attempt))
    wanted = (known.receipt, known.row.receipt if known.row else "")
    return any(isinstance(e, Reversed) and (e.receipt, e.reversal_receipt) == wanted for e in evidence)
