"""What a forger, messages out of order and a careless cashier can't do to the books."""

import json

from books_shop import LATER, LOST, PARTY, RECEIPT, Books, back, doubtful, hear, ledger_of, read, standing
from portal import Row, reversal, wall, write

from mpesa_cli.rules.evidence import Received
from mpesa_cli.rules.payment import Intent


def test_a_reversal_that_was_read_before_its_payments_row_is_never_announced_as_paid(books: Books) -> None:
    at = doubtful(books)
    books.clock.advance(5 * 86_400)
    read(books, back(), day=LATER, status=7)
    read(books, Row(RECEIPT, 150, "1001", at=at, party=PARTY), status=7)
    assert standing(books, "1001") == "refunded"
    events = {kind for (kind,) in books.rows("SELECT event_type FROM outbox WHERE queue='webhook'")}
    assert ("order.refunded" in events, "order.paid" in events) == (True, False)


def test_a_reversal_that_was_read_before_its_callback_came_gives_it_back_without_any_file(books: Books) -> None:
    doubtful(books)
    books.clock.advance(5 * 86_400)
    read(books, back(), day=LATER, status=7)
    hear(books, "1001")
    assert standing(books, "1001") == "paid"
    first = books.mpesa("reconcile")
    assert (first.status, "GIVEN BACK" in first.stdout, "for order 1001. id" in first.stdout) == (7, True, True)
    assert standing(books, "1001") == "refunded"
    before = books.everything()
    assert (books.mpesa("reconcile").status, books.everything() == before) == (7, True), "until it is accepted"


def test_a_reversal_that_was_accepted_as_unknown_is_told_once_more_when_it_turns_out_to_be_ours(books: Books) -> None:
    at = doubtful(books)
    books.night()
    read(books, reversal("UKOR000001", RECEIPT, 150), status=7)
    accept = ("reconcile", "--accept", "reversed-UKOR000001", "--by", "Asha", "--reason", "not one of ours")
    assert books.mpesa(*accept).status == 0
    both = [Row(RECEIPT, 150, "1001", at=at, party=PARTY), reversal("UKOR000001", RECEIPT, 150)]
    for _ in range(2):
        read(books, *both, status=7)
    assert books.mpesa(*accept).status == 0
    read(books, *both, status=0)
    assert standing(books, "1001") == "refunded"


