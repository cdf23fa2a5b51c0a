"""QR codes as dark runs, for faces that draw them themselves: of a text, or of the modules of a picture."""

from collections.abc import Sequence
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

    return runs_of(segno.make_qr(text, error="m").matrix)


def runs_of(modules: Sequence[Sequence[int]]) -> tuple[int, list[Run]]:
    """The same of rows of modules, dark ones true, without their quiet zone."""
    runs = []
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            length = 1
            while row[x] and x + length < len(row) and row[x + length]:
                length += 1
            if row[x]:
                runs.append(Run(x + QUIET, y + QUIET, length))
            x += length
    return len(modules) + 2 * QUIET, runs
