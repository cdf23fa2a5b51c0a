"""A shop's CSV file as text: bytes in, cells under known headings out, with the line each row stands on. Pure.

Spreadsheets write many dialects: a byte order mark, commas, semicolons or tabs, UTF-8, UTF-16 or Windows'
cp1252, blank lines, quoted cells with line breaks. All of them are read; what is in doubt is a fault.
"""

import csv
import difflib
import io
from collections.abc import Iterator, Mapping

from mpesa_cli.floor.records import dataclass

COLUMNS = ("phone", "amount", "order", "account", "description")
REQUIRED = ("phone", "amount", "order")
ROWS_MAX = 10_000
BYTES_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the file. ``kind`` groups faults; ``line`` counts from 1, 0 is the file as a whole."""

    kind: str
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: its cells by column, stripped, and the line on which it begins."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file, its faults, and the headings that mean nothing to us."""

    rows: tuple[Cells, ...] = ()
    faults: tuple[Fault, ...] = ()
    not_used: tuple[str, ...] = ()


def read_table(raw: bytes) -> Table:
    """Read the bytes of a file. Never raises: what can't be read is a fault."""
    text = _decode(raw)
    if isinstance(text, Fault):
        return Table(faults=(text,))
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter)
    heading = next(lines, None)
    if heading is None:
        return Table(faults=(Fault("file", 0, "It is empty."),))
    if isinstance(heading, Fault):
        return Table(faults=(heading,))
    names = [_name(cell) for cell in heading[1]]
    faults = _heading_faults(heading[0], heading[1], names)
    not_used = tuple(cell.strip() for cell, name in zip(heading[1], names, strict=True) if name and name not in COLUMNS)
    if faults:
        return Table(faults=tuple(faults), not_used=not_used)
    return _rows(lines, names, not_used)


def _decode(raw: bytes) -> str | Fault:
    if len(raw) > BYTES_MAX:
        return Fault("file", 0, f"It is larger than {BYTES_MAX >> 20} MiB. Split it into several.")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return Fault("file", 0, "It is a spreadsheet, not CSV. Save it as CSV (UTF-8) first.")
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return Fault("file", 0, "It is not text. Save it as CSV (UTF-8).")


def _delimiter(text: str) -> str:
    """The one that shows the most known headings in the first line that has any; a comma where none does."""
    first = next((line for line in text.splitlines() if line.strip(" \t,;")), "")
    return max(",;\t", key=lambda mark: sum(_name(cell.strip('"')) in COLUMNS for cell in first.split(mark)))


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """Each row that isn't blank with the line it begins on. A fault in the quoting ends the file."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            yield Fault("quotes", line, f"Quotation marks don't pair here, so the rest can't be read ({wrong}).")
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _name(cell: str) -> str:
    return " ".join(cell.split()).casefold()


def _heading_faults(line: int, cells: list[str], names: list[str]) -> list[Fault]:
    faults = []
    for cell, name in zip(cells, names, strict=True):
        near = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.75)
        if name not in COLUMNS and near:
            faults.append(Fault("heading", line, f"The column {cell.strip()!r}: name it {near[0]!r} if you mean that."))
    faults += [Fault("heading", line, f"The column {n!r} is there twice.") for n in COLUMNS if names.count(n) > 1]
    missing = [n for n in REQUIRED if n not in names]
    if missing:
        words = f"The column {missing[0]!r} is" if len(missing) == 1 else f"The columns {', '.join(missing)} are"
        faults.append(Fault("heading", line, f"{words} missing. The first line must name phone, amount and order."))
    return faults


def _rows(lines: Iterator[tuple[int, list[str]] | Fault], names: list[str], not_used: tuple[str, ...]) -> Table:
    rows: list[Cells] = []
    faults: list[Fault] = []
    for found in lines:
        if isinstance(found, Fault):
            faults.append(found)
            break
        line, cells = found
        if len(rows) == ROWS_MAX:
            faults.append(Fault("file", 0, f"It has more than {ROWS_MAX:,} rows. Split it into several."))
            break
        if any(cell.strip() for cell in cells[len(names) :]):
            faults.append(Fault("cells", line, f"{len(cells)} values under {len(names)} headings."))
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name in COLUMNS}
        rows.append(Cells(line, values))
    if not rows and not faults:
        faults.append(Fault("file", 0, "It has a heading and no rows."))
    return Table(tuple(rows), tuple(faults), not_used)
