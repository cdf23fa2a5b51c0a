"""Damage of the kinds that transfers, editors and spreadsheets do to a file; the same seed does the same."""

import random
from collections.abc import Callable

PIECES = (
    b'"', b",", b";", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"-", b"E5",
    b"1.23E+15", b"Receipt No.", b"Completed", b"TOTAL", b"32-13-2026 25:61:61", b"24-11-2026 10:45:12",
    b"11-24-2026 10:45:12", b"99999999999999999999.99", b"-0.00", b"nan", b"=1+1", b"(5.00)", "١٢".encode(),
    "–".encode(), b'""', b"<", b"%PDF",
)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to four kinds of damage on the bytes."""
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(_KINDS)(data, chance)
    return data


def _flip(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) or 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(data) or 1)
    return data[:begin] + data[begin + chance.randint(1, 40) :]


def _end(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(PIECES) + data[at:]


def _swap_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _replace_cell(data: bytes, chance: random.Random) -> bytes:
    cells = data.split(b",")
    cells[chance.randrange(len(cells))] = chance.choice(PIECES)
    return b",".join(cells)


_KINDS: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _end, _insert, _swap_lines, _replace_cell)
