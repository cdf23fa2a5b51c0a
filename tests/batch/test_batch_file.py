"""A batch file: every dialect of spreadsheets is read, every fault is told with its line, nothing is guessed."""

import codecs
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa_cli.batch.file import Defaults, Row, line_list, read_batch
from mpesa_cli.batch.text import BYTES_MAX, ROWS_MAX, read_table
from mpesa_cli.batch.words import _KINDS
from mpesa_cli.rules.values.amount import Limits

Run = Callable[..., Any]
DEFAULTS = Defaults(Limits(), "{order}", 12, "Payment")
HEADING = "phone,amount,order"
GOOD = "0722200050,1500,1042"


def read(text: str | bytes) -> Any:
    return read_batch(text.encode() if isinstance(text, str) else text, DEFAULTS)


def faults(text: str | bytes) -> list[tuple[str, int]]:
    return [(f.kind, f.line) for f in read(text).faults]


PLAIN = [
    Row(2, "1042", "254722200050", 1500, "1042", "Payment"),
    Row(3, "1043", "254722200051", 200, "INV-9", "Zwei Stück"),
]
TEXT = 'phone,amount,order,account,description\n0722200050,"1,500",1042,,\n254722200051,200,1043,INV-9,Zwei Stück\n'


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("cp1252"),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace('"1,500"', "1500").replace(",", ";").encode(),
        TEXT.replace('"1,500"', "1500").replace(",", "\t").encode(),
        TEXT.replace("phone,amount,order", " Phone ,AMOUNT,Order").encode(),
        TEXT.replace("phone,amount,order", '"phone","amount","order"').encode(),
        TEXT.rstrip().encode(),
        (TEXT + "\n\n,,,,\n  ,\n").encode(),
    ],
    ids=["utf-8", "bom", "cp1252", "utf-16", "crlf", "cr", "semicolons", "tabs", "case", "quoted", "no end", "blank"],
)
def test_every_dialect_says_the_same(raw: bytes) -> None:
    file = read(raw)
    assert (list(file.rows), file.faults) == (PLAIN, ())


def test_columns_stand_in_any_order_and_further_ones_are_named() -> None:
    file = read("Customer,order,amount,phone\nJane,1042,1500,0722200050\n")
    assert [(r.order_id, r.amount) for r in file.rows] == [("1042", 1500)]
    assert file.notes == ("Not used: the column 'Customer'.",)


def test_lines_are_those_that_an_editor_shows() -> None:
    text = '\n\nphone,amount,order,description\n0722200050,1500,1042,"two\nlines"\n\nx,1,1043,\n'
    file = read(text)
    assert [(r.line, r.description) for r in file.rows] == [(4, "two lines")]
    assert [(f.kind, f.line) for f in file.faults] == [("phone", 7)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", [("file", 0)]),
        (b"\n \n,,\n", [("file", 0)]),
        (HEADING, [("file", 0)]),
        (b"PK\x03\x04 and so on", [("file", 0)]),
        (b"\xd0\xcf\x11\xe0 and so on", [("file", 0)]),
        (b"phone\x00,amount", [("file", 0)]),
        (b"phone,amount,order\n\x81\x8d\x8f", [("file", 0)]),
        (b"x" * (BYTES_MAX + 1), [("file", 0)]),
        ("phone,amount\n0722200050,1500", [("heading", 1)]),
        ("a,b,c\n1,2,3", [("heading", 1)]),
        (GOOD, [("heading", 1)]),
        ("phone,amount,order,acount\n", [("heading", 1)]),
        ("phone,amount,order,phone\n", [("heading", 1)]),
        (f'{HEADING}\n{GOOD}\n0722200051,"15', [("quotes", 3)]),
        (f'{HEADING}\n"0722200051"x,15,1', [("quotes", 2)]),
        (f"{HEADING}\n{GOOD},what is this", [("cells", 2)]),
        (f"{HEADING}\n0722200050,1,500,1042", [("cells", 2)]),
        (f"{HEADING}\n,1500,1042", [("missing", 2)]),
        (f"{HEADING}\n0722200050,1500", [("missing", 2)]),
        (f"{HEADING}\n0722200050,1500, ", [("missing", 2)]),
        (f"{HEADING}\n1500,0722200050,1042", [("phone", 2), ("amount", 2)]),
        (f"{HEADING}\n2.54722E+11,1500,1042", [("phone", 2)]),
        (f"{HEADING}\n0722200050,15.50,1042", [("amount", 2)]),
        (f"{HEADING}\n0722200050,-15,1042", [("amount", 2)]),
        (f"{HEADING}\n0722200050,300000,1042", [("amount", 2)]),
        (f"{HEADING}\n0722200050,1500,=1+1", [("order", 2)]),
        (f"{HEADING},account\n{GOOD},a@b", [("account", 2)]),
        (f"{HEADING}\n0722200050,1500,a-very-long-order-id", [("account", 2)]),
        (f"{HEADING},description\n{GOOD},{'x' * 101}", [("description", 2)]),
        (f"{HEADING}\n{GOOD}\n{GOOD}\n{GOOD}", [("twice", 3), ("twice", 4)]),
    ],
)
def test_every_kind_of_fault_is_found_with_its_line(text: str | bytes, expected: list[tuple[str, int]]) -> None:
    assert faults(text) == expected


