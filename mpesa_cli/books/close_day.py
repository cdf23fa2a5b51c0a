"""The closing of a day: its totals put down, with the file and the journal that they come from."""

from collections.abc import Sequence
from dataclasses import replace

from mpesa_cli.books.closed_days import day_totals
from mpesa_cli.books.closing import Closing, DayTotals, day_bounds
from mpesa_cli.books.statement_intake import Taken
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.differences import Differences
from mpesa_cli.floor.errors import Conflict, InvalidInput
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.amount_words import counted


@dataclass(frozen=True, slots=True)
class Closed:
    """The closing as it stands now; ``fresh`` is False where it was there before, and nothing was changed."""

    closing: Closing
    fresh: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """The person who closes a day, the time, and the reason where it was closed before."""

    by: str
    reason: str
    at_us: int


def close_day(
    ledger: Ledger, shortcodes: tuple[str, ...], day: str, taken: Sequence[Taken], signed: Signature, open_breaks: int
) -> Closed:
    """Record the totals of a day that one of the statements at hand covers whole.

    Raises InvalidInput where none does, or where a part of it was not read; Conflict where the day was closed with
    other totals and no reason is given.
    """
    covering = _covering(day, taken)
    with ledger.write() as tx:
        if unread := Differences(tx).open_of_file(covering.sha256):
            raise _not_read(covering, day, unread)
        totals = _with_balances(day_totals(tx, shortcodes, day), day, covering)
        known = next((c for c in Books(tx).closings(shortcodes) if c.day == day), None)
        if known is not None and known.totals.moved() == totals.moved():
            return Closed(known, fresh=False)
        if known is not None and not signed.reason:
            raise _differs(known, totals)
        BookWrites(tx).close_day(
            day, shortcodes[0], totals, by=signed.by, reason=signed.reason, sha256=covering.sha256, at_us=signed.at_us,
            open_breaks=open_breaks,
        )
        return Closed(next(c for c in Books(tx).closings(shortcodes) if c.day == day), fresh=True)


def _covering(day: str, taken: Sequence[Taken]) -> Taken:
    first_us, after_us = day_bounds(day)
    for each in taken:
        if each.source == "statement" and each.from_us <= first_us and after_us - 1_000_000 <= each.until_us:
            return each
    raise InvalidInput(
        f"No statement here covers the whole of {day}.",
        hint="Nothing was closed. Download the statement of that day when it is over, with its heading, and name it: "
        f"mpesa reconcile --statement FILE --close {day} --by NAME",
        code="day-not-covered",
    )


def _not_read(covering: Taken, day: str, unread: int) -> InvalidInput:
    were = "was" if unread == 1 else "were"
    return InvalidInput(
        f"{counted(unread, 'part')} of {covering.name} {were} not read, so its totals are not the day's.",
        hint="Nothing was closed. Download the file again, or accept each of them first if it is no money: "
        f"mpesa reconcile --accept ID --by NAME --reason TEXT, then: mpesa reconcile --statement FILE --close {day}",
        code="day-not-read",
    )


def _with_balances(totals: DayTotals, day: str, covering: Taken) -> DayTotals:
    """The file's balances are the day's where the file is of that day alone."""
    first_us, after_us = day_bounds(day)
    if covering.from_us < first_us or covering.until_us > after_us:
        return totals
    said = covering.findings
    return replace(totals, opening_cents=said.opening_cents, closing_cents=said.closing_cents)


def _differs(known: Closing, totals: DayTotals) -> Conflict:
    then = known.totals
    return Conflict(
        f"{known.day} was closed by {known.closed_by} with {counted(then.count, 'payment')} and "
        f"{format_cents(then.net_cents)} net; now it has {totals.count} and {format_cents(totals.net_cents)}.",
        hint="No money moved, and nothing was closed again. Look at what came late, then close it with your reason: "
        f"mpesa reconcile --statement FILE --close {known.day} --by NAME --reason TEXT",
        code="closed-differently",
    )
