"""Closed days: their totals now, and the days whose totals are no longer those of the closing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mpesa_cli.books.book_totals import KindTotal, add_up
from mpesa_cli.books.break_values import Break
from mpesa_cli.books.closing import Closing, DayTotals, day_bounds
from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.breaks import Breaks
from mpesa_cli.books.store.values import Scope
from mpesa_cli.history.query import day_of
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.amount_words import counted


def day_totals(ledger: Reads, shortcodes: tuple[str, ...], day: str) -> DayTotals:
    """The totals of one day as the books have them now, without balances: only a file tells those."""
    scope = Scope(shortcodes, *day_bounds(day))
    return _totals(Books(ledger).totals(scope), Breaks(ledger).ledger_hours(scope))


def changed_days(ledger: Reads, shortcodes: tuple[str, ...]) -> Iterator[Break]:
    """Closed days whose totals have changed since. One walk for all of them, not one each."""
    closings = Books(ledger).closings(shortcodes)
    if not closings:
        return
    scope = Scope(shortcodes, day_bounds(closings[0].day)[0], day_bounds(closings[-1].day)[1])
    moved, ours = _by_day(Books(ledger).totals(scope)), _by_day(Breaks(ledger).ledger_hours(scope))
    for closing in closings:
        now = _totals(moved[closing.day], ours[closing.day])
        if now.moved() != closing.totals.moved():
            yield _changed(closing, now)


class BookDay(NamedTuple):
    """A day as the books have it now, and its closing where somebody closed it. ``on_record``: M-PESA's record of it
    was read, in part at least."""

    totals: DayTotals
    on_record: bool
    closing: Closing | None

    @property
    def changed(self) -> bool:
        """Whether its totals are no longer those of its closing."""
        return self.closing is not None and self.closing.totals.moved() != self.totals.moved()


def days_of(ledger: Reads, shortcodes: tuple[str, ...], from_us: int, until_us: int) -> dict[str, BookDay]:
    """The days with money or a closing, from ``from_us`` on, before ``until_us``. A part of a day has no closing."""
    scope = Scope(shortcodes, from_us, until_us)
    moved, ours = _by_day(Books(ledger).totals(scope)), _by_day(Breaks(ledger).ledger_hours(scope))
    closed = {
        c.day: c for c in Books(ledger).closings(shortcodes)
        if from_us <= day_bounds(c.day)[0] and day_bounds(c.day)[1] <= until_us
    }
    return {
        day: BookDay(_totals(moved.get(day, ()), ours.get(day, ())), day in moved, closed.get(day))
        for day in sorted({*moved, *ours, *closed})
    }


def _by_day(hours: Iterable[KindTotal]) -> defaultdict[str, list[KindTotal]]:
    found: defaultdict[str, list[KindTotal]] = defaultdict(list)
    for each in hours:
        found[day_of(each.hour_us)].append(each)
    return found


def _totals(moved: Iterable[KindTotal], ours: Iterable[KindTotal]) -> DayTotals:
    sums, paid = add_up(moved), add_up(ours)
    return DayTotals(
        sums.count, sums.gross_cents, sums.charges_cents, sums.reversals_cents, sums.other_cents, paid.count,
        paid.gross_cents,
    )


def _changed(closing: Closing, now: DayTotals) -> Break:
    then = closing.totals
    # What it says now is in the id: a change that somebody accepted does not hide the next one.
    now_id = f"{closing.day}-{now.count}-{now.net_cents}-{now.ledger_count}-{now.ledger_cents}"
    return Break(
        "closed_day_changed", now_id, closing.closed_us, now.gross_cents - then.gross_cents,
        detail=f"{closing.day} was closed with {counted(then.count, 'payment')}, net {format_cents(then.net_cents)}, "
        f"{then.ledger_count} of ours paid; now it has {now.count}, net {format_cents(now.net_cents)}, "
        f"{now.ledger_count} of ours.",
    )
