"""Digits that M-PESA's record shows of a phone are compared in every place, whatever the form of the number's head."""

import json
from typing import Any

import pytest
from books_shop import LOST, RECEIPT, Books, doubtful, hear, read
from portal import Row


@pytest.mark.parametrize(
    ("party", "kinds"),
    [
        ("0722****017", set()), ("254722••••017", set()), ("0722200017", set()), ("2547****17", set()),
        ("0722****018", {"phone_mismatch"}), ("0723****017", {"phone_mismatch"}), ("0700000017", {"phone_mismatch"}),
    ],
)
def test_a_row_differs_in_its_phone_only_where_a_digit_that_it_shows_does(
    books: Books, party: str, kinds: set[str]
) -> None:
    at = doubtful(books)
    hear(books, "1001")
    books.night()
    assert {each["kind"] for each in read(books, Row(RECEIPT, 150, party=party, at=at))} == kinds


@pytest.mark.parametrize(
    ("party", "suggested"),
    [("0722****017", "1001"), ("0722200017", "1001"), ("0723****017", None), ("2547****17", None), ("07****", None)],
)
def test_a_row_looks_like_an_order_only_where_three_shown_digits_say_so(
    books: Books, party: str, suggested: str | None
) -> None:
    at = doubtful(books)
    books.night()
    (found,) = [each for each in read(books, Row(RECEIPT, 150, party=party, at=at)) if each["receipt"]]
    assert (found["kind"], found["suggested_order"]) == ("missing_in_ledger", suggested)


@pytest.mark.parametrize(
    ("party", "verdicts"),
    [
        ("0722****017", ["real", "different_phone", "different_phone"]),
        ("2547****017", ["real", "real", "different_phone"]),
        ("0722200017", ["real", "different_phone", "different_phone"]), ("", ["real"] * 3), ("2547****", ["real"] * 3),
    ],
)
def test_a_cashier_is_told_of_another_phone_only_where_a_shown_digit_differs(
    books: Books, party: str, verdicts: list[str]
) -> None:
    books.night()
    read(books, Row(RECEIPT, 150, party=party))
    for number, (phone, verdict) in enumerate(zip((LOST, "0700000017", "0722200018"), verdicts, strict=True)):
        shown = books.mpesa("verify", RECEIPT, "--phone", phone, "--order", "9001", "--json")
        told: dict[str, Any] = json.loads(shown.stdout)
        assert told["verdict"] == verdict, number
