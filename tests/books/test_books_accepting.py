"""Accepting many differences at once: those that are listed at that moment, never what is about money that is missing
or owed; and the day on which the books begin."""

import json
from typing import Any

import pytest
from books_shop import Books, hear, ledger_of, read
from portal import Row, reversal, write

BY = ("--by", "Asha", "--reason", "checked by hand")
NEXT = "25-11-2026"


def waiting(books: Books) -> set[str]:
    """The classes of what is listed as open."""
    found = json.loads(books.mpesa("reconcile", "--open", "--json").stdout)["breaks"]
    return {each["kind"] for each in found if each["accepted_by"] is None}


@pytest.fixture
def troubled(books: Books) -> Books:
    """A shop with differences of six classes, and one of the next day."""
    receipt = books.shop.sell("1001", 150)
    books.shop.sell("1002", 250)  # not at M-PESA
    hear(books, "1001", receipt, source="c2b", cents=15_000)
    hear(books, "1001", receipt, source="c2b", cents=99_900)  # contradicted
    books.night()
    rows = [Row(f"UKON{n:06d}", 20, "x") for n in range(3)]
    read(books, Row(receipt, 150, "1001"), Row("UKOT000001", 150, "1001", at="12:00:00"), *rows,
         reversal("UKOR000001", "UKNOBODY01", 30), status=7)
    books.clock.advance(86_400)
    read(books, Row("UKPN000001", 40, "y", day=NEXT), day=NEXT, status=7)
    assert waiting(books) == {
        "missing_at_provider", "conflict", "double_payment", "missing_in_ledger", "reversed",
    }
    return books


def accept(books: Books, *argv: str) -> dict[str, Any]:
    done = books.mpesa("reconcile", "--accept", *argv, *BY, "--json")
    assert done.status == 0, done
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_all_leaves_what_is_missing_contradicted_or_owed(troubled: Books) -> None:
    done = accept(troubled, "all")
    assert (len(done["ids"]), done["left"], done["fresh"]) == (5, 3, True)
    assert waiting(troubled) == {"missing_at_provider", "conflict", "double_payment"}
    said = troubled.mpesa("reconcile", "--accept", "all", *BY)
    assert "3 differences about money stay, to be accepted one by one" in said.stdout
    assert troubled.mpesa("reconcile").status == 7


def test_each_is_journaled_by_itself_with_name_and_reason(troubled: Books) -> None:
    done = accept(troubled, "missing_in_ledger")
    rows = troubled.rows("SELECT facts FROM journal WHERE kind='break_accepted' ORDER BY seq")
    assert sorted(json.loads(facts)["break"] for (facts,) in rows) == sorted(done["ids"])
    assert {(json.loads(facts)["by"], json.loads(facts)["reason"]) for (facts,) in rows} == {
        ("Asha", "checked by hand"),
    }
    with ledger_of(troubled):
        pass  # the chain is whole


def test_a_date_takes_what_moved_before_it_and_nothing_else(troubled: Books) -> None:
    done = accept(troubled, "all", "--before", "2026-11-25")
    assert "missing_in_ledger-UKPN000001" not in done["ids"]
    assert len(done["ids"]) == 4
    assert waiting(troubled) == {"missing_at_provider", "conflict", "double_payment", "missing_in_ledger"}


def test_only_what_is_listed_at_that_moment_is_accepted(troubled: Books) -> None:
    accept(troubled, "missing_in_ledger")
    troubled.clock.advance(86_400)
    read(troubled, Row("UKQN000001", 40, "y", day="26-11-2026"), day="26-11-2026", status=7)
    assert "missing_in_ledger" in waiting(troubled)


@pytest.mark.parametrize("kind", ["missing_at_provider", "conflict", "double_payment"])
def test_no_date_takes_money_that_is_missing_contradicted_or_owed(troubled: Books, kind: str) -> None:
    refused = troubled.mpesa("reconcile", "--accept", kind, "--before", "2026-12-24", *BY, "--json")
    assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (2, "accept-one-by-one")
    assert kind in waiting(troubled)


def test_what_does_not_fit_together_accepts_nothing(troubled: Books) -> None:
    for argv in (
        ("--accept", "all"), ("--accept", "all", "--by", "Asha"), ("--before", "2026-11-25", *BY),
        ("--accept", "missing_in_ledger-UKON000001", "--before", "2026-11-25", *BY), ("--accept", "ALL", *BY),
        ("--accept", "all", "--before", "soon", *BY), ("--books-begin", "2026-11-25"),
        ("--books-begin", "2026-11-25", "--by", "Asha"), ("--books-begin", "12h", *BY),
    ):
        assert troubled.mpesa("reconcile", *argv).status == 2, argv
    assert troubled.rows("SELECT count(*) FROM accepted_breaks") == [(0,)]


def test_before_the_books_begin_nothing_is_compared_and_what_payments_say_themselves_stays(troubled: Books) -> None:
    troubled.shop.sell("1003", 70, "254722200017", wait=False)  # an open payment
    begin = ("reconcile", "--books-begin", "2026-11-25", *BY, "--json")
    assert json.loads(troubled.mpesa(*begin).stdout)["fresh"] is True
    document = json.loads(troubled.mpesa("reconcile", "--json").stdout)
    assert document["books_begin"] == "2026-11-25T00:00:00+03:00"
    assert {each["id"] for each in document["breaks"]} == {
        "missing_in_ledger-UKPN000001", *(b["id"] for b in document["breaks"] if b["kind"] == "conflict"),
    }
    assert "conflict" in {b["kind"] for b in document["breaks"]}, "the payment itself says so, not the record"
    assert "1003" in {p["order_id"] for p in document["payments"]}
    write(troubled.file, Row("UKON000009", 20, "x"))
    again = json.loads(troubled.mpesa("reconcile", "--statement", str(troubled.file), "--json").stdout)
    assert "missing_in_ledger-UKON000009" not in {each["id"] for each in again["breaks"]}
    assert json.loads(troubled.mpesa(*begin).stdout)["fresh"] is False
    kinds = [kind for (kind,) in troubled.rows("SELECT kind FROM journal WHERE kind LIKE 'books%'")]
    assert kinds == ["books_begun"]


def test_a_payment_for_review_is_named_although_the_books_begin_after_it(books: Books) -> None:
    books.shop.sell("1004", 450, "254722200019")
    (receipt,) = books.rows("SELECT receipt FROM attempts WHERE state='review'")[0]
    books.night()
    read(books, Row(receipt, 450, "1004"), status=None)
    books.mpesa("reconcile", "--books-begin", "2026-11-25", *BY)
    done = books.mpesa("reconcile")
    assert (done.status, "order 1004" in done.stdout) == (7, True)
