"""Every class of break is found, named once, and found again; what is no break is none."""

import json

from books_shop import Books
from portal import Row, charge, reversal, wall, write


def kinds(document: dict[str, object]) -> list[tuple[str, str]]:
    return [(b["kind"], b["id"].removeprefix(b["kind"] + "-")) for b in document["breaks"]]  # type: ignore[attr-defined]


def test_a_day_that_agrees_is_silent(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    document = books.reconcile(Row(receipt, 150, "1001"), charge(receipt), Row("UKOW000001", -500, kind="Withdrawal"),
                               status=0)
    assert (document["breaks"], document["totals"]["net"]) == ([], 150 - 2.75 - 500)
    done = books.mpesa("reconcile", "--statement", str(books.file))
    assert (done.status, done.stdout, done.stderr) == (0, "", "")


def test_each_class_of_break_is_found_and_a_second_run_says_exactly_the_same(books: Books) -> None:
    sell = books.shop.sell
    forged_amount, twice, reversed_ = sell("1001", 150), sell("1002", 250), sell("1003", 350)
    sell("1004", 450, "254722200019")  # the callback says another amount: review
    sell("1005", 550, "254700001032")  # the customer cancels
    absent = sell("1006", 650)
    review = books.rows("SELECT receipt FROM attempts WHERE state='review'")[0][0]
    books.night()
    rows = [
        Row(forged_amount, 149, "1001"),
        Row(twice, 250, "1002"), Row(twice, 251, "1002"),
        Row(reversed_, 350, "1003"), reversal("UKOR000001", reversed_, 350),
        Row(review, 451, "1004"),
        Row("UKON000001", 99, "1005"),
        Row("UKON000002", 33, "by the door"),
        Row("UKON000003", 650, "1006"),
        charge("UKOX000001"),
    ]
    first = books.reconcile(*rows, status=7)
    before = books.everything()
    second = books.reconcile(*rows, status=7)
    amounts = {b["receipt"]: b["amount"] for b in first["breaks"] if b["kind"] == "amount_mismatch"}
    assert amounts == {forged_amount: 149, review: 451}, "what came, not what was asked"

    assert kinds(first)[0] == ("missing_at_provider", absent), "the worst comes first"
    assert sorted(kinds(first)) == sorted([
        ("missing_at_provider", absent),
        ("amount_mismatch", forged_amount),
        ("amount_mismatch", review),
        ("duplicate_receipt", twice),
        ("double_payment", "UKON000003"),
        ("missing_in_ledger", "UKON000002"),
        ("unmatched_order", "UKON000001"),
        ("reversed", "UKOR000001"),
        ("fee", "UKOX000001"),
    ])
    assert second["breaks"] == first["breaks"]
    assert books.everything() == before


def test_an_unread_line_is_a_difference_and_the_other_lines_are_taken(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    document = books.reconcile(Row(receipt, 150, "1001"), Row("1.23E+15", 10, "x"), status=7)
    assert [kind for kind, _ in kinds(document)] == ["unknown_row"]
    assert "line 6" in document["breaks"][0]["detail"]


def test_a_cancelled_order_that_was_paid_by_hand_is_paid(books: Books) -> None:
    books.shop.sell("1001", 150, "254700001032")
    books.night()
    document = books.reconcile(Row("UKOH000001", 150, "order 1001", at="15:00:00"), status=0)
    assert (document["settled_by_rows"], document["breaks"]) == (1, [])
    assert document["payments"][0]["status"] == "paid"
    assert [a["state"] for a in document["payments"][0]["attempts"]] == ["failed", "paid"]


def test_a_payment_that_only_looks_like_a_prompt_is_suggested_and_changes_nothing(books: Books) -> None:
    books.shop.sell("1001", 150, "254722200017", wait=False)
    at = books.clock.now_us()
    books.night()
    books.mpesa("reconcile")
    document = books.reconcile(Row("UKOL000001", 150, "shop", at=wall(at), party="2547****0017"), status=7)
    (found,) = document["breaks"]
    assert (found["kind"], found["suggested_order"]) == ("missing_in_ledger", "1001")
    assert books.rows("SELECT state FROM attempts") == [("unknown",)]


def test_money_of_the_last_minutes_is_carried_over_and_told_once_its_time_is_over(books: Books) -> None:
    row = Row("UKOB000001", 20, "x", at=wall(books.clock.now_us()))
    early = books.reconcile(row)
    assert (early["carried_over"], kinds(early)) == (1, [])
    books.night()
    assert kinds(books.reconcile(row)) == [("missing_in_ledger", "UKOB000001")]


def test_money_of_a_time_that_our_clock_has_not_reached_is_carried_over_and_told_once_it_has(books: Books) -> None:
    hour_us = 3_600_000_000
    ahead, last = (wall(books.clock.now_us() + hours * hour_us) for hours in (1, 2))
    rows = [Row("UKOB000001", 20, "x", at=ahead), Row("UKOW000001", -500, kind="Withdrawal", at=last)]
    early = books.reconcile(*rows)
    assert (early["carried_over"], kinds(early)) == (1, [])
    books.night()
    assert kinds(books.reconcile(*rows)) == [("missing_in_ledger", "UKOB000001")]


def test_what_is_near_the_edge_of_the_time_is_carried_over_and_what_is_inside_is_missing(books: Books) -> None:
    inside = books.shop.sell("1001", 150)
    books.clock.advance(3_600)
    books.shop.sell("1002", 250)
    last = wall(books.clock.now_us())
    books.night()
    write(books.file, Row("UKOB000001", 20, "x", at="09:00:00"), Row("UKOB000002", 20, "y", at=last), day=None)
    document = json.loads(books.mpesa("reconcile", "--statement", str(books.file), "--json").stdout)
    assert document["carried_over"] == 1
    assert ("missing_at_provider", inside) in kinds(document)
    assert len(document["breaks"]) == 3


def test_a_forged_payment_is_found_whatever_time_the_forger_writes(books: Books) -> None:
    books.shop.forge("1001", "UKOFORGED1")
    books.shop.forge("1002", "UKOFORGED2", says_us=books.clock.now_us() - 400 * 86_400_000_000)
    books.night()
    document = books.reconcile(Row("UKOB000001", 20, "by the door"), status=7)
    critical = {b["receipt"] for b in document["breaks"] if b["critical"]}
    assert critical == {"UKOFORGED1", "UKOFORGED2"}


def test_a_row_that_would_pay_an_order_twice_changes_nothing_and_is_named(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    document = books.reconcile(Row(receipt, 150, "1001"), Row("UKOT000001", 150, "1001", at="12:00:00"), status=7)
    assert kinds(document) == [("double_payment", "UKOT000001")]
    assert books.rows("SELECT status FROM payments") == [("paid",)]


def test_the_statement_of_another_shop_is_refused(books: Books) -> None:
    write(books.file, Row("UKOB000001", 20), shortcode="600984")
    done = books.mpesa("reconcile", "--statement", str(books.file), "--json")
    assert (done.status, '"other-shop"' in done.stdout) == (2, True)
    assert books.rows("SELECT count(*) FROM statement_rows") == [(0,)]
