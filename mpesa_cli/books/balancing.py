"""The balancing of the books: payments settled by the rows of statements, and the differences that remain."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from mpesa_cli.books.book_totals import KindTotal, Totals, add_up
from mpesa_cli.books.break_values import Break
from mpesa_cli.books.breaks import TOUCHING_US, Comparing, file_breaks, sure_of
from mpesa_cli.books.standing_findings import find_standing
from mpesa_cli.books.statement_intake import Taken
from mpesa_cli.books.statement_matching import give_back, settle_by_rows
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.difference_writes import DifferenceWrites, in_chunks
from mpesa_cli.books.store.differences import Differences
from mpesa_cli.books.store.values import Scope, Span
from mpesa_cli.floor.progress import Told, passed_on, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.payment import Payment

if TYPE_CHECKING:
    from mpesa_cli.books.matching import Match
    from mpesa_cli.rules.evidence import Source


@dataclass(frozen=True, slots=True)
class BooksShop:
    """The shop of the books. ``shortcodes`` are the profile's; ``own_words`` are typed before an order id."""

    shortcodes: tuple[str, ...]
    own_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balanced:
    """The outcome of a comparison; the differences themselves are in the ledger. ``payments`` were settled by rows just
    now; ``unfinished`` are files that a run before was stopped in, and that nobody has read to their end since."""

    taken: tuple[Taken, ...] = ()
    scopes: tuple[Scope, ...] = ()
    payments: tuple[Payment, ...] = ()
    carried_over: int = 0
    totals: Totals = field(default_factory=Totals)
    unfinished: tuple[str, ...] = ()


def balance(
    ledger: Ledger, taken: Sequence[Taken], shop: BooksShop, now_us: int, told: Told = unheard
) -> Balanced:
    """Settle by the rows of these statements, then compare, and keep what differs.

    Without a statement too: it finishes an earlier run that was stopped, and looks at money that went back and at
    whatever differs without a file. ``told`` hears of each step.
    """
    source: Source = "pull" if taken and all(t.source == "pull" for t in taken) else "statement"
    payments: dict[str, Payment] = {}
    scopes = scopes_of(taken, shop.shortcodes)
    if scopes:
        Books(ledger).expect_many_rows()
    unsettled = Books(ledger).unsettled_statements(shop.shortcodes)
    left = [s for s in unsettled if s.statement_id not in {t.statement_id for t in taken}]
    late = [
        settle_by_rows(ledger, Scope(shop.shortcodes, s.from_us, s.until_us), s.source, shop.own_words, now_us)
        for s in left
    ]
    settled = [
        settle_by_rows(ledger, scope, source, shop.own_words, now_us)
        for scope in passed_on(scopes, told, "Settling by the statement's rows: times compared", len(scopes))
    ]
    changed = [p for each in (*late, *settled) for p in each.payments]
    payments |= {p.payment_id: p for p in (*changed, *give_back(ledger, shop.shortcodes, source, now_us))}
    if unsettled:
        with ledger.write() as tx:
            BookWrites(tx).mark_settled([s.statement_id for s in unsettled])
    carried = sum(
        _compared(ledger, scope, each.suggested, shop, now_us, told)
        for scope, each in zip(scopes, settled, strict=True)
    )
    _of_files(ledger, taken, shop, now_us)
    find_standing(ledger, shop.shortcodes)
    unfinished = tuple(s.name for s in left if not s.complete and s.source == "statement")
    totals = add_up(by_hour(ledger, scopes))
    return Balanced(tuple(taken), scopes, tuple(payments.values()), carried, totals, unfinished)


def _compared(
    ledger: Ledger, scope: Scope, suggested: "Sequence[Match]", shop: BooksShop, now_us: int, told: Told
) -> int:
    """Compare one time, keep what differs and forget what is gone. Returns how many payments are carried over."""
    begin_us = Differences(ledger).books_begin_us()
    if begin_us is not None:
        scope = replace(scope, from_us=max(scope.from_us, begin_us))
    if scope.from_us >= scope.until_us:
        return 0
    comparing = Comparing(scope, sure_of(ledger, scope), suggested, shop.own_words, now_us)
    with ledger.write() as tx:
        seen = DifferenceWrites(tx).next_comparison()
    told("Comparing with the ledger: differences", 0, 0)
    found = passed_on(comparing.breaks(ledger), told, "Comparing with the ledger: differences")
    for chunk in in_chunks((each, _at(scope, each)) for each in found):
        with ledger.write() as tx:
            DifferenceWrites(tx).remember(chunk, "record", seen)
    with ledger.write() as tx:
        DifferenceWrites(tx).forget_unseen(scope, comparing.sure, seen)
    return comparing.carried_over


def _of_files(ledger: Ledger, taken: Sequence[Taken], shop: BooksShop, now_us: int) -> None:
    """Keep what the files themselves have wrong in them, and that these times were compared."""
    if not taken:
        return
    with ledger.write() as tx:
        seen = DifferenceWrites(tx).next_comparison()
        for each in taken:
            scope = Scope(shop.shortcodes, each.from_us, each.until_us)
            DifferenceWrites(tx).remember(((found, scope) for found in file_breaks(each, now_us)), "file", seen)
        for each in taken:
            whole = each.source == "statement" and not each.findings.problems and not each.findings.gaps
            scope = Scope(shop.shortcodes, each.from_us, each.until_us)
            DifferenceWrites(tx).forget_read_again(scope, each.sha256, seen, whole=whole)
        DifferenceWrites(tx).note_compared([span for each in taken if (span := _span(each, shop, now_us))], now_us)


def _span(each: Taken, shop: BooksShop, now_us: int) -> Span | None:
    """The span that was compared; None where it is empty. Where Pull lists nothing at all, nothing came until now."""
    if each.until_us > each.from_us:
        return Span(shop.shortcodes[0], "pull" if each.source == "pull" else "statement", each.from_us, each.until_us)
    listed_nothing = each.source == "pull" and not each.findings.rows and not each.findings.odd
    return Span(shop.shortcodes[0], "pull", now_us, now_us) if listed_nothing else None


def _at(scope: Scope, each: Break) -> Scope:
    return replace(scope, from_us=each.at_us, until_us=each.at_us + 1)


def for_a_person(ledger: Reads, shortcodes: Sequence[str]) -> list[Payment]:
    """Payments that a person has to look at, whoever settled them and when; those that an open difference names are
    told there."""
    return [
        p
        for p in Differences(ledger).payments_for_a_person()
        if not Differences(ledger).has_open_about(p.payment_id, shortcodes)
    ]


def scopes_of(taken: Iterable[Taken], shortcodes: tuple[str, ...]) -> tuple[Scope, ...]:
    """The times that these statements cover, those that touch as one."""
    found: list[Scope] = []
    for each in sorted((t for t in taken if t.until_us > t.from_us), key=lambda t: t.from_us):
        if found and each.from_us <= found[-1].until_us + TOUCHING_US:
            found[-1] = replace(found[-1], until_us=max(found[-1].until_us, each.until_us))
        else:
            found.append(Scope(shortcodes, each.from_us, each.until_us))
    return tuple(found)


def by_hour(ledger: Reads, scopes: Iterable[Scope]) -> Iterator[KindTotal]:
    """M-Pesa's rows of these times, by kind and hour."""
    for scope in scopes:
        yield from Books(ledger).totals(scope)


def own_hours(ledger: Reads, scopes: Iterable[Scope]) -> Iterator[KindTotal]:
    """The money of the ledger's payments of these times, by hour: ``came in`` and ``open``."""
    for scope in scopes:
        yield from Books(ledger).money_hours(scope)
