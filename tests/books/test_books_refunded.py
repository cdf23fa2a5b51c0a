"""Money that went back: what every command says of a refunded payment, and of one of which a part is left."""

import json

from books_shop import Books
from portal import Row, reversal


def refunded(books: Books, back: float = 150) -> str:
    """Order 1001 for 150 shillings, of which so much was given back. Returns its receipt."""
    receipt = books.shop.sell("1001", 150)
    books.night()
    books.reconcile(Row(receipt, 150, "1001"), reversal("UKOR000001", receipt, back), status=7)
    return receipt


def test_every_command_says_that_the_money_went_back(books: Books) -> None:
    receipt = refunded(books)
    status = books.mpesa("status", "1001", tty=True)
    assert (status.status, status.stdout.startswith("GIVEN BACK KES 150 for order 1001")) == (7, True)
    document = json.loads(books.mpesa("status", receipt, "--json").stdout)
    assert (document["status"], document["received"], document["reversed"]) == ("refunded", 0, 150)
    assert document["attempts"][0]["state"] == "paid", "a success is never overwritten"
    assert "1001" in books.mpesa("history", "--status", "refunded").stdout
    assert f"receipt {receipt} was reversed by UKOR000001" in books.mpesa("log", "1001").stdout
    paper = books.mpesa("receipt", "1001")
    assert "GIVEN BACK" in paper.stdout


def test_it_is_never_asked_again_under_the_same_order(books: Books) -> None:
    refunded(books)
    retry = books.mpesa("retry", "1001", "--json")
    push = books.mpesa("push", "254708374149", "150", "--order", "1001", "--json")
    told = [json.loads(done.stdout)["error"] for done in (retry, push)]
    assert [(done.status, error["money_moved"]) for done, error in zip((retry, push), told, strict=True)] == [
        (9, "yes"), (9, "yes"),
    ]
    assert (told[0]["code"], told[1]["code"]) == ("retry-refused", "refunded")
    assert "went back" in told[0]["message"] + told[0]["hint"]
    words = books.mpesa("push", "254708374149", "150", "--order", "1001").stderr
    assert ("went back" in words, "The money has come in" in words) == (True, False)


def test_the_shops_own_system_is_told_once(books: Books) -> None:
    receipt = refunded(books)
    events = books.rows("SELECT event_type FROM outbox WHERE queue='webhook' ORDER BY created_us")
    assert events == [("order.paid",), ("order.refunded",)]
    books.reconcile(Row(receipt, 150, "1001"), reversal("UKOR000001", receipt, 150), status=7)
    assert len(books.rows("SELECT 1 FROM outbox WHERE queue='webhook'")) == 2


def test_a_part_that_went_back_leaves_it_partly_paid_and_says_both_sums(books: Books) -> None:
    refunded(books, back=50)
    status = books.mpesa("status", "1001", tty=True)
    assert "PARTLY PAID KES 150 for order 1001: KES 150 came, KES 50 went back" in status.stdout
    document = json.loads(books.mpesa("status", "1001", "--json").stdout)
    assert (document["status"], document["received"], document["reversed"]) == ("partial", 100, 50)


def test_the_second_of_two_payments_given_back_leaves_the_order_paid(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    assert books.mpesa("c2b-register", "--yes").status == 0
    books.shop.pay_outside("1001", 150)
    for _ in ("the validation", "the confirmation"):
        books.mpesa("reconcile")
        books.clock.advance(10)
    (second,) = (r for (r,) in books.rows("SELECT receipt FROM receipts") if r != receipt)
    assert books.rows("SELECT status FROM payments") == [("overpaid",)]
    books.night()
    rows = [Row(receipt, 150, "1001"), Row(second, 150, "1001"), reversal("UKOR000001", second, 150)]
    assert [b["kind"] for b in books.reconcile(*rows, status=7)["breaks"]] == ["reversed"]
    assert books.rows("SELECT status FROM payments") == [("paid",)]


def test_the_summary_says_what_came_and_beside_it_what_went_back(books: Books) -> None:
    refunded(books, back=50)
    total = json.loads(books.mpesa("history", "--summary", "--json").stdout)["total"]
    assert (total["gross"], total["reversed"]) == (150, 50)
    books_say = books.mpesa("reconcile", "--statement", str(books.file), "--json")
    assert json.loads(books_say.stdout)["totals"]["gross"] == total["gross"], "one word, one meaning"
    heading, *_ = books.mpesa("history", "--summary", "--format", "csv").stdout.splitlines()
    assert heading.endswith(",failed_by_reason,reversed")
    assert "given back" in books.mpesa("history", "--summary", tty=True).stdout