def test_reversals_in_parts_add_up_and_each_counts_once(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    rows = [Row(receipt, 150, "1001"), reversal("UKOR000001", receipt, 50), reversal("UKOR000002", receipt, 100)]
    read(books, *rows[:2], status=7)
    assert standing(books, "1001") == "partial"
    for _ in range(2):
        read(books, *rows, status=7)
        assert standing(books, "1001") == "refunded"
    assert books.rows("SELECT reversed_cents FROM payments") == [(15_000,)]


def test_a_receipt_whose_reversal_has_the_same_number_is_never_attached(books: Books) -> None:
    doubtful(books)
    books.night()
    read(books, Row(RECEIPT, 150, "shop"), Row(RECEIPT, -150, kind="Pay Bill Reversal"))
    done = books.mpesa("verify", RECEIPT, "--attach", "1001", "--by", "Asha", "--yes", "--json")
    assert (done.status, json.loads(done.stdout)["verdict"]) == (3, "not_paid")
    assert standing(books, "1001") == "unknown"


def test_a_receipt_that_pays_another_order_by_now_is_not_used_again_by_a_decision(books: Books) -> None:
    doubtful(books, "1001", 250)
    hear(books, "1001")
    doubtful(books, "1002", 150)
    hear(books, "1002")
    assert (standing(books, "1001"), standing(books, "1002")) == ("review", "paid")
    decide = ("resolve", "1001", "paid", "--by", "Asha", "--reason", "the customer showed it", "--yes", "--json")
    done = books.mpesa(*decide)
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (9, "receipt-used")
    assert "already pays order 1002" in json.loads(done.stdout)["error"]["message"]
    assert books.rows("SELECT order_id FROM payments WHERE status='paid'") == [("1002",)]


def test_a_receipt_with_two_amounts_settles_nothing(books: Books) -> None:
    doubtful(books, "1001", 150)
    at = doubtful(books, "1002", 250)
    books.night()
    rows = [Row(RECEIPT, 150, "1001", at=at, party=PARTY), Row(RECEIPT, 250, "1002", at=at, party=PARTY)]
    assert "duplicate_receipt" in {each["kind"] for each in read(books, *rows, status=7)}
    assert books.rows("SELECT DISTINCT status FROM payments") == [("unknown",)]


def test_a_constant_reference_names_no_order_not_even_the_first(books: Books) -> None:
    config = books.home / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[profile.duka]\nenvironment = "simulator"\naccount_reference = "HouseholdPl"\n')
    pushed = books.mpesa("push", LOST, "150", "--order", "1001", "--no-wait", "-P", "duka")
    assert pushed.status == 6, pushed
    books.clock.advance(5_000)
    at = wall(books.clock.now_us())
    books.night()
    write(books.file, Row(RECEIPT, 150, "HouseholdPl", party="", at=at))
    done = books.mpesa("reconcile", "--statement", str(books.file), "--json", "-P", "duka")
    assert [each["kind"] for each in json.loads(done.stdout)["breaks"]] == ["missing_in_ledger"]
    assert {p["status"] for p in json.loads(done.stdout)["payments"]} == {"unknown"}


def test_an_order_that_turns_out_to_be_paid_twice_is_told_in_every_run_whenever_the_other_money_came(
    books: Books,
) -> None:
    at = doubtful(books)
    books.clock.advance(2 * 86_400)
    assert books.mpesa("retry", "1001", "--force", "her phone shows no prompt", "--yes", "--no-wait").status == 6
    hear(books, "1001", "UKQ4Q7BBBB")
    books.clock.advance(3_600)
    for _ in range(2):
        breaks = read(books, Row(RECEIPT, 150, "1001", at=at, party=PARTY), status=7)
        assert [each["kind"] for each in breaks] == ["double_payment"]
        assert standing(books, "1001") == "overpaid"


def test_a_forged_message_with_somebody_elses_receipt_is_found(books: Books) -> None:
    at = doubtful(books)
    hear(books, "1001")
    books.night()
    (found,) = read(books, Row(RECEIPT, 150, "1777", party="2547****9999", at=at), status=7)
    assert (found["kind"], found["order_id"], found["receipt"]) == ("phone_mismatch", "1001", RECEIPT)
    people = books.mpesa("reconcile", "--statement", str(books.file))
    assert (people.status, "ANOTHER PHONE" in people.stdout, "mpesa log 1001" in people.stdout) == (7, True, True)


def test_a_forged_payment_at_the_edge_of_a_day_is_told_by_whichever_of_its_two_statements_is_read_last(
    books: Books,
) -> None:
    """Asked for at 23:55: M-PESA's row of it could be in either file."""
    books.clock.advance((13 * 60 + 25) * 60)
    books.shop.forge("1001")
    books.clock.advance(2 * 86_400)
    today = Row("UKOB000001", 20, "by the door")
    tomorrow = Row("UKPB000001", 20, "by the door", day="25-11-2026")
    for _ in range(2):
        kinds = [{each["kind"] for each in read(books, row, day=row.day, status=7)} for row in (today, tomorrow)]
        assert "missing_at_provider" in kinds[1]
    assert "missing_at_provider" in kinds[0], "once the next day is known, the first file tells it too"


def test_a_number_that_was_erased_since_is_no_other_phone(books: Books) -> None:
    at = doubtful(books)
    hear(books, "1001")
    books.night()
    assert books.mpesa("erase", LOST, "--yes").status == 0
    assert read(books, Row(RECEIPT, 150, "1001", party=PARTY, at=at), status=0) == []


def test_an_order_paid_by_hand_is_never_swallowed_by_another_orders_message(books: Books) -> None:
    doubtful(books)
    by_hand = Intent("PAY-1777", "1777", "simulator", "174379", 15_000, "254708374149", "1777", "by hand", "")
    with ledger_of(books) as ledger, ledger.write() as tx:
        ref = tx.open_received(by_hand, books.clock.now_us())
        tx.append(ref, Received(books.clock.now_us(), "c2b", RECEIPT, 15_000))
    hear(books, "1001")
    assert (standing(books, "1777"), standing(books, "1001")) == ("paid", "review")


def test_a_confirmation_that_shows_more_of_the_number_than_the_row_before_it_is_no_conflict(books: Books) -> None:
    books.shop.sell("1001", 150, "254700001032")
    books.night()
    read(books, Row("UKOH000001", 150, "order 1001", at="15:00:00", party="2547****4149"), status=0)
    hear(books, "1001", "UKOH000001", source="c2b", msisdn="254708374149")
    (last,) = json.loads(books.mpesa("status", "1001", "--json", "--no-refresh").stdout)["attempts"][1:]
    assert (last["state"], last["flags"]) == ("paid", [])
