"""Workbooks made to exhaust a machine are refused before anything in them is parsed."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from shop_day import FILES

from mpesa_cli.books.statements import package_check, workbook
from mpesa_cli.books.statements.statement import open_statement
from mpesa_cli.floor.errors import InvalidInput

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + ']><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&j;</t></si></sst>'
)


def with_member(name: str, data: bytes) -> bytes:
    """The good workbook with one part of it replaced, or added."""
    out = io.BytesIO()
    good_file = FILES / "excel-shared-texts.xlsx"
    with zipfile.ZipFile(good_file) as good, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad:
        for member in good.infolist():
            if member.filename != name:
                bad.writestr(member, good.read(member))
        bad.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[bytes], InvalidInput]:
    """How a workbook is refused, which takes neither much memory nor the parser."""

    def open_it(data: bytes) -> InvalidInput:
        path = tmp_path / "statement.xlsx"
        path.write_bytes(data)
        tracemalloc.start()
        try:
            with pytest.raises(InvalidInput) as caught:
                open_statement(path)
            assert tracemalloc.get_traced_memory()[1] < 20 << 20
        finally:
            tracemalloc.stop()
        return caught.value

    return open_it


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part", ["xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"]
)
def test_entities_that_multiply_are_never_expanded(
    refused: Callable[[bytes], InvalidInput], part: str, encoding: str
) -> None:
    error = refused(with_member(part, LAUGHS.encode(encoding)))
    assert error.code == "statement-unreadable"
    assert "document type" in error.message


def test_an_entity_that_names_a_file_is_never_followed(refused: Callable[[bytes], InvalidInput]) -> None:
    outside = '<!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/hostname">]><sst><si><t>&x;</t></si></sst>'
    assert "document type" in refused(with_member("xl/sharedStrings.xml", outside.encode())).message


def test_what_shrinks_too_well_is_not_unpacked(refused: Callable[[bytes], InvalidInput]) -> None:
    assert refused(with_member("xl/media/x.bin", bytes(8 << 20))).code == "statement-too-large"


def test_what_unpacks_to_too_much_is_not_unpacked(
    refused: Callable[[bytes], InvalidInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_check, "UNPACKED_MAX", 10_000)
    assert refused((FILES / "excel.xlsx").read_bytes()).code == "statement-too-large"


def test_too_many_texts_and_too_many_parts_are_refused(
    refused: Callable[[bytes], InvalidInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(package_check, "TEXTS_MAX", 100)
        assert refused((FILES / "excel-shared-texts.xlsx").read_bytes()).code == "statement-too-large"
    monkeypatch.setattr(package_check, "MEMBERS_MAX", 5)
    assert refused((FILES / "excel.xlsx").read_bytes()).code == "statement-too-large"


def test_an_archive_that_understates_its_sizes_is_refused(refused: Callable[[bytes], InvalidInput]) -> None:
    data = bytearray(with_member("xl/sharedStrings.xml", b"<sst>" + b"<si><t>x</t></si>" * 200_000 + b"</sst>"))
    at = data.rfind(b"xl/sharedStrings.xml")  # in the directory at the end; its unpacked size is 22 bytes before
    data[at - 22 : at - 18] = (1_000).to_bytes(4, "little")
    assert refused(bytes(data)).code == "statement-unreadable"


@pytest.mark.parametrize("row", ["1048577", "99999999999"])
def test_a_row_far_below_the_last_is_no_reason_to_count_up_to_it(
    refused: Callable[[bytes], InvalidInput], row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "ROWS_MAX", 5_000)
    with zipfile.ZipFile(FILES / "excel.xlsx") as good:
        sheet = good.read("xl/worksheets/sheet1.xml")
    far = f'<row r="{row}"><c r="A{row}" t="n"><v>1</v></c></row></sheetData>'.encode()
    assert refused(with_member("xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", far))).code == (
        "statement-too-large"
    )


def test_a_cell_far_to_the_right_is_refused(refused: Callable[[bytes], InvalidInput]) -> None:
    with zipfile.ZipFile(FILES / "excel.xlsx") as good:
        sheet = good.read("xl/worksheets/sheet1.xml")
    far = b'<row r="99"><c r="XFD99" t="n"><v>1</v></c></row></sheetData>'
    assert refused(with_member("xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", far))).code == (
        "statement-too-large"
    )
