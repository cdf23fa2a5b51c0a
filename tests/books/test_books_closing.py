"""Closing a day and accepting a difference: who, when, on which file; a closed day that changes is a difference."""

import json

from books_shop import Books
from portal import Row, charge, reversal, write

DAY = "2026-11-24"
CLOSE = ("--close", DAY, "--by", "Asha")


def a_day(books: Books) -> list[Row]:
    receipt = books.shop.sell("1001", 150)
    books.night()
    return [Row(receipt, 150, "1001"), charge(receipt), Row("UKOW000001", -100, kind="Withdrawal", party="")]


def test_a_closed_day_keeps_its_totals_the_file_and_the_journals_head(books: Books) -> None:
    rows = a_day(books)
    closed = books.reconcile(*rows, options=CLOSE, status=0)["closed"]
    assert (closed["day"], closed["by"], closed["fresh"]) == (DAY, "Asha", True)
    assert closed["totals"] == {
        "count": 1, "gross": 150, "charges": -2.75, "reversals": 0, "other": -100, "ledger_count": 1, "ledger": 150,
        "opening": None, "closing": None, "net": 47.25,
    }
    assert closed["sha256"] == books.rows("SELECT sha256 FROM statements")[0][0]
    (facts, previous) = books.rows("SELECT facts, previous FROM journal WHERE kind='day_closed'")[0]
    assert closed["journal_head"] == previous
    assert json.loads(facts)["by"] == "Asha"


def test_closing_again_with_the_same_totals_changes_nothing(books: Books) -> None:
    rows = a_day(books)
    books.reconcile(*rows, options=CLOSE, status=0)
    before = books.everything()
    again = books.reconcile(*rows, options=("--close", DAY, "--by", "Juma"), status=0)["closed"]
    assert (again["by"], again["fresh"]) == ("Asha", False)
    assert books.everything() == before


def test_a_closed_day_that_changes_is_a_difference_until_it_is_closed_with_a_reason(books: Books) -> None:
    rows = a_day(books)
    books.reconcile(*rows, options=CLOSE, status=0)
    late = [*rows, reversal("UKOR000001", rows[0].receipt, 150)]
    found = books.reconcile(*late, status=7)["breaks"]
    assert [b["kind"] for b in found] == ["reversed", "closed_day_changed"]
    assert books.mpesa("reconcile").status == 7, "said by every run, with or without a statement"
    write(books.file, *late)
    refused = books.mpesa("reconcile", "--statement", str(books.file), *CLOSE, "--json")
    assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (9, "closed-differently")
    reopened = books.reconcile(*late, options=(*CLOSE, "--reason", "reversal came late"), status=7)
    assert reopened["closed"]["totals"]["reversals"] == -150
    assert [b["kind"] for b in reopened["breaks"]] == ["reversed"], "the run that closed it says so"
    assert [b["kind"] for b in books.reconcile(*late, status=7)["breaks"]] == ["reversed"]


def test_a_day_that_no_file_covers_can_not_be_closed(books: Books) -> None:
    rows = a_day(books)
    write(books.file, *rows, day=None)
    refused = books.mpesa("reconcile", "--statement", str(books.file), *CLOSE, "--json")
    assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (2, "day-not-covered")
    assert books.rows("SELECT count(*) FROM closings") == [(0,)]


def test_an_accepted_difference_is_no_longer_counted_and_still_listed(books: Books) -> None:
    rows = [*a_day(books), Row("UKON000001", 70, "by the door")]
    (found,) = books.reconcile(*rows, status=7)["breaks"]
    accept = ("reconcile", "--accept", found["id"], "--by", "Asha", "--reason", "a gift")
    assert books.mpesa(*accept).status == 0
    document = books.reconcile(*rows, status=0)
    assert (document["differences"], document["accepted"]) == (0, 1)
    assert document["breaks"][0]["accepted_because"] == "a gift"
    silent = books.mpesa("reconcile", "--statement", str(books.file))
    assert (silent.stdout, silent.stderr) == ("", "")
    assert "a gift" in books.mpesa("reconcile", "--statement", str(books.file), "-v").stdout
    before = books.everything()
    assert "before" in books.mpesa(*accept).stdout
    assert books.everything() == before


def test_what_does_not_fit_together_is_refused_before_anything_is_done(books: Books) -> None:
    a_day(books)
    for argv in (
        ("--close", DAY), ("--close", DAY, "--by", "Asha"), ("--accept", "fee-X", "--by", "Asha"),
        ("--since", "today"), ("--accept", "nonsense", "--by", "A", "--reason", "r"),
        ("--accept", "fee-UKONEVER01", "--by", "A", "--reason", "r"), ("--ping", "ftp://example.org"),
        ("--report", "/no/such/folder/x.html"),
    ):
        assert books.mpesa("reconcile", *argv).status == 2, argv
    assert books.rows("SELECT count(*) FROM accepted_breaks") == [(0,)]
