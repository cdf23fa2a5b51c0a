"""The files of an export, each for its owner only, written beside its place and put there whole."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, time
from functools import cache
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import Conflict, InvalidInput, SettingsError
from mpesa_cli.floor.installation import adding
from mpesa_cli.history.export.tables import Cell, ExportTable, month_of_row
from mpesa_cli.terminal.cells import on_screen
from mpesa_cli.terminal.csv_rows import csv_text, harmless

SHEET_ROWS = 1_000_000  # a sheet of Excel takes 1,048,576
PART_ROWS = 500
WIDTH = 12  # of a column, in characters: a date that does not fit is shown as ####


def writer_for(path: Path) -> Callable[[Path, Iterable[ExportTable]], dict[Path, int]]:
    """The writer of an export of this name; it returns the rows by file. Raises InvalidInput, SettingsError."""
    match path.suffix.lower():
        case ".xlsx":
            _openpyxl()
            return lambda target, tables: _one(target, tables, _workbook)
        case ".db":
            return lambda target, tables: _one(target, tables, _database)
        case ".csv":
            return _csv_files
    raise InvalidInput(
        f"{path.name}: its ending says what to write, and there is no such export.",
        hint="Right: mpesa export november.xlsx, november.csv or november.db", code="export-ending",
    )


def _one(
    target: Path, tables: Iterable[ExportTable], write: Callable[[Path, Iterable[ExportTable]], int]
) -> dict[Path, int]:
    with _placed(target) as scratch:
        rows = write(scratch, tables)
    return {target: rows}


def _csv_files(target: Path, tables: Iterable[ExportTable]) -> dict[Path, int]:
    """The payments in the file itself, every other table beside it: november-receipts.csv."""
    written = {}
    for table in tables:
        place = target if table.name == "payments" else target.with_name(f"{target.stem}-{table.name}{target.suffix}")
        with _placed(place) as scratch, scratch.open("w", encoding="utf-8", newline="") as file:
            file.write("\ufeff" + csv_text([table.fields]))  # the mark tells Excel that it is UTF-8
            for part in _parts(table.rows):
                file.write(csv_text(part))
        written[place] = table.size
    return written


def _workbook(scratch: Path, tables: Iterable[ExportTable]) -> int:
    workbook = _openpyxl()(write_only=True)
    rows = 0
    for table in tables:
        for name, part in _sheets(table):
            sheet = workbook.create_sheet(name)
            for at, field in enumerate(table.fields):
                sheet.column_dimensions[chr(ord("A") + at)].width = max(len(field) + 2, WIDTH)
            sheet.append(table.fields)
            kinds = [_KINDS.get(field) for field in table.fields]
            for row in part:
                sheet.append([
                    cell if not isinstance(cell, str) else _text(sheet, cell) if kind is None else kind(cell)
                    for cell, kind in zip(row, kinds, strict=True)
                ])
        rows += table.size
    workbook.save(scratch)
    return rows


@cache
def _date(text: str) -> date:
    return date.fromisoformat(text)


# The columns that are dates and times of day to a spreadsheet, which sorts and counts by them.
_KINDS: dict[str, Callable[[str], date | time]] = {
    "date": _date, "paid_date": _date, "day": _date, "closed_date": _date,
    "time": time.fromisoformat, "paid_time": time.fromisoformat,
}


def _text(sheet: Any, text: str) -> Any:
    """A cell that is text, whatever stands in it: ``#N/A`` would become one of Excel's errors."""
    shown = harmless(on_screen(text))
    if not shown.startswith("#"):
        return shown
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    return cell


def _sheets(table: ExportTable) -> Iterator[tuple[str, Iterator[Sequence[Cell]]]]:
    """One sheet; of a table that is too long a sheet for each month, and a further one where that is too long."""
    if table.size <= SHEET_ROWS:
        yield table.name, table.rows
        return
    for month, of_month in groupby(table.rows, key=month_of_row):
        rows, number = iter(of_month), 1
        for first in rows:  # each turn takes a whole sheet of them
            name = f"{table.name} {month}" + (f" {number}" if number > 1 else "")
            yield name, chain([first], islice(rows, SHEET_ROWS - 1))
            number += 1


def _database(scratch: Path, tables: Iterable[ExportTable]) -> int:
    from sqlite_utils import Database

    database, rows = Database(scratch), 0
    try:
        for table in tables:
            made = database.table(table.name)
            columns = {name: _kind(name) for name in table.fields}
            made.create(columns)
            # insert_all() makes a dictionary of each row, and a statement of 55 of them, since SQLite takes 999 values.
            marks = ",".join("?" * len(table.fields))
            with database.conn:
                database.conn.executemany(f"INSERT INTO [{table.name}] VALUES ({marks})", table.rows)
            rows += table.size
        database.table("payments").create_index(["date"])
        database.table("payments").create_index(["order_id"])
    finally:
        database.close()
    return rows


_NUMBERS = {"payments", "paid", "not_paid", "open", "attempt", "books_count", "mpesa_count", "days_closed"}
_MONEY = {
    "amount", "received", "reversed", "money_in", "given_back", "books_in", "mpesa_in", "mpesa_charges",
    "mpesa_reversals", "mpesa_other", "mpesa_net",
}


def _kind(name: str) -> type:
    return int if name in _NUMBERS else float if name in _MONEY else str


def _parts(rows: Iterator[Sequence[Cell]]) -> Iterator[list[Sequence[Cell]]]:
    while part := list(islice(rows, PART_ROWS)):
        yield part


@contextlib.contextmanager
def _placed(target: Path) -> Iterator[Path]:
    """A private file to write, put at ``target`` where all went well. Raises Conflict where something is there."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        _check_free(target)
        scratch.unlink(missing_ok=True)
        os.close(machine.open_private(scratch, new=True))
        yield scratch
        machine.sync_file(scratch)
        machine.give_name(scratch, target)
    except FileExistsError:
        raise Conflict(
            f"{target} exists already, and was left as it is.", hint="Choose another name: mpesa export FILE",
            code="file-exists",
        ) from None
    except OSError as refused:
        raise InvalidInput(
            f"{target} can't be written: {refused.strerror or refused}.",
            hint="The ledger is as it was. Choose another place, then: mpesa export FILE", code="file-unwritable",
        ) from refused
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def _check_free(target: Path) -> None:
    if target.exists():
        raise FileExistsError


def _openpyxl() -> Any:
    try:
        from openpyxl import Workbook  # type: ignore[import-untyped]
    except ModuleNotFoundError as missing:
        raise SettingsError(
            "Writing Excel files needs openpyxl, which is not installed.",
            hint=f"Nothing was written. Install it:  {adding('xlsx')}  Or write CSV:  mpesa export FILE.csv",
            code="xlsx-missing",
        ) from missing
    return Workbook
