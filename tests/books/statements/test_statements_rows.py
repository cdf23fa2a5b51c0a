"""What a line becomes: a row, a count, or a problem that says what is wrong and shows nobody's name or money."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from layouts import PORTAL
from shop_day import DAY
from statement_files import TODAY, csv_file, table_of, typed, workbook

from mpesa_cli.books.statements.statement import Statement, open_statement
from mpesa_cli.books.statements.values import Problem
from mpesa_cli.rules.statement_row import StatementRow

GOOD = ("UKO1AB23CD", "24-11-2026 10:45:12", "", "Pay Bill", "Completed", "500.00", "", "42,250.00", "true",
        "Pay Bill Online", "2547****4149 - JANE DOE", "", "INV-1")
FIELDS = dict(zip(TODAY, GOOD, strict=True))


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[list[StatementRow], Statement]]:
    """What one line becomes: a good one, with some cells written otherwise. ``raw`` stands as it is."""

    def read_it(cells: dict[str, str] | None = None, raw: str = "") -> tuple[list[StatementRow], Statement]:
        path = tmp_path / "statement.csv"
        line = ",".join(f'"{cell}"' for cell in {**FIELDS, **(cells or {})}.values())
        path.write_text(f"{','.join(TODAY)}\n{raw or line}\n", encoding="utf-8")
        with open_statement(path) as statement:
            return list(statement.rows()), statement

    return read_it


Read = Callable[..., tuple[list[StatementRow], Statement]]


@pytest.mark.parametrize(
    ("cells", "what", "text"),
    [
        ({"Receipt No.": "1.23E+15"}, "The receipt is a number: a spreadsheet changed it", "9.99A+99"),
        ({"Receipt No.": "6E5"}, "The receipt is a number: a spreadsheet changed it", "9A9"),
        ({"Receipt No.": "600000"}, "The receipt is a number: a spreadsheet changed it", "999999"),
        ({"Receipt No.": "#NAME?"}, "The receipt can't be read", "#AAAA?"),
        ({"Receipt No.": ""}, "There is no receipt", ""),
        ({"Completion Time": "46350.4481"}, "The completion time can't be read", "99999.9999"),
        ({"Completion Time": "########"}, "The completion time can't be read", "########"),
        ({"Completion Time": "24-11-2026"}, "The completion time can't be read", "99-99-9999"),
        ({"Completion Time": "31-02-2026 10:00:00"}, "The completion time can't be read", "99-99-9999 99:99:99"),
        ({"Completion Time": "24-11-2026 10:45:60"}, "The completion time can't be read", "99-99-9999 99:99:99"),
        ({"Paid In": "1,05,3.00"}, "An amount can't be read", "9,99,9.99"),
        ({"Paid In": ",500.00"}, "An amount can't be read", ",999.99"),
        ({"Paid In": "1053,00"}, "An amount can't be read", "9999,99"),
        ({"Paid In": "1.05E+03"}, "An amount can't be read", "9.99A+99"),
        ({"Paid In": "-500.00"}, "An amount can't be read", "-999.99"),
        ({"Paid In": "500.005"}, "An amount can't be read", "999.999"),
        ({"Paid In": "٥٠٠.00"}, "An amount can't be read", "999.99"),
        ({"Withdrawn": "500.00"}, "There is an amount in both Paid In and Withdrawn", "999.99 999.99"),
        ({"Paid In": ""}, "There is no amount", ""),
        ({"Balance": "lots"}, "The balance can't be read", "AAAA"),
        ({"Transaction Status": ""}, "The transaction status can't be read", ""),
        ({"Transaction Status": "Jane Doe 0700000001"}, "The transaction status can't be read", "AAAA AAA 9999999999"),
    ],
)
def test_what_can_not_be_read_is_a_problem_and_never_guessed(
    read: Read, cells: dict[str, str], what: str, text: str
) -> None:
    rows, statement = read(cells)
    assert rows == []
    assert statement.problems == [Problem(2, what, text)]


@pytest.mark.parametrize(
    ("paid_in", "withdrawn", "cents"),
    [
        ("500", "", 50_000), ("500.5", "", 50_050), ("1,053.00", "0.00", 105_300), ("KES 1,053", "", 105_300),
        ("999,999,999.99", "-", 99_999_999_999), (" 500.00 ", "", 50_000), ("", "500.00", -50_000),
        ("", "-500.00", -50_000), ("0.00", "(1,500.00)", -150_000), ("0", "−20.00", -2_000), ("+5.00", "", 500),
    ],
)
def test_amounts_are_read_however_they_are_written(read: Read, paid_in: str, withdrawn: str, cents: int) -> None:
    rows, statement = read({"Paid In": paid_in, "Withdrawn": withdrawn})
    assert ([row.amount_cents for row in rows], statement.problems) == ([cents], [])


def test_a_written_zero_moves_nothing_and_is_counted(read: Read) -> None:
    rows, statement = read({"Paid In": "0.00"})
    assert (rows, statement.problems) == ([], [])
    assert statement.skipped == Counter({"Completed, no amount": 1})


@pytest.mark.parametrize(
    ("reason", "details", "party", "amount", "kind"),
    [
        ("Pay Bill Online", "", "254708374149 - JANE CHARGE", "500.00", "received"),
        ("Merchant Payment", "", "2547****4149", "500.00", "received"),
        ("Something New", "", "", "500.00", "received"),
        ("", "", "", "500.00", "received"),
        ("", "Transfer of Funds from Working Account", "", "500.00", "other"),
        ("Something New", "", "254708374149", "500.00", "received"),
        ("", "Pay Bill from 254708374149 - REVERSAL JOHN", "", "500.00", "received"),
        ("Organization Settlement", "", "600984 - DUKA TEST", "500.00", "other"),
        ("Business Deposit of Funds", "", "254708374149 - JANE DOE", "500.00", "received"),
        ("Pay Bill Charge Reversal", "", "254708374149", "500.00", "other"),
        ("Pay Bill Charge", "", "", "-2.75", "charge"),
        ("Pay Bill Online", "Pay Bill Charge", "", "-2.75", "charge"),
        ("", "PAY BILL CHARGE", "", "-2.75", "charge"),
        ("Pay Bill Reversal", "", "", "-500.00", "reversal"),
        ("", "Reversal of payment to 254708374149 - CHARGE JANE", "", "-500.00", "reversal"),
        ("Withdraw Funds", "Bank - CHARGE JANE", "", "-500.00", "other"),
    ],
)
def test_the_kind_follows_from_direction_and_reason(
    read: Read, reason: str, details: str, party: str, amount: str, kind: str
) -> None:
    came = not amount.startswith("-")
    rows, _ = read({
        "Reason Type": reason, "Details": details, "Other Party Info": party, "Paid In": amount if came else "",
        "Withdrawn": "" if came else amount,
    })
    assert [row.kind for row in rows] == [kind]


@pytest.mark.parametrize(
    ("party", "details", "number"),
    [
        ("254708374149 - JANE DOE", "", "254708374149"), ("0708374149 - JANE DOE", "", "254708374149"),
        ("2547****4149 - JANE DOE", "", "2547****4149"), ("2547•••4149", "", "2547***4149"),
        ("+254708374149", "", "254708374149"), ("600984 - DUKA TEST", "", "600984"), ("JANE DOE", "", ""),
        ("", "Pay Bill from 2547****4149 - JANE DOE Acc. 12345678", "2547****4149"), ("", "", ""),
        ("JANE 254708374149", "", ""),
    ],
)
def test_the_other_sides_number_is_kept_and_its_name_is_not(
    read: Read, party: str, details: str, number: str
) -> None:
    rows, _ = read({"Other Party Info": party, "Details": details})
    assert [row.party for row in rows] == [number]
    assert "JANE" not in repr(rows)


def test_the_account_is_what_the_customer_typed_from_either_column(read: Read) -> None:
    assert read({"A/C No.": " 0042 "})[0][0].account == "0042"
    assert read({"A/C No.": "", "Details": "Pay Bill from 2547****4149 - J D Acc. 0042 "})[0][0].account == "0042"


def test_an_unquoted_thousand_shifts_cells_and_is_a_problem(read: Read) -> None:
    line = ",".join({**FIELDS, "Paid In": "1,053.00", "Balance": ""}.values())
    rows, statement = read(raw=line)
    assert rows == []
    assert [problem.what for problem in statement.problems] == ["There are more cells than headings"]


def test_cells_that_are_missing_at_the_end_are_empty(read: Read) -> None:
    line = ",".join(list({**FIELDS, "Balance": ""}.values())[:11])
    rows, statement = read(raw=line)
    assert ([row.account for row in rows], statement.problems) == ([""], [])


def test_a_quotation_mark_too_many_loses_its_lines_and_says_which(tmp_path: Path) -> None:
    lines = csv_file(DAY, PORTAL).decode().split("\r\n")
    lines[8] = lines[8].replace("Pay Bill Reversal to", '"Pay Bill Reversal to', 1)
    path = tmp_path / "statement.csv"
    path.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    with open_statement(path) as statement:
        rows = list(statement.rows())
    assert rows[0].receipt == DAY[0].receipt
    assert statement.problem_count >= 1
    assert statement.problems[0].line == 9
    assert "Quotation marks don't pair" in statement.problems[0].what


def test_after_a_row_that_could_not_be_read_no_gap_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(csv_file(DAY, PORTAL).replace(b"UKO3SAME01", b"3E5"))
    with open_statement(path) as statement:
        rows = list(statement.rows())
    assert (len(rows), statement.problem_count, statement.continuity) == (len(DAY) - 1, 1, [])


def test_what_a_customer_typed_never_decides_the_order_of_dates(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(csv_file(DAY, PORTAL).replace(b",007\r", b',"007\nx,12-31-2026 10:00:00,y"\r'))
    with open_statement(path) as statement:
        accounts = {row.receipt: row.account for row in statement.rows()}
    assert accounts["UKO3SAME01"] == "007 x,12-31-2026 10:00:00,y"


def test_a_totals_row_that_does_not_add_up_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    good = csv_file(DAY, PORTAL).decode()
    path.write_text(good + "Total,,,,,999.00,-5.00,,,,,,\r\n", encoding="utf-8", newline="")
    with open_statement(path) as statement:
        assert len(list(statement.rows())) == len(DAY)
    assert [(problem.line, problem.what) for problem in statement.problems] == [
        (15, "The totals row does not agree with the rows above it")
    ]


def test_words_below_the_table_and_headings_met_again_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    good = csv_file(DAY, PORTAL).decode()
    path.write_text(f"{good}\r\n{','.join(TODAY)}\r\n,,Thank you,,,,,,,,,,\r\n", encoding="utf-8", newline="")
    with open_statement(path) as statement:
        assert len(list(statement.rows())) == len(DAY)
    assert (statement.problems, statement.skipped) == ([], Counter())


def test_numbers_of_a_workbook_are_told_from_receipts_and_times(tmp_path: Path) -> None:
    table = typed(table_of(DAY, PORTAL), PORTAL)
    table[7][0], table[8][0], table[9][1] = 1.23e15, 600000, 46350.4481
    path = tmp_path / "statement.xlsx"
    path.write_bytes(workbook(table))
    with open_statement(path) as statement:
        assert len(list(statement.rows())) == len(DAY) - 3
    assert [(problem.line, problem.what.split(":")[0]) for problem in statement.problems] == [
        (8, "The receipt is a number"), (9, "The receipt is a number"), (10, "The completion time can't be read"),
    ]


def test_a_file_of_nothing_but_problems_keeps_a_thousand_and_counts_them_all(tmp_path: Path) -> None:
    line = ",".join({**FIELDS, "Receipt No.": "6E5", "Balance": ""}.values())
    path = tmp_path / "statement.csv"
    path.write_text(",".join(TODAY) + f"\n{line}" * 3_000, encoding="utf-8")
    with open_statement(path) as statement:
        assert list(statement.rows()) == []
    assert (len(statement.problems), statement.problem_count) == (1_000, 3_000)
