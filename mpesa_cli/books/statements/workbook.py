"""The sheet of an XLSX workbook that holds the statement, written out as CSV: one line a row, in a nameless file.

What a spreadsheet changed is told, not mended: receipts and dates that became numbers stay numbers here, and
the row reader reports them.
"""

import csv
import io
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from mpesa_cli.books.statements.columns import Table, find_table
from mpesa_cli.books.statements.package_check import check_package
from mpesa_cli.books.statements.refusals import DOWNLOAD, no_header, too_large, unreadable
from mpesa_cli.books.statements.times import OrderVotes
from mpesa_cli.floor.errors import InvalidInput, SettingsError
from mpesa_cli.floor.installation import adding

ROWS_MAX = 1_048_576  # of a sheet, in Excel
COLUMNS_MAX = 256
TOP_ROWS = 100


def workbook_to_csv(path: Path, file: BinaryIO) -> tuple[io.TextIOWrapper, tuple[str, ...]]:
    """The statement in a workbook as CSV text, and sentences about what a spreadsheet did to it.

    Raises InvalidInput as ``open_statement`` does, and SettingsError where openpyxl is missing.
    """
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped]
    except ModuleNotFoundError as missing:
        raise SettingsError(
            "Reading Excel files needs openpyxl, which is not installed.",
            hint=f"Nothing was read. Install it:  {adding('xlsx')}  Or download the statement as CSV:  "
            "mpesa reconcile --statement FILE",
            code="xlsx-missing",
        ) from missing
    check_package(file)
    out = io.TextIOWrapper(tempfile.TemporaryFile(), encoding="utf-8", newline="")  # noqa: SIM115 - the caller closes it
    try:
        # openpyxl warns of styles it doesn't know, and raises whatever a damaged file makes it stumble over.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            notes = _write(workbook, csv.writer(out))
    except InvalidInput:
        out.close()
        raise
    except Exception as stumbled:  # see above; none is about anything but this file
        out.close()
        raise unreadable(f"{path} is an Excel file that can't be read: it is damaged.") from stumbled
    except BaseException:
        out.close()
        raise
    out.flush()
    out.seek(0)
    return out, notes


def _write(workbook: Any, writer: Any) -> tuple[str, ...]:
    sheet, table = _sheet_of(workbook)
    cells = _Cells(table)
    for number, values in enumerate(_rows(sheet), 1):
        writer.writerow(cells.texts(values, number) or [""])
    return cells.notes()


def _sheet_of(workbook: Any) -> tuple[Any, Table]:
    found = []
    for sheet in workbook.worksheets:
        rows = ([_text(value) for value in values] for values in islice(_rows(sheet), TOP_ROWS))
        table = find_table(enumerate(rows, 1))
        if table is not None:
            found.append((sheet, table))
    if not found:
        raise no_header("No sheet of the workbook has a table with the heading Receipt No.")
    if len(found) > 1:
        raise unreadable("Two sheets of the workbook hold a statement. Save each as a file of its own.")
    return found[0]


def _rows(sheet: Any) -> Iterator[tuple[object, ...]]:
    # The size that a sheet says it has is often wrong, and then cells would be left out.
    sheet.reset_dimensions()
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > ROWS_MAX or len(values) > COLUMNS_MAX:
            raise too_large(f"A sheet has more than {ROWS_MAX:,} rows or {COLUMNS_MAX} columns.")
        yield values


class _Cells:
    """The values of one sheet turned into texts, with a memory of what a spreadsheet did to them."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._numbers = 0
        self._real_date_line = self._text_date_line = 0
        self._votes = OrderVotes()

    def texts(self, values: Sequence[object], number: int) -> list[str]:
        """One row's cells."""
        texts = [_text(value) for value in values]
        if number > self._table.line:
            self._look_at_date(values, texts, number)
            self._look_at_account(values, texts)
        return texts

    def notes(self) -> tuple[str, ...]:
        """The notes that a person should read. Raises InvalidInput where days and months can't be told apart."""
        if self._real_date_line and self._text_date_line:
            raise _turned_dates(
                f"Some dates are real dates (line {self._real_date_line}), others are text (line "
                f"{self._text_date_line}): a spreadsheet may have taken days for months."
            )
        if self._real_date_line and self._votes.month_first():
            raise _turned_dates("The dates and the receipts disagree: a spreadsheet has taken days for months.")
        if not self._numbers:
            return ()
        words = (
            "account numbers (A/C No.) are numbers in this workbook: zeros at their beginning are lost where Details "
            "doesn't show them."
        )
        return (f"{self._numbers:,} {words}",)

    def _look_at_date(self, values: Sequence[object], texts: Sequence[str], number: int) -> None:
        column, receipt = self._table.columns["completed"], self._table.columns["receipt"]
        if len(values) <= column:
            return
        value = values[column]
        if isinstance(value, datetime):
            self._real_date_line = self._real_date_line or number
            named = texts[receipt].strip().upper() if len(texts) > receipt else ""
            self._votes.see(f"{value.day}-{value.month}-{value.year}", named, number)
        elif isinstance(value, str) and value.strip()[:1].isdecimal():
            self._text_date_line = self._text_date_line or number

    def _look_at_account(self, values: Sequence[object], texts: list[str]) -> None:
        column = self._table.columns.get("account")
        if column is None or len(values) <= column:
            return
        value = values[column]
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._numbers += 1
            if value == int(value):
                texts[column] = str(int(value))


def _turned_dates(message: str) -> InvalidInput:
    return InvalidInput(message, hint=DOWNLOAD, code="statement-dates-ambiguous")


def _text(value: object) -> str:
    """A cell as the portal's CSV would have it; a number that is no amount stays visible as a number."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (value + timedelta(milliseconds=500)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        cents = round(value * 100) if abs(value) < 1e15 else None
        if cents is not None and abs(value * 100 - cents) < 1e-4:
            return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
        return repr(value)
    return " ".join(str(value).splitlines())
