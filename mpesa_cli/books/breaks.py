"""The breaks of a time: everything in which the ledger and M-Pesa's record do not say the same.

They are recomputed from what is stored each time, so that a second run on the same file reports the same. What a
statement does not have, of the time that it covers, is not at M-Pesa (docs/reference/assumptions.md A70).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from mpesa_cli.books.break_values import Break, BreakKind
from mpesa_cli.books.matching import NEAR_US, Match
from mpesa_cli.books.statement_intake import Taken
from mpesa_cli.books.statement_matching import ROWS_AT_ONCE, orders_named
from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.breaks import Breaks
from mpesa_cli.books.store.values import KnownRow, Scope
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import WAS_PAID
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.amount import format_cents

TOUCHING_US = 2_000_000
"""Files whose times are no further apart than this are of one time: the portal's periods end at 23:59:59."""



@dataclass(slots=True)
class Comparing:
    """One comparison: what it is given, and ``carried_over``, counted on the way: payments too near an edge of the
    time to be called missing. ``suggested`` is what some of its rows look like."""

    scope: Scope
    sure: Scope
    suggested: Sequence[Match]
    own_words: tuple[str, ...]
    now_us: int
    carried_over: int = 0

    def breaks(self, ledger: Reads) -> Iterator[Break]:
        """All breaks of the time, those that were accepted too, one after the other and in no order."""
        suggestions = {m.row.receipt: m for m in self.suggested}
        looked_like = {m.ref for m in self.suggested}
        for known in Breaks(ledger).paid_unlike_rows(_both(self.scope, self.sure)):
            if known.row is not None:
                if _is_in(self.scope, known.at_us):
                    yield _unlike(known)
            elif not _is_in(self.sure, known.at_us):
                self.carried_over += 1
            elif (known.payment_id, known.attempt) not in looked_like:
                yield _missing_at_provider(known)
        in_review = {known.receipt for known in Breaks(ledger).rows_in_review(self.scope)}
        rows = Books(ledger).rows_without_payment(self.scope)
        while page := list(islice(rows, ROWS_AT_ONCE)):
            named = orders_named(ledger, page, self.own_words)
            for row in page:
                if row.completed_us > self.now_us - NEAR_US:
                    self.carried_over += 1
                elif row.receipt not in in_review:  # that is a break of its own
                    yield _without_payment(ledger, row, suggestions.get(row.receipt), named.get(row.account, []))
        yield from _differing(ledger, self.scope)
        yield from map(_lonely_charge, Breaks(ledger).lonely_charges(self.scope))
        yield from _unknown_reversals(ledger, self.scope)


def sure_of(ledger: Reads, scope: Scope) -> Scope:
    """The time in which a row that is missing is not at M-PESA. Near an edge it may be in the next file:
    it is told of by whichever of the two is read last."""
    beside = Books(ledger).covered_beside(scope, TOUCHING_US)
    before = any(from_us <= scope.from_us - 2 * NEAR_US for from_us, _ in beside)
    after = any(until_us >= scope.until_us + 2 * NEAR_US for _, until_us in beside)
    return replace(
        scope,
        from_us=scope.from_us - NEAR_US if before else scope.from_us + NEAR_US,
        until_us=scope.until_us + NEAR_US if after else scope.until_us - NEAR_US,
    )


def _both(one: Scope, other: Scope) -> Scope:
    return replace(one, from_us=min(one.from_us, other.from_us), until_us=max(one.until_us, other.until_us))


def _is_in(scope: Scope, at_us: int) -> bool:
    return scope.from_us <= at_us < scope.until_us


def _missing_at_provider(known: KnownRow) -> Break:
    said = f"with receipt {known.receipt}" if known.receipt else "without a receipt, by a query or a person"
    return Break(
        "missing_at_provider", known.receipt or f"{known.payment_id}-{known.attempt}", known.at_us, known.amount_cents,
        known.receipt, known.payment_id, known.order_id,
        detail=f"The ledger says paid, {said}; M-PESA's record of that time has no such payment.",
    )