def test_every_kind_has_a_title() -> None:
    kinds = {"file", "heading", "quotes", "cells", "missing", "phone", "amount", "order", "account", "description"}
    assert kinds | {"twice", "differs"} == set(_KINDS)


def test_ten_thousand_rows_are_read_and_one_more_is_a_fault() -> None:
    rows = [f"2547000{n:05d},100,{n}" for n in range(ROWS_MAX)]
    assert len(read("\n".join([HEADING, *rows])).rows) == ROWS_MAX
    assert faults("\n".join([HEADING, *rows, GOOD])) == [("file", 0)]


def test_a_row_that_looks_pasted_twice_is_a_note_and_no_fault() -> None:
    file = read(f"{HEADING}\n{GOOD}\n0722200051,20,1043\n0722 200 050,1500,1044\n")
    assert file.faults == ()
    assert file.notes == ("Lines 2, 4: the same phone and the same amount under different orders. Is that meant?",)


def test_numbers_of_other_operators_are_one_note() -> None:
    (note,) = read(f"{HEADING}\n0733000001,1,a\n{GOOD}\n0733000002,1,b\n").notes
    assert note.startswith("Lines 2, 4: first another operator's numbers.")


def test_line_numbers_are_drawn_together() -> None:
    assert line_list([3, 5, 6, 7, 9, 10]) == "3, 5–7, 9, 10"
    assert line_list(range(2, 100, 2), most=2) == "2, 4 and 47 more"


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.text(alphabet='phone,amutrd\n\r"; \t01257', max_size=200).map(str.encode))
def test_no_file_makes_it_raise(raw: bytes) -> None:
    file = read_batch(raw, DEFAULTS)
    assert file.rows or file.faults or not read_table(raw).rows
    known = set(_KINDS)
    assert {f.kind for f in file.faults} <= known


def test_all_faults_are_shown_together_by_kind_and_nothing_is_sent(
    mpesa: Run, csv_file: Callable[..., str], prompts: Callable[[], list[Any]]
) -> None:
    path = csv_file([HEADING, GOOD, "07x,20,1043", "0722200052,0,1044", "07y,20,1045", *["z,1,9"] * 25])
    result = mpesa("push", "--from", path, "--yes")
    assert (result.status, result.stdout, prompts()) == (2, "", [])
    lines = result.stderr.splitlines()
    assert lines[0].endswith("orders.csv has 28 faults, so nothing was sent.")
    assert [line.strip() for line in lines if line.endswith(":")] == ["Phone numbers:", "Amounts:"]
    assert "line 3: '07x' is not a Kenyan mobile number." in result.stderr
    assert "and 7 more, on lines 24–30" in result.stderr


@pytest.mark.parametrize("path", ["/nowhere/orders.csv", "/"])
def test_a_file_that_can_not_be_read_is_said(mpesa: Run, path: str) -> None:
    result = mpesa("push", "--from", path)
    assert result.status == 2
    assert "can't be read" in result.stderr


def test_json_has_one_error_document(mpesa: Run, csv_file: Callable[..., str]) -> None:
    import json

    result = mpesa("push", "--from", csv_file([HEADING, "x,1,2"]), "--json")
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["money_moved"], result.status) == ("file-faults", "no", 2)
