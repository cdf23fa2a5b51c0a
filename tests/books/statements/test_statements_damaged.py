"""Damaged files: nothing but an MpesaError ever comes out, and no amount that is not in the file."""

import io
import random
import re
import zipfile
from pathlib import Path

import pytest
from damage import damaged
from layouts import LAYOUTS
from shop_day import DAY, FILES

from mpesa_cli.books.statements.statement import open_statement
from mpesa_cli.floor.errors import MpesaError

KNOWN_RECEIPTS = {row.receipt for row in DAY}


def read_all(path: Path) -> int:
    """Read a file to its end; how many rows it had, or -1 where it was refused."""
    try:
        with open_statement(path) as statement:
            rows = list(statement.rows())
    except MpesaError as refused:
        return -1 if refused.hint and refused.message else -2
    for row in rows:
        assert re.fullmatch(r"[A-Z][A-Z0-9]{7,11}", row.receipt)
        assert row.amount_cents != 0
        assert (row.amount_cents > 0) or row.kind != "received"
    assert statement.totals.came_cents == sum(row.amount_cents for row in rows if row.amount_cents > 0)
    for problem in statement.problems:
        assert len(problem.text) <= 60
        assert not re.search(r"[B-Zb-z0-8]", problem.text)
    return len(rows)


@pytest.mark.parametrize("part", range(4))
def test_damaged_text_ends_in_rows_problems_or_a_refusal(tmp_path: Path, part: int) -> None:
    chance = random.Random(part)
    originals = [(FILES / name).read_bytes() for name in LAYOUTS]
    path = tmp_path / "statement.csv"
    outcomes = set()
    for _ in range(2_000):
        path.write_bytes(damaged(chance.choice(originals), chance))
        outcomes.add(read_all(path))
    assert {-1, 0, len(DAY)} <= outcomes
    assert -2 not in outcomes


def test_damaged_workbooks_end_in_rows_problems_or_a_refusal(tmp_path: Path) -> None:
    chance = random.Random(5)
    originals = [path.read_bytes() for path in FILES.glob("*.xlsx")]
    path = tmp_path / "statement.xlsx"
    for _ in range(200):
        path.write_bytes(damaged(chance.choice(originals), chance))
        read_all(path)


def test_damage_inside_the_parts_of_a_workbook_ends_well_too(tmp_path: Path) -> None:
    chance = random.Random(6)
    path = tmp_path / "statement.xlsx"
    with zipfile.ZipFile(FILES / "excel-shared-texts.xlsx") as good:
        parts = {member.filename: good.read(member) for member in good.infolist()}
    for _ in range(100):
        out = io.BytesIO()
        hurt = chance.choice(list(parts))
        with zipfile.ZipFile(out, "w") as bad:
            for name, data in parts.items():
                bad.writestr(name, damaged(data, chance) if name == hurt else data)
        path.write_bytes(out.getvalue())
        read_all(path)
