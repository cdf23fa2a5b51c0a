"""The one table for people: headings, a rule, rows, and what they come to, within the width of the screen."""

from collections.abc import Sequence
from typing import NamedTuple

from mpesa_cli.terminal.cells import on_screen

_GREEN, _END = "\x1b[32m", "\x1b[0m"
_GAP = 2
_WORD_MOST = 24  # a column keeps its longest word whole up to here, a path is broken
_LEAST = 8


class Table(NamedTuple):
    """Rows under headings. ``numbers`` are the columns that stand to the right. ``totals`` are for a screen alone.

    ``named``: a pipe gets the headings as its first line, where columns can't be told apart by what is in them.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: tuple[int, ...] = ()
    totals: Sequence[Sequence[str]] = ()
    named: bool = False


def aligned(table: Table, columns: int, *, green: frozenset[int] = frozenset()) -> list[str]:
    """The lines of a table within ``columns``; ``green`` names rows. What is too wide goes on in the next line.

    Where even the longest words do not fit the table is wider all the same: nothing is left out.
    """
    rows = [[on_screen(cell) for cell in row] for row in table.rows]
    widths = _widths([table.headings, *rows, *table.totals], columns, frozenset(table.numbers))

    def lines(cells: Sequence[str]) -> list[str]:
        folded = [_folded(cell, width) for cell, width in zip(cells, widths, strict=True)]
        return [
            (" " * _GAP).join(
                piece.rjust(width) if at in table.numbers else piece.ljust(width)
                for at, (piece, width) in enumerate(zip(pieces, widths, strict=True))
            ).rstrip()
            for pieces in ([each[n] if n < len(each) else "" for each in folded] for n in range(max(map(len, folded))))
        ]

    rule = (" " * _GAP).join("─" * width for width in widths)
    shown = [*lines(table.headings), rule]
    for number, row in enumerate(rows):
        shown += [f"{_GREEN}{line}{_END}" for line in lines(row)] if number in green else lines(row)
    if table.totals:
        shown.append(rule)
        shown += [line for row in table.totals for line in lines(row)]
    return shown


def _widths(rows: Sequence[Sequence[str]], columns: int, numbers: frozenset[int]) -> list[int]:
    """The widths of the columns: the widest give way first, as far as their longest words allow, then only words do."""
    by_column = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in by_column]
    words = [max((len(word) for cell in column for word in cell.split()), default=0) for column in by_column]
    whole = [word if at in numbers else min(word, _WORD_MOST) for at, word in enumerate(words)]
    for least in (whole, [word if at in numbers else _LEAST for at, word in enumerate(words)]):
        while sum(widths) + _GAP * (len(widths) - 1) > columns:
            room = [(width, at) for at, width in enumerate(widths) if width > least[at]]
            if not room:
                break
            widths[max(room)[1]] -= 1
    return widths


def _folded(text: str, width: int) -> list[str]:
    """The pieces of a cell, broken at words, and within a word that is longer than the column."""
    if len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split():
        rest = word
        if line and len(line) + 1 + len(rest) <= width:
            line = f"{line} {rest}"
            continue
        if line:
            lines.append(line)
        while len(rest) > width:
            lines.append(rest[:width])
            rest = rest[width:]
        line = rest
    return [*lines, line] if line else lines or [""]
