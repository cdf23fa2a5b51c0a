"""Balance the books: statements in hand, settle what their rows prove, say where the two sides differ."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mpesa_cli.domain.book_totals import KindTotal, Totals, add_up
from mpesa_cli.domain.breaks import Break, in_order
from mpesa_cli.domain.held import HeldMessage
from mpesa_cli.domain.payment import Payment
from mpesa_cli.ledger.book_keeping import Scope
from mpesa_cli.ledger.ledger import Ledger, LedgerReads
from mpesa_cli.operations.breaks import TOUCHING_US, compare, file_breaks
from mpesa_cli.operations.closed_days import changed_days
from mpesa_cli.operations.reconcile import NEEDS_A_PERSON, Reconciled
from mpesa_cli.operations.statement_intake import Taken
from mpesa_cli.operations.statement_matching import give_back, settle_by_rows

if TYPE_CHECKING:
    from mpesa_cli.domain.evidence import Source


@dataclass(frozen=True, slots=True)
class BooksShop:
    """Whose books. ``shortcodes`` are the profile's; ``own_words`` what customers type before an order id."""

    shortcodes: tuple[str, ...]
    own_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balanced:
    """What comparing came to. ``breaks`` has the accepted ones too; ``payments`` were settled by rows just now;
    ``unfinished`` are files that a run before was stopped in, and that nobody has read to their end since; ``held``
    messages that could not be applied, and wait for somebody."""

    taken: tuple[Taken, ...] = ()
    scopes: tuple[Scope, ...] = ()
    payments: tuple[Payment, ...] = ()
    breaks: tuple[Break, ...] = ()
    carried_over: int = 0
    totals: Totals = field(default_factory=Totals)
    unfinished: tuple[str, ...] = ()
    held: tuple[HeldMessage, ...] = ()

    @property
    def open_breaks(self) -> tuple[Break, ...]:
        """Those that nobody accepted: they are differences."""
        return tuple(b for b in self.breaks if b.accepted is None)


def balance(ledger: Ledger, taken: Sequence[Taken], shop: BooksShop, now_us: int) -> Balanced:
    """Settle by the rows of these statements, then compare.

    Without a statement too: what a run before was stopped in, money that went back, and closed days.
    """
    source: Source = "pull" if taken and all(t.source == "pull" for t in taken) else "statement"
    payments: dict[str, Payment] = {}
    scopes = scopes_of(taken, shop.shortcodes)
    if scopes:
        ledger.expect_many_rows()
    unsettled = ledger.unsettled_statements(shop.shortcodes)
    left = [s for s in unsettled if s.statement_id not in {t.statement_id for t in taken}]
    late = [
        settle_by_rows(ledger, Scope(shop.shortcodes, s.from_us, s.until_us), s.source, shop.own_words, now_us)
        for s in left
    ]
    settled = [settle_by_rows(ledger, scope, source, shop.own_words, now_us) for scope in scopes]
    changed = [p for each in (*late, *settled) for p in each.payments]
    payments |= {p.payment_id: p for p in (*changed, *give_back(ledger, shop.shortcodes, source, now_us))}
    if unsettled:
        with ledger.write() as tx:
            tx.mark_settled([s.statement_id for s in unsettled])
    breaks = [*file_breaks(taken, now_us), *changed_days(ledger, shop.shortcodes)]
    carried = 0
    for scope, each in zip(scopes, settled, strict=True):
        compared = compare(ledger, scope, each.unknown, each.suggested, shop.own_words, now_us)
        breaks += compared.breaks
        carried += compared.carried_over
    accepted = ledger.accepted_breaks()
    marked = [replace(b, accepted=accepted.get(b.id)) for b in in_order(breaks)]
    unfinished = tuple(s.name for s in left if not s.complete and s.source == "statement")
    return Balanced(
        tuple(taken), scopes, tuple(payments.values()), tuple(marked), carried, add_up(by_hour(ledger, scopes)),
        unfinished,
    )  # fmt: skip


def for_a_person(done: Reconciled, balanced: Balanced) -> list[Payment]:
    """Payments that a person has to look at, as they stand at the end: in doubt, or their money just went back.
    Those that an open break names are told there."""
    named = {b.payment_id for b in balanced.open_breaks}
    settled = {p.payment_id: p for p in balanced.payments}
    waiting = [p for p in done.payments if p.payment_id not in settled and p.status in NEEDS_A_PERSON]
    changed = [p for p in settled.values() if p.payment_id not in named]
    return waiting + [p for p in changed if p.status in NEEDS_A_PERSON or p.reversed_cents]


def scopes_of(taken: Iterable[Taken], shortcodes: tuple[str, ...]) -> tuple[Scope, ...]:
    """The times that these statements cover, those that touch as one."""
    found: list[Scope] = []
    for each in sorted((t for t in taken if t.until_us > t.from_us), key=lambda t: t.from_us):
        if found and each.from_us <= found[-1].until_us + TOUCHING_US:
            found[-1] = replace(found[-1], until_us=max(found[-1].until_us, each.until_us))
        else:
            found.append(Scope(shortcodes, each.from_us, each.until_us))
    return tuple(found)


def by_hour(ledger: LedgerReads, scopes: Iterable[Scope]) -> Iterator[KindTotal]:
    """M-Pesa's rows of these times, by kind and hour."""
    for scope in scopes:
        yield from ledger.totals(scope)


def own_hours(ledger: LedgerReads, scopes: Iterable[Scope]) -> Iterator[KindTotal]:
    """The ledger's payments of these times, by hour: ``settled`` and ``open``."""
    for scope in scopes:
        yield from ledger.settled_hours(scope)
