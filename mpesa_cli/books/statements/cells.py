"""Cells as their writer meant them: white space of every kind is one blank, and invisible characters are dropped.

Tables taken from a PDF, and spreadsheets, break lines inside dates, states and names; web pages put in blanks that
are no blanks.
"""

from mpesa_cli.rules.values.typed_digits import without_marks


def plain(cells: list[str]) -> list[str]:
    """These cells with one blank for any white space, and none around; the same list where nothing changes."""
    # What Python calls printable has no white space but the blank; both looks take less than a microsecond a row.
    together = "".join(cells)
    if together.isprintable() and "  " not in together:
        return cells
    return [" ".join(without_marks(cell).split()) for cell in cells]
