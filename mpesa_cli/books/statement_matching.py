"""Payments settled by statement rows: each row is matched with its attempt and appended as evidence.

The plan is made on what is read outside a transaction, since it may look at a million rows. Every step of it is
decided again inside the transaction that writes it: what has changed meanwhile is left for the next run.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from mpesa_cli.books.matching import BY_HAND, NEAR_US, Candidate, Fitting, Match, Matching, match
from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.breaks import Breaks
from mpesa_cli.books.store.values import KnownRow, Scope
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.each_alone import in_steps
from mpesa_cli.rules.evidence import Received, Reversed, Source
from mpesa_cli.rules.forgotten import can_be_of
from mpesa_cli.rules.order_matching import keys_meant, order_key
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import MAY_BE_OUT, AttemptState, Flag, PaymentStatus
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.pseudonym import is_erased

ROWS_AT_ONCE = 2_000
STEPS_PER_WRITE = 200
BEFORE_US = 2 * 86_400_000_000
"""A prompt may be paid by a row of a later day: by hand, with the order as the account."""



@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of one scope's rows: payments they settled or gave back; ``suggested`` is what some of those that
    pay nothing still look like."""

    payments: tuple[Payment, ...]
    suggested: tuple[Match, ...]


def settle_by_rows(
    ledger: Ledger, scope: Scope, source: Source, own_words: tuple[str, ...], now_us: int
) -> Settled:
    """Append what the stored rows of ``scope`` say about attempts of ours. Run again, it appends nothing."""
    doubtful = Books(ledger).doubtful_attempts(scope.from_us - BEFORE_US, scope.until_us + NEAR_US)
    waited_for = sorted({each.amount_cents for each in doubtful})

    def rows() -> Iterator[StatementRow]:
        """Those without an order, in two passes: a million of them never stand in memory."""
        yield from Books(ledger).rows_without_payment(scope)
        yield from Books(ledger).rows_of_nobody(scope, waited_for) if waited_for else ()

    candidates = _candidates(ledger, scope, rows(), doubtful, own_words)
    fitting = _fitting(ledger, rows(), candidates, own_words) if candidates else ()
    found = match(fitting, candidates, own_words) if candidates else Matching()
    changed: dict[str, Payment] = {}

    def settle(tx: Write, each: Match) -> Payment | None:
        return _append(tx, each, source, now_us)

    for payment in in_steps(ledger, found.settled, settle, at_once=STEPS_PER_WRITE):
        if payment is not None:
            changed[payment.payment_id] = payment
    return Settled(tuple(changed.values()), found.suggested)


def _fitting(
    ledger: Ledger, rows: Iterator[StatementRow], candidates: Sequence[Candidate], own_words: tuple[str, ...]
) -> Iterator[StatementRow]:
    """The rows that may be about a candidate, with every other of their receipts."""
    fitting = Fitting(candidates, own_words)
    for row in rows:
        if fitting.fits(row):
            yield from (other for other in StatementRows(ledger).of(row.receipt) if other.kind == "received")


def _candidates(
    ledger: Ledger, scope: Scope, rows: Iterator[StatementRow], doubtful: Sequence[Attempt], own_words: tuple[str, ...]
) -> list[Candidate]:
    """Attempts that a row without an order may be about: those in doubt, and the orders that rows name."""
    payments = {a.ref.payment_id: p for a in doubtful if (p := ledger.payment(a.ref.payment_id))}
    everybodys = set(map(order_key, own_words))  # a constant reference names no order, not even the first
    by_key: dict[str, set[str]] = {}
    for payment in payments.values():
        if (key := order_key(payment.account_reference)) not in everybodys:
            by_key.setdefault(key, set()).add(payment.account_reference)
    references: set[str] = set()
    while page := list(islice(rows, ROWS_AT_ONCE)):
        for payment in chain.from_iterable(orders_named(ledger, page, own_words).values()):
            if payment.payment_id not in payments and any(_of_payment(payment, frozenset())):
                payments[payment.payment_id] = payment
        keys = {key for row in page for key in keys_meant(row.account, own_words)} if by_key else set()
        references.update(reference for key in by_key.keys() & keys for reference in by_key[key])
    shared = Books(ledger).shared_references(sorted(references)) if references else set()
    found: list[Candidate] = []
    for payment in payments.values():
        if payment.shortcode in scope.shortcodes:
            own = {order_key(payment.order_id)}
            if payment.account_reference in references - shared:
                own.add(order_key(payment.account_reference))
            found += _of_payment(payment, frozenset(own))
    return found


