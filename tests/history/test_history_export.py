"""The office's files: they come to what the summary comes to, show no whole number unasked, and hold no formula."""

import csv
import io
import json
import sqlite3
import stat
import sys
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from history_ledger import DAY_US, OTHER_PHONE, PHONE, START_US, Sale
from openpyxl import load_workbook

from mpesa_cli.history.export import files
from mpesa_cli.ledger.ledger import Ledger

Run = Callable[..., Any]
Sold = Callable[..., Ledger]
SALES = (
    Sale("A", amount=1_500), Sale("B", outcome="1032", msisdn=OTHER_PHONE, account="0708374149"),
    Sale("C", at_us=START_US - 40 * DAY_US),
    Sale("=HYPERLINK(1)", at_us=START_US - DAY_US, account="+1", description="@x\x07 254708374149"),
)


def told(value: Any) -> Any:
    """A date or a time of a workbook as the other forms write it."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, time) else value


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        return {sheet.title: [[told(cell.value) for cell in row] for row in sheet.rows] for sheet in book}
    if path.suffix == ".db":
        with sqlite3.connect(path) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            found = {n: [db.execute(f"SELECT * FROM {n}")] for n in names}
            read = {n: [[c[0] for c in q.description], *map(list, q)] for n, (q,) in found.items()}
        db.close()
        return read
    found = {}
    for each in path.parent.glob(f"{path.stem}*.csv"):
        name = each.stem.removeprefix(path.stem).removeprefix("-") or "payments"
        text = each.read_bytes().decode("utf-8-sig")
        found[name] = [[c or None for c in row] for row in csv.reader(io.StringIO(text, newline=""))]
    return found


@pytest.mark.parametrize("ending", ["xlsx", "csv", "db"])
def test_every_form_holds_the_same_and_comes_to_the_summary(
    mpesa: Run, sold: Sold, tmp_path: Path, ending: str
) -> None:
    sold(*SALES)
    path = tmp_path / f"out.{ending}"
    ran = mpesa("export", str(path), "--json")
    assert ran.status == 0, ran.stderr
    tables = sheets(path)
    assert set(tables) == {"payments", "receipts", "charges", "days", "months"}
    summary = json.loads(mpesa("history", "--summary", "--json").stdout)
    days = [[row[0], *(float(cell) for cell in row[1:7])] for row in tables["days"][1:]]
    assert days == [
        [d[n] for n in ("day", "count", "paid", "failed", "unsettled", "gross", "reversed")] for d in summary["days"]
    ]
    total = summary["total"]
    for name in ("days", "months"):
        assert sum(float(row[5]) for row in tables[name][1:]) == total["gross"]
    heads, *payments = tables["payments"]
    assert sum(float(row[heads.index("received")]) for row in payments) == total["gross"] - total["reversed"]
    assert sum(float(row[3]) for row in tables["receipts"][1:]) == total["gross"]
    first = dict(zip(heads, payments[0], strict=True))
    assert (first["date"], first["time"], first["phone"]) == ("2026-11-24", "10:30:00", "0711•••111")
    whole = b"".join(each.read_bytes() for each in tmp_path.glob("out*"))
    assert PHONE[3:].encode() not in whole
    assert PHONE[3:] not in json.dumps(tables)
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("out*")} == {0o600}


def test_a_workbook_holds_real_dates_and_times_in_columns_that_show_them(
    mpesa: Run, sold: Sold, tmp_path: Path
) -> None:
    sold(*SALES)
    assert mpesa("export", str(tmp_path / "out.xlsx")).status == 0
    book = load_workbook(tmp_path / "out.xlsx")
    heads, first = (list(row) for row in book["payments"].iter_rows(max_row=2))
    cells = {head.value: cell for head, cell in zip(heads, first, strict=True)}
    assert (cells["date"].value, cells["date"].number_format) == (datetime(2026, 11, 24), "yyyy-mm-dd")  # noqa: DTZ001
    assert cells["time"].value == time(10, 30)
    assert book["days"]["A2"].is_date
    assert book["payments"].column_dimensions["A"].width >= len("2026-11-24")


def test_where_openpyxl_is_missing_the_words_say_what_to_do_and_nothing_is_written(
    mpesa: Run, sold: Sold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(Sale("A"))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    refused = mpesa("export", str(tmp_path / "out.xlsx"))
    assert refused.status == 10
    assert "pip install" in refused.stderr
    assert "mpesa export FILE.csv" in refused.stderr
    assert list(tmp_path.glob("*out*")) == []


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_no_cell_is_a_formula(mpesa: Run, sold: Sold, tmp_path: Path, ending: str) -> None:
    sold(*SALES)
    assert mpesa("export", str(tmp_path / f"out.{ending}")).status == 0
    cells = [cell for rows in sheets(tmp_path / f"out.{ending}").values() for row in rows for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if isinstance(cell, str) and cell[0] in "=+-@\t\r"]


def test_whole_numbers_are_written_only_when_that_was_answered(mpesa: Run, sold: Sold, tmp_path: Path) -> None:
    sold(Sale("A"))
    path = tmp_path / "out.csv"
    assert mpesa("export", str(path), "--full").status == 9
    assert mpesa("export", str(path), "--full", stdin="n\n", tty=True).status == 1
    assert not path.exists()
    assert mpesa("export", str(path), "--full", stdin="y\n", tty=True).status == 0
    assert "0708 374 149" in path.read_text(encoding="utf-8")  # bare digits would be read as a number
    assert mpesa("export", str(tmp_path / "out.db"), "--full", "--yes").status == 0
    assert PHONE in str(sheets(tmp_path / "out.db")["payments"])


def test_a_text_that_looks_like_an_error_of_excel_stays_text(mpesa: Run, sold: Sold, tmp_path: Path) -> None:
    sold(Sale("A", account="#N/A", description="#REF!"))
    assert mpesa("export", str(tmp_path / "out.xlsx")).status == 0
    cells = [cell for row in load_workbook(tmp_path / "out.xlsx")["payments"].rows for cell in row]
    assert {(c.value, c.data_type) for c in cells if str(c.value).startswith("#")} == {("#N/A", "s"), ("#REF!", "s")}


def test_a_file_that_is_there_stays_and_an_unknown_ending_is_refused(mpesa: Run, sold: Sold, tmp_path: Path) -> None:
    sold(Sale("A"))
    path = tmp_path / "out.db"
    path.write_text("mine")
    assert mpesa("export", str(path)).status == 9
    assert path.read_text() == "mine"
    assert mpesa("export", str(tmp_path / "out.ods")).status == 2
    assert sorted(each.name for each in tmp_path.glob("*out*")) == ["out.db"]


def test_a_table_that_is_too_long_gets_a_sheet_for_each_month(
    mpesa: Run, sold: Sold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 2)
    sold(*SALES)
    assert mpesa("export", str(tmp_path / "out.xlsx")).status == 0
    tables = sheets(tmp_path / "out.xlsx")
    parts = {name: len(rows) - 1 for name, rows in tables.items() if name.startswith("payments")}
    assert parts == {"payments 2026-11": 2, "payments 2026-11 2": 1, "payments 2026-10": 1}
