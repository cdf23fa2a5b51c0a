"""What is no statement is refused before a row is read, in words that say what to download instead."""

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from layouts import PORTAL
from shop_day import DAY, FILES
from statement_files import TODAY, csv_file, table_of, typed, workbook

from mpesa_cli.books.statements import source
from mpesa_cli.books.statements.statement import open_statement
from mpesa_cli.floor.errors import InvalidInput, SettingsError

HEADER = ",".join(TODAY)


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes], InvalidInput]:
    """The error that a file with these bytes is refused with."""

    def open_it(data: bytes) -> InvalidInput:
        path = tmp_path / "statement.csv"
        path.write_bytes(data)
        with pytest.raises(InvalidInput) as caught:
            open_statement(path)
        assert "mpesa reconcile --statement FILE" in caught.value.hint
        assert "Nothing was read" in caught.value.hint
        return caught.value

    return open_it


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n \r\n", "is empty"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"<html><table><tr><td>Receipt No.</td></tr></table></html>", "is a web page"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "is a web page"),
        ("<html>".encode("utf-16"), "is a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "an old Excel file (.xls)"),
        (b'{"rows": []}', "is JSON"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"Receipt No.\0,Completion Time", "zero bytes"),
        (b"PK\x03\x04 and no archive", "damaged"),
        (zipped(**{"statement.csv": HEADER}), "no Excel workbook"),
        (zipped(**{"content.xml": "<a/>", "mimetype": "x"}), "LibreOffice"),
    ],
)
def test_another_kind_of_file_is_named_as_what_it_is(
    refusal: Callable[[bytes], InvalidInput], data: bytes, words: str
) -> None:
    refused = refusal(data)
    assert refused.code == "statement-unreadable"
    assert words in refused.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phone,amount\n0700000001,100\n", "none of them has the heading Receipt No."),
        (HEADER.replace("Paid In,", "").replace("Completion Time,", ""), "lack Completion Time and Paid In."),
        (HEADER.replace("Transaction Status", "Remark"), "lack Transaction Status."),
        (HEADER.replace("Linked Transaction ID", "receipt no"), "have a column twice: receipt."),
        ("x\n" * 60 + HEADER, "none of them has the heading Receipt No."),
    ],
)
def test_headings_that_lack_something_are_named(
    refusal: Callable[[bytes], InvalidInput], text: str, words: str
) -> None:
    refused = refusal(text.encode())
    assert refused.code == "statement-no-header"
    assert words in refused.message


def test_a_line_without_end_is_not_read_into_memory(refusal: Callable[[bytes], InvalidInput]) -> None:
    assert refusal(b"x" * (source.LINE_MAX + 1)).code == "statement-too-large"
    assert refusal(HEADER.encode() + b"\n" + b"y," * source.LINE_MAX + b"\n").code == "statement-too-large"


def test_a_line_may_be_as_long_as_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(HEADER.encode() + b"\n" + b"," * source.LINE_MAX + b"\n")
    with open_statement(path) as statement:
        assert list(statement.rows()) == []


def test_a_file_that_is_not_there_or_is_none_says_so(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(InvalidInput) as caught:
            open_statement(path)
        assert caught.value.code == "statement-unreadable"
        assert str(path) in caught.value.message


def test_dates_in_two_orders_are_never_guessed(refusal: Callable[[bytes], InvalidInput]) -> None:
    text = csv_file(DAY, PORTAL).decode()
    mixed = text.replace("24-11-2026 09", "11-24-2026 09")
    refused = refusal(mixed.encode())
    assert refused.code == "statement-dates-ambiguous"
    assert "line 8 can only be day first, line 13 only month first" in refused.message


def test_a_workbook_that_mixes_dates_and_texts_is_never_guessed(refusal: Callable[[bytes], InvalidInput]) -> None:
    table = typed(table_of(DAY, PORTAL), PORTAL)
    table[-1][1] = "24-11-2026 09:00:05"
    assert refusal(workbook(table)).code == "statement-dates-ambiguous"


def test_a_workbook_whose_receipts_contradict_its_dates_is_never_guessed(
    refusal: Callable[[bytes], InvalidInput],
) -> None:
    table = table_of(DAY, PORTAL)
    real = typed(table, PORTAL)
    for line in real[7:]:
        line[0] = "U" + "E" + "7" + str(line[0])[3:]  # receipts of 7 May
        line[1] = line[1].replace(month=7, day=5)  # type: ignore[attr-defined]
    refused = refusal(workbook(real))
    assert refused.code == "statement-dates-ambiguous"
    assert "the receipts disagree" in refused.message


def test_two_tables_in_one_workbook_are_not_chosen_between(
    refusal: Callable[[bytes], InvalidInput],
) -> None:
    from openpyxl import load_workbook

    book = load_workbook(FILES / "excel.xlsx")
    book.copy_worksheet(book.active)
    out = io.BytesIO()
    book.save(out)
    assert "Two sheets" in refusal(out.getvalue()).message


def test_a_workbook_with_other_sheets_is_read(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    book = load_workbook(FILES / "excel.xlsx")
    book.create_sheet("Notes", 0).append(["a", "note"])
    book.save(tmp_path / "more.xlsx")
    with open_statement(tmp_path / "more.xlsx") as statement:
        assert len(list(statement.rows())) == len(DAY)


def test_without_openpyxl_an_excel_file_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(SettingsError) as caught:
        open_statement(FILES / "excel.xlsx")
    assert caught.value.code == "xlsx-missing"
    assert f"{sys.executable} -m pip install openpyxl" in caught.value.hint.replace("'", "")


def test_a_file_that_grows_while_it_is_read_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    path.write_bytes(csv_file(DAY, PORTAL))
    with open_statement(path) as statement:
        rows = statement.rows()
        next(rows)
        with path.open("ab") as more:
            more.write(b"x")
        with pytest.raises(InvalidInput) as caught:
            list(rows)
    assert caught.value.code == "statement-changed"
