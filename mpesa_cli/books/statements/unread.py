"""The kept part of a row that could not be read: no column that holds names, and whatever is readable of the rest."""

from collections.abc import Mapping, Sequence

from mpesa_cli.books.statements.values import UnreadRow
from mpesa_cli.rules.held_facts import amount_shown, receipt_shown

_WITH_NAMES = frozenset({"details", "party"})
_CELL_MOST = 60


def unread_row(line: int, what: str, columns: Mapping[str, int], cells: Sequence[str]) -> UnreadRow:
    """The row by its fields. Columns of no known field may hold names, too, and are left out."""
    kept = {
        name: cells[place].strip()[:_CELL_MOST]
        for name, place in columns.items()
        if name not in _WITH_NAMES and 0 <= place < len(cells) and cells[place].strip()
    }
    came, went = amount_shown(kept.get("paid_in", "")), amount_shown(kept.get("withdrawn", "").lstrip("-"))
    moved = [each for each in (came, -went if went else None) if each]
    amount = moved[0] if len(moved) == 1 and "currency" not in what else None  # else it is not in shillings
    return UnreadRow(line, what, receipt_shown(kept.get("receipt", "")), amount, kept)
