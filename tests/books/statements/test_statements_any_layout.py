"""Whatever the rows and however they are written: what is read is what was written, and no cent is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop_day import ABOVE
from statement_files import EAT, OLD, TODAY, Layout, csv_file, table_of, typed, workbook

from mpesa_cli.books.statements.statement import open_statement
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.simulator.identifiers import receipt

SECOND_US = 1_000_000
FIRST_US = int(datetime(2026, 1, 1, tzinfo=EAT).timestamp()) * SECOND_US
PARTIES = ("254708374149", "2547****4149", "600984", "")
plain = st.text(st.sampled_from("ABCxyz0189 ,;\t'\"-/.#&=@"), max_size=12).map(str.strip)
accounts = plain.map(lambda text: " ".join(text.split()))


@st.composite
def days(draw: Callable[..., object]) -> list[StatementRow]:
    """Movements of a year, newest first, with the balances that follow from them and receipts of their days."""
    seconds = sorted(draw(st.lists(st.integers(0, 364 * 86_400), max_size=12)))  # type: ignore[type-var]
    shop, charges, rows, taken = 10**13, 0, [], set[str]()
    for serial, second in enumerate(seconds):
        at_us = FIRST_US + second * SECOND_US
        made = receipt(at_us, serial, taken, lambda _: "7f")
        taken.add(made)
        amount = draw(st.integers(1, 10**11))
        kind = draw(st.sampled_from(["received", "received", "received", "reversal", "other"]))
        signed = amount if kind == "received" else -amount
        shop += signed
        account = draw(accounts) if kind == "received" else ""
        party = draw(st.sampled_from(PARTIES))
        linked = made if kind == "reversal" else ""
        rows.append(StatementRow(made, kind, signed, at_us, shop, account, party, linked, 0))
        if kind == "received" and draw(st.booleans()):
            charges -= 275
            rows.append(StatementRow(made, "charge", -275, at_us, charges, "", "600984", "", 0))
    return rows[::-1]


layouts = st.builds(
    Layout,
    columns=st.one_of(st.permutations(TODAY), st.permutations((*TODAY, "Note"))).map(tuple),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\r\n", "\n"]),
    dates=st.sampled_from(["%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %I:%M:%S %p"]),
    newest_first=st.booleans(),
    withdrawn_sign=st.sampled_from(["", "-"]),
    thousands=st.sampled_from(["", ","]),
    above=st.integers(0, len(ABOVE)).map(lambda count: ABOVE[:count]),
    totals=st.booleans(),
    quote_all=st.booleans(),
    name=st.sampled_from(["JANE DOE", "JOSÉ “PEPE”", 'ANN "A" O\'NEIL', "JANE\nDOE", "A, B; C"]),
)


def same(statement_rows: list[StatementRow], written: list[StatementRow], layout: Layout) -> None:
    """The rows are those that were written, in the order of the file."""
    read = [replace(row, line=0) for row in statement_rows]
    assert read == (written if layout.newest_first else written[::-1])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file that every example writes anew."""
    return tmp_path_factory.mktemp("layouts") / "statement"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days(), layouts)
def test_rows_of_any_layout_read_back_as_they_were(
    path: Path, rows: list[StatementRow], layout: Layout
) -> None:
    path.write_bytes(csv_file(rows, layout))
    with open_statement(path) as statement:
        same(list(statement.rows()), rows, layout)
        assert (statement.problems, statement.continuity, statement.unchecked) == ([], [], "")
        assert statement.totals.came_cents - statement.totals.went_cents == sum(row.amount_cents for row in rows)


def test_a_receipt_behind_a_quoted_cell_says_that_the_month_comes_first(path: Path) -> None:
    at_us = int(datetime(2026, 1, 2, tzinfo=EAT).timestamp()) * SECOND_US
    made = receipt(at_us, 1, set(), lambda _: "7f")
    row = StatementRow(made, "received", 100, at_us, 100, "7;8", "254708374149", "", 0)
    columns = ("Completion Time", "A/C No.", *(each for each in TODAY if each not in {"Completion Time", "A/C No."}))
    layout = Layout(columns=columns, delimiter=";", dates="%m/%d/%Y %H:%M:%S")
    path.write_bytes(csv_file([row], layout))
    assert b'"7;8"' in path.read_bytes()
    with open_statement(path) as statement:
        same(list(statement.rows()), [row], layout)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days(), st.booleans(), st.booleans())
def test_rows_of_a_workbook_read_back_as_they_were(
    path: Path, rows: list[StatementRow], newest_first: bool, real_cells: bool
) -> None:
    layout = Layout(newest_first=newest_first, above=ABOVE)
    table = table_of(rows, layout)
    path.write_bytes(workbook(typed(table, layout) if real_cells else table))
    with open_statement(path) as statement:
        same(list(statement.rows()), rows, layout)
        assert (statement.problems, statement.continuity) == ([], [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days(), st.sampled_from(["%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"]), st.booleans())
def test_rows_of_an_old_export_read_back_but_for_what_it_has_no_column_for(
    path: Path, rows: list[StatementRow], dates: str, newest_first: bool
) -> None:
    layout = Layout(columns=OLD, dates=dates, newest_first=newest_first)
    path.write_bytes(csv_file(rows, layout))
    with open_statement(path) as statement:
        same(list(statement.rows()), [replace(row, linked="") for row in rows], layout)


def test_a_month_first_file_of_the_first_twelve_days_is_known_by_its_receipts(path: Path) -> None:
    layout = Layout(dates="%m/%d/%Y %H:%M:%S")
    at_us = FIRST_US + 100 * 86_400 * SECOND_US  # 11 April
    row = StatementRow("UDBAAAAAAA", "received", 100, at_us, 100, "", PARTIES[0], "", 0)
    path.write_bytes(csv_file([row], layout))
    with open_statement(path) as statement:
        same(list(statement.rows()), [row], layout)
        assert "month first" in statement.notes[0]
    path.write_bytes(csv_file([replace(row, receipt="UKDAAAAAAA")], layout))  # 13 November: says nothing
    with open_statement(path) as statement:
        assert next(statement.rows()).completed_us != at_us
        assert statement.notes == ()