def _without_payment(
    ledger: Reads, row: StatementRow, suggestion: Match | None, named: Sequence[Payment]
) -> Break:
    about = Break(
        "missing_in_ledger", row.receipt, row.completed_us, row.amount_cents, row.receipt, account=row.account,
        detail="M-PESA took this money, and no payment here is known to be it.",
    )
    if suggestion is not None:
        payment = ledger.payment(suggestion.ref.payment_id)
        if payment is not None:
            return replace(
                about, suggested=payment.order_id, payment_id=payment.payment_id,
                detail=f"It looks like order {payment.order_id}: amount, time and the shown digits of the number fit.",
            )
    if len(named) != 1:
        return about
    order = named[0]
    about = replace(about, payment_id=order.payment_id, order_id=order.order_id)
    if order.amount_cents == row.amount_cents and order.status in WAS_PAID:
        other = order.telling.view.receipt or "another payment"
        return replace(about, kind="double_payment",
                       detail=f"It names order {order.order_id}, which {other} paid already.")
    asked = format_cents(order.amount_cents)
    why = (
        f"asks for {asked}" if order.amount_cents != row.amount_cents
        else "has more than one such payment, or a prompt that does not fit in number or time"
    )
    return replace(about, kind="unmatched_order", detail=f"It names order {order.order_id}, which {why}.")


def _differing(ledger: Reads, scope: Scope) -> Iterator[Break]:
    for known in Breaks(ledger).rows_in_review(scope):
        if known.row is not None and known.row.amount_cents != known.amount_cents:
            yield _mismatch(known)
        else:
            waits = f"M-PESA has this payment, and order {known.order_id} waits for a person to look at it."
            yield _of(known, "status_conflict", known.receipt, waits)
    for known in Breaks(ledger).claimed_twice(scope):
        twice = f"Receipt {known.receipt} was reported for order {known.order_id} too, and pays another one."
        yield _of(known, "duplicate_receipt", f"{known.receipt}-{known.payment_id}", twice)
    for row in Breaks(ledger).receipts_on_two_rows(scope):
        yield Break(
            "duplicate_receipt", row.receipt, row.completed_us, row.amount_cents, row.receipt, account=row.account,
            detail="M-PESA's record has this receipt twice, with two amounts.",
        )


def _unlike(known: KnownRow) -> Break:
    if known.row is None or known.row.amount_cents != known.amount_cents:
        return _mismatch(known)
    other = f"This receipt pays order {known.order_id}, and M-PESA has it from another phone than was asked."
    return _of(known, "phone_mismatch", known.receipt, other)


def _mismatch(known: KnownRow) -> Break:
    came = format_cents(known.row.amount_cents) if known.row else "another amount"
    return _of(known, "amount_mismatch", known.receipt,
               f"Order {known.order_id} asked for {format_cents(known.amount_cents)}; M-PESA has {came}.")


def _of(known: KnownRow, kind: BreakKind, ref: str, detail: str) -> Break:
    row = known.row
    return Break(
        kind, ref, known.at_us, row.amount_cents if row else known.amount_cents, known.receipt, known.payment_id,
        known.order_id, row.account if row else "", detail,
    )


def _lonely_charge(row: StatementRow) -> Break:
    return Break("fee", row.receipt, row.completed_us, row.amount_cents, row.receipt, account=row.account,
                 detail="A charge for a payment that neither M-PESA's record nor this ledger has.")


def _unknown_reversals(ledger: Reads, scope: Scope) -> Iterator[Break]:
    """Money that went back and is not known to be ours; what is ours, every run finds (books/standing_findings.py)."""
    ours = {known.row.receipt for known in Breaks(ledger).reversed_attempts(scope) if known.row is not None}
    for row in Books(ledger).reversal_rows(scope):
        if row.receipt not in ours and not any(r.kind != "reversal" for r in StatementRows(ledger).of(row.linked)):
            original = f"receipt {row.linked}" if row.linked else "a receipt that the record does not name"
            yield Break("reversed", row.receipt, row.completed_us, row.amount_cents, row.linked or row.receipt,
                        detail=f"M-PESA gave back {original}, which is not known here.")


def file_breaks(each: Taken, now_us: int) -> Iterator[Break]:
    """Rows of a file that could not be read, and places where its balances do not follow from each other."""
    at_us = each.until_us or now_us
    for problem in each.findings.problems:
        yield Break("unknown_row", f"{each.sha256[:8]}-{problem.line}", at_us,
                    detail=f"{each.name}, line {problem.line}: {problem.what}. [{problem.text}]")
    for gap in each.findings.gaps:
        yield Break("unknown_row", f"{each.sha256[:8]}-{gap.line}-balance", at_us, gap.missing_cents,
                    detail=f"{each.name}, line {gap.line}: {format_cents(abs(gap.missing_cents))} moved before it "
                    "and is in no row. Perhaps a row was taken out.")