def orders_named(
    ledger: Reads, rows: Iterable[StatementRow], own_words: tuple[str, ...]
) -> dict[str, list[Payment]]:
    """The payments that these rows name, by the row's account: of each the strongest reading that there is an order
    for. What names none is left out."""
    readings = {row.account: keys_meant(row.account, own_words) for row in rows}
    known: dict[str, list[Payment]] = {}
    for payment in ledger.orders_meant(sorted({key for keys in readings.values() for key in keys})):
        known.setdefault(order_key(payment.order_id), []).append(payment)
    meant = {account: next((known[key] for key in keys if key in known), []) for account, keys in readings.items()}
    return {account: payments for account, payments in meant.items() if payments}


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
    return attempt.state in MAY_BE_OUT or attempt.state is AttemptState.PAID


def _candidate(attempt: Attempt, keys: frozenset[str]) -> Candidate:
    view = attempt.view
    in_review = attempt.state is AttemptState.REVIEW
    return Candidate(
        ref=attempt.ref,
        keys=frozenset() if in_review else keys,
        amount_cents=attempt.amount_cents,
        msisdn="" if is_erased(attempt.msisdn) else attempt.msisdn,
        requested_us=view.requested_us or attempt.created_us,
        checkout_request_id="" if in_review else view.checkout_request_id or "",
        receipt=view.receipt or "",
        open=attempt.state in MAY_BE_OUT or (Flag.UNCONFIRMED in view.flags and not in_review),
        lacks_receipt=attempt.state is AttemptState.PAID and not view.receipts,
    )


def _append(tx: Write, each: Match, source: Source, now_us: int) -> Payment | None:
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
    for back in StatementRows(tx).reversals_of(row.receipt):
        tx.append(ref, _back(row.receipt, back, source, now_us))
    return tx.append(ref, said)


def _is_one(attempt: Attempt, told: Payment | None) -> bool:
    """Whether the payment that C2B told of the row's receipt, if any, can be the attempt's money."""
    return told is None or (told.amount_cents == attempt.amount_cents and can_be_of(attempt.msisdn, told.msisdn))


def _same_row(said: Received, known: object) -> bool:
    """Whether the books have told this before, by whichever of their sources."""
    if not isinstance(known, Received) or known.source not in {"statement", "pull"}:
        return False
    return (known.receipt, known.amount_cents) == (said.receipt, said.amount_cents)


def give_back(ledger: Ledger, shortcodes: tuple[str, ...], source: Source, now_us: int) -> list[Payment]:
    """Append every reversal of money that is ours and was not known to have gone back, whichever file told of it:
    a payment may be heard of long after its reversal was read."""

    def append(tx: Write, known: KnownRow) -> Payment | None:
        ref = AttemptRef(known.payment_id, known.attempt)
        if known.row is None or tx.receipt_owner(known.receipt) != ref or _knows(tx, known):
            return None
        return tx.append(ref, _back(known.receipt, known.row, source, now_us))

    new = [known for known in Breaks(ledger).reversals_of_ours(shortcodes) if not _knows(ledger, known)]
    return [payment for payment in in_steps(ledger, new, append, at_once=STEPS_PER_WRITE) if payment is not None]


def _back(receipt: str, row: StatementRow, source: Source, now_us: int) -> Reversed:
    return Reversed(now_us, source, receipt, row.receipt, -row.amount_cents, row.completed_us or None)


def _knows(ledger: Ledger | Write, known: KnownRow) -> bool:
    evidence = ledger.evidence(AttemptRef(known.payment_id, known.attempt))
    wanted = (known.receipt, known.row.receipt if known.row else "")
    return any(isinstance(e, Reversed) and (e.receipt, e.reversal_receipt) == wanted for e in evidence)
