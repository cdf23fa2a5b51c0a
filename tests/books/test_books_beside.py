"""Money of M-PESA's record that no payment has is said beside the order that it names, not by reconcile alone."""

import json

import pytest
from books_shop import PARTY, Books, doubtful, read
from portal import Row

BY = ("--by", "Asha", "--reason", "looked at in the portal")
TWO = ("UKON000001", "UKON000002")


def beside(books: Books, order: str) -> set[str]:
    """The receipts that looking at an order names."""
    done = books.mpesa("status", order, "--no-refresh")
    return {receipt for receipt in TWO if receipt in done.stdout + done.stderr}


@pytest.fixture
def two_rows(books: Books) -> Books:
    """An order of which nobody knows how its prompt ended, and two rows that name it: which of them, nobody knows."""
    at = doubtful(books)
    books.shop.sell("1002", 150)
    books.night()
    found = read(books, *(Row(receipt, 150, "1001", at=at, party=PARTY) for receipt in TWO), status=7)
    assert {each["receipt"] for each in found} >= set(TWO)
    return books


def test_an_order_is_shown_with_the_money_that_names_it_and_others_are_not(two_rows: Books) -> None:
    assert beside(two_rows, "1001") == set(TWO)
    said = two_rows.mpesa("status", "1001", "--no-refresh")
    assert f"mpesa verify {TWO[0]} --attach 1001" in said.stdout + said.stderr
    assert beside(two_rows, "1002") == set()


def test_what_a_person_has_dealt_with_is_not_shown_any_more(two_rows: Books) -> None:
    ids = {each["receipt"]: each["id"] for each in json.loads(two_rows.mpesa("reconcile", "--json").stdout)["breaks"]}
    two_rows.mpesa("reconcile", "--accept", ids[TWO[1]], *BY)
    assert beside(two_rows, "1001") == {TWO[0]}
    done = two_rows.mpesa("verify", TWO[0], "--attach", "1001", *BY, "--yes")
    assert done.status == 0, done
    assert json.loads(two_rows.mpesa("status", "1001", "--no-refresh", "--json").stdout)["receipt"] == TWO[0]
    assert two_rows.mpesa("status", "1001", "--no-refresh").stderr.count("may be order") == 0
