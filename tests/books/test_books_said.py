"""What a run of reconcile says where something went wrong late, in the right number, and without a statement."""

import json
from pathlib import Path

import pytest
from books_shop import Books
from portal import Row, charge, write

CLOSE = ("--close", "2026-11-24", "--by", "Asha")


@pytest.fixture
def one(books: Books) -> Books:
    """A day with one payment, and a difference: another that the ledger never heard of."""
    receipt = books.shop.sell("1001", 150)
    books.night()
    write(books.file, Row(receipt, 150, "1001"), charge(receipt), Row("UKON000001", 70, "gate"), day=None)
    return books


def test_a_closing_that_is_refused_hides_neither_differences_nor_the_report(one: Books) -> None:
    report = one.folder / "report.html"
    run = ("reconcile", "--statement", str(one.file), "--report", str(report), *CLOSE)
    refused = one.mpesa(*run)
    assert refused.status == 2
    assert "No statement here covers the whole of 2026-11-24." in refused.stderr
    assert "id missing_in_ledger-UKON000001" in refused.stdout
    assert "UKON000001" in report.read_text()
    assert list(json.loads(one.mpesa(*run, "--json").stdout)) == ["error"], "a program gets one document"


@pytest.mark.parametrize("typed", ["2026-13-24", "12h", "2026-11-24 10:30"])
def test_a_day_that_is_none_is_refused_before_anything_is_read(one: Books, typed: str) -> None:
    refused = one.mpesa("reconcile", "--statement", str(one.file), "--close", typed, "--by", "Asha")
    assert (refused.status, refused.stderr.startswith(f"mpesa: --close '{typed}' is ")) == (2, True)
    assert one.rows("SELECT count(*) FROM statements") == [(0,)]


def test_a_report_that_can_not_be_written_is_told_as_what_it_is(one: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = one.mpesa("reconcile", "--statement", str(one.file), "--report", str(one.folder))
    assert (folder.status, "is a folder." in folder.stderr) == (2, True)
    assert one.rows("SELECT count(*) FROM statements") == [(0,)]

    def full(_path: Path, _data: bytes, **_how: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mpesa_cli.floor.files.new_file.write_whole", full)
    late = one.mpesa("reconcile", "--statement", str(one.file), "--report", str(one.folder / "x.html"))
    assert (late.status, "What was found stands" in late.stderr) == (2, True)
    assert "UKON000001" in late.stdout, "the differences are said all the same"


def test_one_payment_is_not_called_several(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    write(books.file, Row(receipt, 150, "1001"))
    said = books.mpesa("reconcile", "--statement", str(books.file), "-v", *CLOSE)
    assert "statement.csv: 1 row, 1 new," in said.stderr
    assert "\n1 payment, KES 150;" in said.stderr
    assert said.stdout == "2026-11-24 is closed: 1 payment, KES 150 gross, KES 150 net.\n"


def test_without_a_statement_the_report_does_not_say_that_all_agrees(books: Books) -> None:
    report = books.folder / "report.html"
    report.parent.mkdir(exist_ok=True)
    assert books.mpesa("reconcile", "--report", str(report)).status == 0
    text = report.read_text()
    assert "Nothing was compared" in text
    assert "say the same" not in text


def test_of_several_statements_the_one_that_is_no_statement_is_named(one: Books) -> None:
    other = one.folder / "other.csv"
    other.write_text("a,b\n1,2\n")
    for wrong, words in ((other, "other.csv: No table was found"), (one.folder, f"{one.folder} is a folder.")):
        refused = one.mpesa("reconcile", "--statement", str(one.file), "--statement", str(wrong))
        assert (refused.status, words in refused.stderr) == (2, True), refused
        assert "Nothing was read from it." in refused.stderr
