"""The tables of an export, each a stream of rows: dates and times are Nairobi's, money is in shillings."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from mpesa_cli.books.closed_days import BookDay, days_of
from mpesa_cli.floor.moments import SECOND_US, day_begin_us
from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.history.query import HistoryFilter, HistoryRow, day_of
from mpesa_cli.history.store import History
from mpesa_cli.history.summary import DaySummary, summarise
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.values.amount import cents_to_json
from mpesa_cli.rules.values.msisdn import mask_msisdn, spoken_form

_NUMBER = re.compile(r"(?<!\d)(?:\+?254|0)([17]\d{8})(?!\d)", re.ASCII)
Cell = str | int | float | None


class ExportTable(NamedTuple):
    """One table. ``size`` is the number of its rows; the first field of a row is its date, or its month."""

    name: str
    fields: tuple[str, ...]
    size: int
    rows: Iterator[Sequence[Cell]]


PAYMENTS = (
    "date", "time", "order_id", "status", "amount", "received", "reversed", "phone", "receipt", "paid_date",
    "paid_time", "reason", "result_code", "account_reference", "description", "payment_id", "profile", "environment",
)
RECEIPTS = ("date", "time", "receipt", "amount", "order_id", "payment_id", "attempt")
CHARGES = ("date", "time", "receipt", "amount", "shortcode")
TOTALS = ("payments", "paid", "not_paid", "open", "money_in", "given_back")
BOOKS = (
    "books_count", "books_in", "mpesa_count", "mpesa_in", "mpesa_charges", "mpesa_reversals", "mpesa_other",
    "mpesa_net",
)
CLOSED = ("closed_by", "closed_date", "changed_since_closed")


class Export:
    """The tables of payments created from ``since_us`` until before ``until_us``; None is open."""

    def __init__(
        self, reads: Reads, shortcodes: tuple[str, ...], since_us: int | None, until_us: int | None, *, full: bool,
        grouped: bool = False, told: Told = unheard,
    ) -> None:
        """``full`` shows whole phone numbers, ``grouped`` with gaps, so that nothing takes it for an
        amount; ``told`` hears what is being done with how many payments so far, of how many."""
        self._reads, self._shortcodes, self._full, self._told = reads, shortcodes, full, told
        self._grouped = grouped
        self._wanted = HistoryFilter(since_us=since_us, until_us=until_us)
        self._span = (since_us or 0, until_us if until_us is not None else 2**62)

    def tables(self) -> Iterator[ExportTable]:
        """Every table, each made when it is asked for."""
        ((count,),) = self._reads.rows(
            "SELECT count(*) FROM payments WHERE created_us>=? AND created_us<?", self._span
        )
        size = int(str(count))
        days = summarise(self._rows("Adding up", size)).days
        yield ExportTable("payments", PAYMENTS, size, map(self._payment, self._rows("Writing", size)))
        yield self._asked("receipts", RECEIPTS, *self._receipts())
        yield self._asked("charges", CHARGES, *self._charges())
        books = days_of(self._reads, self._shortcodes, *self._span)
        rows = [_day(day, books.get(day.day)) for day in _with_all(days, books)]
        yield ExportTable("days", ("day", *TOTALS, *BOOKS, *CLOSED), len(rows), iter(rows))
        of_months = _with_all(_months(days), {day[:7] for day in books})
        rows = [_month(month, [book for day, book in books.items() if day[:7] == month.day]) for month in of_months]
        yield ExportTable("months", ("month", *TOTALS, *BOOKS, "days_closed"), len(rows), iter(rows))

    def _pages(self, what: str, size: int) -> Iterator[Sequence[HistoryRow]]:
        done = 0
        for page in History(self._reads).pages(self._wanted):
            yield page
            done += len(page)
            self._told(what, done, size)

    def _rows(self, what: str, size: int) -> Iterator[HistoryRow]:
        return chain.from_iterable(self._pages(what, size))

    def _payment(self, row: HistoryRow) -> Sequence[Cell]:
        return (
            *_local(row.created_us), row.order_id, row.status, cents_to_json(row.amount_cents),
            cents_to_json(row.received_cents), cents_to_json(row.reversed_cents),
            self._phone(row.msisdn), row.receipt, *_local(row.paid_us), row.reason(), row.result_code,
            self._text(row.account_reference), self._text(row.description),
            row.payment_id, row.profile, self._reads.environment,
        )

    def _phone(self, msisdn: str) -> str:
        if not self._full:
            return mask_msisdn(msisdn) if msisdn else ""
        return spoken_form(msisdn) if self._grouped and re.fullmatch(r"254\d{9}", msisdn) else msisdn

    def _text(self, text: str) -> str:
        """A text that somebody typed, any number in it masked too."""
        return text if self._full else _NUMBER.sub(lambda found: mask_msisdn(f"254{found[1]}"), text)

    def _receipts(self) -> tuple[str, tuple[object, ...]]:
        sql = (
            "SELECT coalesce(a.paid_us, p.created_us), r.receipt, "
            "(SELECT CAST(json_extract(j.facts, '$.amount_cents') AS INTEGER) FROM journal j "
            "WHERE j.payment_id=r.payment_id AND j.kind='received' "
            "AND json_extract(j.facts, '$.receipt')=r.receipt ORDER BY j.seq LIMIT 1), p.order_id, p.payment_id, "
            "r.attempt FROM payments p JOIN receipts r USING (payment_id) JOIN attempts a "
            "ON a.payment_id=r.payment_id AND a.number=r.attempt WHERE p.created_us>=? AND p.created_us<? "
            "ORDER BY p.created_us, r.receipt"
        )
        return sql, self._span

    def _charges(self) -> tuple[str, tuple[object, ...]]:
        marks = ",".join("?" * len(self._shortcodes))
        sql = (
            "SELECT completed_us, receipt, amount_cents, shortcode FROM statement_rows WHERE kind='charge' "
            f"AND completed_us>=? AND completed_us<? AND shortcode IN ({marks}) ORDER BY completed_us, receipt"
        )
        return sql, (*self._span, *self._shortcodes)

    def _asked(self, name: str, fields: tuple[str, ...], sql: str, values: tuple[object, ...]) -> ExportTable:
        """A table of what SQL finds: the time first, ``amount_cents`` where the field is ``amount``."""
        money = fields.index("amount") - 2  # date and time are one column of it
        ((size,),) = self._reads.rows(f"SELECT count(*) FROM ({sql}) found", values)
        rows = self._reads.stream(sql, values)
        return ExportTable(name, fields, int(str(size)), (_local_row(row, money) for row in rows))


def month_of_row(row: Sequence[Cell]) -> str:
    """The month that a row with a date belongs to: ``2026-11``."""
    return str(row[0])[:7]


def _local(at_us: int | None) -> tuple[str | None, str | None]:
    if at_us is None:
        return None, None
    seconds = (at_us - day_begin_us(at_us)) // SECOND_US
    return day_of(at_us), f"{seconds // 3_600:02d}:{seconds % 3_600 // 60:02d}:{seconds % 60:02d}"


def _local_row(row: Sequence[object], money: int) -> Sequence[Cell]:
    at_us, *others = row
    cells: list[Cell] = [each if isinstance(each, str | int) else None for each in others]
    cents = cells[money]
    cells[money] = cents_to_json(cents) if isinstance(cents, int) else None
    return (*_local(int(str(at_us))), *cells)


def _total(day: DaySummary) -> Sequence[Cell]:
    return (
        day.day, day.count, day.paid, day.failed, day.unsettled, cents_to_json(day.gross_cents),
        cents_to_json(day.reversed_cents),
    )


def _months(days: Iterable[DaySummary]) -> list[DaySummary]:
    """What the days of each month come to, in what the table shows of them."""
    months = []
    for name, of_month in groupby(days, key=lambda day: day.day[:7]):
        kept = list(of_month)
        count, gross, back, paid, failed, open_ = map(sum, zip(*(
            (day.count, day.gross_cents, day.reversed_cents, day.paid, day.failed, day.unsettled) for day in kept
        ), strict=True))
        months.append(DaySummary(name, count, gross, back, paid, failed, open_, (), None, None))
    return months


def _with_all(counted: Sequence[DaySummary], others: Iterable[str]) -> list[DaySummary]:
    """The periods that were counted, and those that only the books know, in their order."""
    known = {each.day for each in counted}
    more = [DaySummary(name, 0, 0, 0, 0, 0, 0, (), None, None) for name in sorted(set(others) - known)]
    return sorted((*counted, *more), key=lambda each: each.day)


def _day(counted: DaySummary, book: BookDay | None) -> Sequence[Cell]:
    closed: tuple[Cell, ...] = (None, None, None)
    if book is not None and book.closing is not None:
        closed = (book.closing.closed_by, day_of(book.closing.closed_us), "yes" if book.changed else "no")
    return (*_total(counted), *_books([book] if book else []), *closed)


def _month(counted: DaySummary, books: Sequence[BookDay]) -> Sequence[Cell]:
    return (*_total(counted), *_books(books), sum(book.closing is not None for book in books))


def _books(days: Sequence[BookDay]) -> tuple[Cell, ...]:
    ours = (
        sum(day.totals.ledger_count for day in days),
        cents_to_json(sum(day.totals.ledger_cents for day in days)),
    )
    told = [day.totals for day in days if day.on_record or day.closing is not None]
    if not told:  # not zero: nobody knows
        return (*ours, *(None for _ in BOOKS[len(ours):]))
    cents = (
        sum(each.gross_cents for each in told), sum(each.charges_cents for each in told),
        sum(each.reversals_cents for each in told), sum(each.other_cents for each in told),
        sum(each.net_cents for each in told),
    )
    return (*ours, sum(each.count for each in told), *map(cents_to_json, cents))
