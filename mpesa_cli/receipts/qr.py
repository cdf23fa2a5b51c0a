"""The QR code of a receipt as dark runs, for faces that draw it themselves."""

from typing import NamedTuple

QUIET = 4  # light modules around a QR code, without which readers may not find it


class Run(NamedTuple):
    """Dark modules beside each other: where they begin, and how many."""

    x: int
    y: int
    length: int


def qr_runs(text: str) -> tuple[int, list[Run]]:
    """The width of the code in modules, its quiet zone included, and its dark runs."""
    import segno

    matrix = segno.make_qr(text, error="m").matrix
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            length = 1
            while row[x] and x + length < len(row) and row[x + length]:
                length += 1
            if row[x]:
                runs.append(Run(x + QUIET, y + QUIET, length))
            x += length
    return len(matrix) + 2 * QUIET, runs
