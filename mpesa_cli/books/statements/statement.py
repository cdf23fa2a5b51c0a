"""A statement file, open: its heading, its rows as a stream, and its faults."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType

from mpesa_cli.books.statements.columns import csv_table
from mpesa_cli.books.statements.continuity import Continuity
from mpesa_cli.books.statements.headings import read_heading
from mpesa_cli.books.statements.refusals import changed
from mpesa_cli.books.statements.rows import RowReader
from mpesa_cli.books.statements.scan import read_dates, see_dates
from mpesa_cli.books.statements.source import Source, open_source, version_of
from mpesa_cli.books.statements.stores import OfStores, OwnRows, Stores, no_store_name
from mpesa_cli.books.statements.times import OrderVotes, Times
from mpesa_cli.books.statements.totals import Totals
from mpesa_cli.books.statements.values import Gap, Heading, Problem, UnreadRow
from mpesa_cli.rules.statement_row import StatementRow

# Headings stand within so many lines; a quoted cell may have several.
TOP_LINES = 200
MONTH_FIRST = "The dates of this file are month first (11/24/2026), as a spreadsheet set to American dates writes them."


class Statement:
    """A statement that can be read, any number of times. Use it in a ``with`` block.

    Known at once: ``sha256`` of the file, ``heading``, and ``notes``, sentences for a person. Known when ``rows``
    has ended: ``problems`` (the first thousand of ``problem_count``), ``skipped`` by Transaction Status,
    ``totals``, ``continuity``, and the balances at both ends as far as the rows tell. ``store`` is the profile's where
    the file is a head office's, of which only that store's rows are read, else None; ``of_stores`` counts the others.
    """

    def __init__(
        self, path: Path, source: Source, text: io.TextIOWrapper, notes: tuple[str, ...], stores: Stores
    ) -> None:
        """``text`` is the statement as CSV: the file itself, or what was in its workbook. Raises InvalidInput."""
        self.path = path
        self.sha256 = source.sha256
        self._source = source
        self._text = text
        self._version = source.version()
        self._table, self._delimiter = csv_table(islice(text, TOP_LINES))
        self._month_first = self._votes().month_first()
        self.notes = (*notes, MONTH_FIRST) if self._month_first else notes
        self.heading: Heading = read_heading(self._table.above, month_first=self._month_first)
        self._stores = stores
        self.store: str | None = None
        if "store" in self._table.columns and self.heading.shortcode is None:
            if stores.own is None:
                raise no_store_name(stores.profile)
            self.store = stores.own
        self._own_rows: OwnRows | None = None
        self._continuity = Continuity()
        self._reader = self._new_reader()

    def rows(self) -> Iterator[StatementRow]:
        """Every completed movement in the file's own order. Begins anew at each call.

        Memory stays flat. Raises InvalidInput (statement-changed) at the end where somebody wrote to the file.
        """
        self._continuity = continuity = Continuity()
        self._reader = reader = self._new_reader()
        read, add = reader.read, continuity.add
        if self.store is not None:
            self._own_rows = OwnRows(self._stores, self._table, read)
            read = self._own_rows.read
        records = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        above = self._table.line
        line = above + 1
        while True:
            try:
                for cells in records:
                    row = read(cells, line)
                    line = above + records.line_num + 1
                    if row is not None:
                        add(row)
                        yield row
                break
            except csv.Error:
                ended = above + records.line_num
                reader.lost(line, f"Quotation marks don't pair: lines {line} to {ended} could not be read", "")
                line = ended + 1
        continuity.finish()
        if version_of(self._source.file) != self._version:
            raise changed()

    @property
    def of_stores(self) -> OfStores:
        """The rows of other stores, which were not read."""
        own = self._own_rows
        if own is None:
            return OfStores()
        return OfStores(dict(own.elsewhere), dict(own.unknown) if self._stores.names_unknown else {})

    @property
    def unread(self) -> list[UnreadRow]:
        """Rows that moved money, perhaps, and could not be read: the first thousand."""
        return self._reader.unread

    @property
    def problems(self) -> list[Problem]:
        """The problems, in the file's order."""
        return self._reader.problems

    @property
    def problem_count(self) -> int:
        """The number of problems, kept or not."""
        return self._reader.problem_count

    @property
    def skipped(self) -> Counter[str]:
        """The number of rows left out, by their Transaction Status."""
        return self._reader.skipped

    @property
    def totals(self) -> Totals:
        """The sums of the rows."""
        return self._reader.totals

    @property
    def continuity(self) -> list[Gap]:
        """The places where balances don't follow from each other: the first thousand."""
        return self._continuity.gaps

    @property
    def unchecked(self) -> str:
        """The reason why the balances could not be followed; empty where they were."""
        return self._continuity.unchecked

    @property
    def opening_cents(self) -> int | None:
        """The balance before the oldest row, as the heading or else the rows tell it."""
        said = self.heading.opening_cents
        return self._continuity.opening_cents if said is None else said

    @property
    def closing_cents(self) -> int | None:
        """The balance after the newest row, as the heading or else the rows tell it."""
        said = self.heading.closing_cents
        return self._continuity.closing_cents if said is None else said

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._text.close()
        self._source.file.close()

    def __enter__(self) -> "Statement":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _new_reader(self) -> RowReader:
        times = Times(month_first=self._month_first)
        return RowReader(self._table, times, self._continuity.lost, self.heading.currency)

    def _lines(self) -> io.TextIOWrapper:
        """The lines after the headings."""
        self._text.seek(0)
        for _ in islice(self._text, self._table.line):
            pass
        return self._text

    def _votes(self) -> OrderVotes:
        quick = see_dates(self._lines(), self._table, self._delimiter)
        return quick if quick is not None else read_dates(self._lines(), self._table, self._delimiter)


def open_statement(path: Path, stores: Stores | None = None) -> Statement:
    """Open a statement file: CSV in any dialect a spreadsheet writes, or XLSX. ``stores`` are those of a head office.

    Raises InvalidInput before any row is read: statement-unreadable (another kind of file, or damaged),
    statement-no-header, statement-too-large, statement-dates-ambiguous, store-name-missing; SettingsError
    (xlsx-missing) where openpyxl is needed and not installed.
    """
    source = open_source(path)
    text: io.TextIOWrapper | None = None
    try:
        notes: tuple[str, ...] = ()
        if source.is_zip:
            from mpesa_cli.books.statements.workbook import workbook_to_csv

            text, notes = workbook_to_csv(path, source.file)
        else:
            text = io.TextIOWrapper(source.file, encoding=source.encoding, errors="replace", newline="")
        return Statement(path, source, text, notes, stores or Stores(""))
    except BaseException:
        if text is not None:
            text.close()
        source.file.close()
        raise
