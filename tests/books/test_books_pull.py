"""Pull Transactions: the last 48 hours without a file; what it cannot tell is not called missing."""

import json

from books_shop import Books


def registered(books: Books) -> None:
    done = books.mpesa("pull-register", "--nominated", "254708374149", "--yes")
    assert done.status == 0, done


def test_what_pull_lists_settles_a_payment_and_a_second_run_changes_nothing(books: Books) -> None:
    registered(books)
    books.shop.sell("1001", 150)
    books.shop.sell("1002", 250, "254722200017", wait=False)
    books.clock.advance(3_600)
    first = books.mpesa("reconcile", "--pull", "--json")
    document = json.loads(first.stdout)
    assert (first.status, document["breaks"], document["settled_by_rows"]) == (0, [], 1)
    assert document["statements"][0]["source"] == "pull"
    before = books.everything()
    assert json.loads(books.mpesa("reconcile", "--pull", "--json").stdout)["settled_by_rows"] == 0
    assert books.everything() == before


def test_a_shortcode_that_is_not_registered_is_told_what_to_do(books: Books) -> None:
    books.shop.sell("1001", 150)
    done = books.mpesa("reconcile", "--pull", "--json")
    assert done.status == 3
    assert "mpesa pull-register" in json.loads(done.stdout)["error"]["hint"]
