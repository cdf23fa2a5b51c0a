"""Every layout of a statement reads as the same day."""

import hashlib
from collections import Counter
from dataclasses import replace

import pytest
from layouts import LAYOUTS, NO_LINKED, NO_SECONDS
from shop_day import CLOSING, DAY, FILES, OPENING

from mpesa_cli.books.statements.statement import open_statement
from mpesa_cli.rules.statement_row import StatementRow

MINUTE_US = 60_000_000
WORKBOOKS = ("excel.xlsx", "excel-shared-texts.xlsx", "excel-texts.xlsx", "account-as-number.xlsx")


def expected(name: str) -> list[StatementRow]:
    rows = list(DAY)
    if name in NO_SECONDS:
        rows = [replace(row, completed_us=row.completed_us // MINUTE_US * MINUTE_US) for row in rows]
    if name in NO_LINKED:
        rows = [replace(row, linked="") for row in rows]
    return rows[::-1] if name in LAYOUTS and not LAYOUTS[name].newest_first else rows


@pytest.mark.parametrize("name", [*LAYOUTS, *WORKBOOKS])
def test_every_layout_reads_as_the_same_day(name: str) -> None:
    with open_statement(FILES / name) as statement:
        rows = [replace(row, line=0) for row in statement.rows()]
        assert rows == expected(name)
        assert statement.problems == []
        assert statement.skipped == Counter({"Failed": 1, "Cancelled": 1})
        assert (statement.continuity, statement.unchecked) == ([], "")
        assert (statement.opening_cents, statement.closing_cents) == (OPENING, CLOSING)


def test_the_files_are_all_there_and_all_read() -> None:
    assert {path.name for path in FILES.iterdir()} == {*LAYOUTS, *WORKBOOKS}


@pytest.mark.parametrize("name", ["portal.csv", "excel.xlsx", "month-first.csv", "utf-16.csv", "quoted-newlines.csv"])
def test_the_heading_says_whose_statement_it_is_and_of_which_period(name: str) -> None:
    midnight_us = 1_795_467_600_000_000
    with open_statement(FILES / name) as statement:
        heading = statement.heading
    assert (heading.organisation, heading.shortcode) == ("DUKA TEST", "600984")
    assert (heading.from_us, heading.until_us) == (midnight_us, midnight_us + 86_400_000_000)
    assert (heading.opening_cents, heading.closing_cents) == (OPENING, CLOSING)


@pytest.mark.parametrize("name", ["two-heading-lines.csv", "three-heading-lines.csv", "five-heading-lines.csv"])
def test_headings_are_found_however_they_are_laid_out(name: str) -> None:
    with open_statement(FILES / name) as statement:
        assert (statement.heading.organisation, statement.heading.shortcode) == ("DUKA TEST", "600984")


@pytest.mark.parametrize(
    ("name", "reversal", "next_row"),
    [("portal.csv", 11, 12), ("excel.xlsx", 11, 12), ("utf-16.csv", 11, 12), ("quoted-newlines.csv", 11, 14)],
)
def test_a_row_names_the_line_it_begins_on(name: str, reversal: int, next_row: int) -> None:
    with open_statement(FILES / name) as statement:
        lines = {row.receipt: row.line for row in statement.rows() if row.kind != "charge"}
    assert (lines["UKO5SETTLE"], lines["UKO4REVERS"], lines["UKO3SAME01"]) == (8, reversal, next_row)


def test_rows_can_be_read_again() -> None:
    with open_statement(FILES / "portal.csv") as statement:
        assert list(statement.rows()) == list(statement.rows())
        assert statement.skipped["Failed"] == 1


def test_the_digest_is_that_of_the_file() -> None:
    for name in ("portal.csv", "excel.xlsx"):
        with open_statement(FILES / name) as statement:
            assert statement.sha256 == hashlib.sha256((FILES / name).read_bytes()).hexdigest()


def test_american_dates_are_said_to_be_such() -> None:
    with open_statement(FILES / "month-first.csv") as statement:
        assert ["month first" in note for note in statement.notes] == [True]


def test_account_numbers_that_became_numbers_are_said_to_be_such() -> None:
    with open_statement(FILES / "account-as-number.xlsx") as statement:
        assert len(statement.notes) == 1
        assert statement.notes[0].startswith("1 account numbers")
