"""What Pull Transactions answers at a 200: rows, nothing, or neither; and how far its pages are followed."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from books_shop import Books

SANDBOX = {
    "MPESA_ENVIRONMENT": "sandbox", "MPESA_CONSUMER_KEY": "key", "MPESA_CONSUMER_SECRET": "secret",
    "APP_URL": "https://pay.example.co.ke",
}
Page = Callable[[int], dict[str, Any]]


def pull(books: Books, page: Page) -> tuple[Any, list[int]]:
    """`reconcile --pull` at a Daraja that answers with what ``page`` makes of the number of the request."""
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v1/generate":
            return httpx.Response(200, json={"access_token": "t" * 28, "expires_in": "3599"})
        asked.append(int(json.loads(request.content)["OffSetValue"]))
        return httpx.Response(200, json=page(len(asked)))

    return books.mpesa("reconcile", "--pull", "--json", env=SANDBOX, transport=httpx.MockTransport(answer)), asked


def rows(*numbers: int) -> dict[str, Any]:
    listed = [
        {"transactionId": f"UKO{number:07d}", "trxDate": "2026-11-24T06:45:12Z", "amount": "50.00",
         "billreference": "x", "transactiontype": "c2b-pay-bill-debit", "msisdn": 722000000}
        for number in numbers
    ]
    return {"ResponseCode": "1000" if numbers else "1001", "ResponseMessage": "Success", "Response": [listed]}


@pytest.mark.parametrize("said", [
    {"ResponseCode": "1001", "ResponseMessage": "Invalid shortcode", "Response": [[]]},
    {"ResponseCode": "1001", "ResponseMessage": "The service is being maintained"},
    {"ResponseCode": "1001", "Response": []},
    {"ResponseCode": "1001", "ResponseMessage": "No transactions could be read", "Response": [[]]},
    {"ResponseCode": "1000", "ResponseMessage": "Failed", "Response": [[]]},
])
def test_words_that_do_not_say_nothing_are_shown_and_nothing_was_compared(books: Books, said: dict[str, Any]) -> None:
    done, asked = pull(books, lambda _: said)
    assert (done.status, len(asked)) == (5, 1)
    assert said.get("ResponseMessage", "without words") in done.stderr
    assert "nothing was compared" in done.stderr
    assert json.loads(done.stdout)["statements"] == []


@pytest.mark.parametrize("said", [
    rows(),
    {"ResponseCode": "1001", "ResponseMessage": "No transactions found for the period"},
    {"ResponseCode": "1001", "ResponseMessage": "No records found", "Response": []},
    {"ResponseCode": "1000", "ResponseMessage": "Success", "Response": [[]]},
])
def test_nothing_is_quiet_where_it_is_said(books: Books, said: dict[str, Any]) -> None:
    done, _ = pull(books, lambda _: said)
    assert (done.status, done.stderr) == (0, "")


@pytest.mark.parametrize(("said", "known"), [
    (rows(), True), ({"ResponseCode": "1000", "ResponseMessage": "Success", "Response": [[{"amount": "much"}]]}, False),
])
def test_the_record_counts_as_compared_where_pull_says_that_it_has_nothing_and_not_where_it_cant_be_read(
    books: Books, said: dict[str, Any], known: bool
) -> None:
    done, _ = pull(books, lambda number: said if number == 1 else rows())
    assert (json.loads(done.stdout)["record_compared_until"] is not None) is known, done


def test_a_server_that_always_has_one_more_is_left_after_fifty_pages_with_pauses_between(books: Books) -> None:
    done, asked = pull(books, lambda number: rows(*range(number, number + 5)))
    assert (done.status, len(asked)) == (5, 50)
    assert "without an end" in done.stderr
    assert books.clock.slept.count(0.5) == 49


def test_full_pages_of_new_rows_are_followed_to_their_end(books: Books) -> None:
    done, asked = pull(books, lambda number: rows(*range(number * 4, number * 4 + 4)) if number <= 70 else rows())
    assert (done.status, len(asked), asked[-1]) == (7, 71, 280)
    assert json.loads(done.stdout)["statements"][0]["rows"] == 280
