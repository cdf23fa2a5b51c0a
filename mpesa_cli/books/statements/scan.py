"""One quick look at every date of a CSV statement, before any of them is read."""

import csv
from collections.abc import Iterable

from mpesa_cli.books.statements.columns import Table
from mpesa_cli.books.statements.times import OrderVotes

DATES_AT_MOST = 20_000  # distinct beginnings that are remembered; a century has more days


def see_dates(lines: Iterable[str], table: Table, delimiter: str) -> OrderVotes | None:
    """The votes of all lines after the headings, found without taking them apart.

    None where some line needs a CSV reader: a quotation mark stands before the date or the receipt, which says what an
    ambiguous date means, or a cell has lines.
    """
    votes = OrderVotes()
    column, receipt = table.columns["completed"], table.columns["receipt"]
    last = max(column, receipt)
    seen: set[str] = set()
    for number, line in enumerate(lines, table.line + 1):
        cells = line.split(delimiter, last + 1)
        quote = line.find('"')
        rest = len(cells[last + 1]) if len(cells) > last + 1 else 0
        if quote >= 0 and (quote < len(line) - rest or line.count('"') % 2):
            return None
        if len(cells) > column and (day := cells[column].strip()[:10]) not in seen:
            _see(votes, seen, day, cells[column], cells[receipt] if len(cells) > receipt else "", number)
    return votes


def read_dates(lines: Iterable[str], table: Table, delimiter: str) -> OrderVotes:
    """The same votes, found with a CSV reader. ``lines`` are those after the headings."""
    votes = OrderVotes()
    column, receipt = table.columns["completed"], table.columns["receipt"]
    seen: set[str] = set()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return votes
        except csv.Error:
            continue
        if len(cells) > column and (day := cells[column].strip()[:10]) not in seen:
            receipt_text = cells[receipt] if len(cells) > receipt else ""
            _see(votes, seen, day, cells[column], receipt_text, table.line + reader.line_num)


def _see(votes: OrderVotes, seen: set[str], day: str, text: str, receipt: str, line: int) -> None:
    if len(seen) < DATES_AT_MOST:
        seen.add(day)
    votes.see(text, receipt.strip().upper(), line)
