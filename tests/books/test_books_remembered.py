"""What differs is named by every run, with other files or none, until a person accepted it or it is gone."""

import json
from typing import Any

import pytest
from books_shop import LATER, RECEIPT, TODAY, Books, back, doubtful, hear, read
from portal import Row, charge, reversal, write

DAY_S = 86_400
BY = ("--by", "Asha", "--reason", "looked at in the portal")


def named(books: Books, status: int = 7) -> set[str]:
    """The ids that a run without any file names."""
    done = books.mpesa("reconcile", "--json")
    assert done.status == status, done
    return {each["id"] for each in json.loads(done.stdout)["breaks"] if each["accepted_by"] is None}


def overpaid(books: Books) -> None:
    """Order 500 for KES 500, and then 50 more."""
    books.shop.sell("500", 500)
    more(books, 50)


def more(books: Books, shillings: int) -> None:
    assert books.mpesa("c2b-register", "--yes").status == 0
    books.shop.pay_outside("500", shillings)
    for _ in ("the validation", "the confirmation"):
        books.mpesa("reconcile")
        books.clock.advance(10)


def test_money_that_went_back_is_named_by_every_run_until_it_is_accepted(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    books.reconcile(Row(receipt, 150, "1001"), reversal("UKOR000001", receipt, 150), status=7)
    books.clock.advance(DAY_S)
    other = read(books, Row("UKPN000001", 20, "x", day="25-11-2026"), day="25-11-2026", status=7)
    assert {each["kind"] for each in other} == {"reversed", "missing_in_ledger"}
    assert "reversed-UKOR000001" in named(books)
    assert "GIVEN BACK" in books.mpesa("reconcile").stdout
    assert books.mpesa("reconcile", "--accept", "reversed-UKOR000001", *BY).status == 0
    assert named(books) == {"missing_in_ledger-UKPN000001"}


def test_a_second_run_on_the_same_file_writes_nothing_it_remembers_anew(books: Books) -> None:
    books.night()
    rows = [Row(f"UKON00000{n}", 20, "x") for n in range(3)]
    books.reconcile(*rows, status=7)
    before = books.rows("SELECT * FROM differences")
    books.mpesa("reconcile", "--json")
    assert books.rows("SELECT * FROM differences") == before


def test_what_a_later_file_of_its_time_does_not_show_any_more_is_gone(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    assert [b["kind"] for b in read(books, Row("UKOB000001", 20, "x"), status=7)] == [
        "missing_at_provider", "missing_in_ledger",
    ]
    assert read(books, Row("UKPB000001", 20, "y", day="23-11-2026"), day="23-11-2026", status=7)
    assert f"missing_at_provider-{receipt}" in named(books), "a file of another day tells nothing of it"
    read(books, Row("UKOB000001", 20, "x"), Row(receipt, 150, "1001"), status=7)
    assert named(books) == {"missing_in_ledger-UKOB000001", "missing_in_ledger-UKPB000001"}


def test_what_a_later_comparison_calls_otherwise_is_named_once(books: Books) -> None:
    books.night()
    row = Row("UKON000001", 150, "2001")
    read(books, row, status=7)
    assert named(books) == {"missing_in_ledger-UKON000001"}
    receipt = books.shop.sell("2001", 150)
    assert named(books) == {"missing_in_ledger-UKON000001"}, "until its time is compared again"
    read(books, row, Row(receipt, 150, "2001", day="25-11-2026"), status=7)
    assert named(books) == {"double_payment-UKON000001"}


def test_money_that_a_person_attached_needs_nobody_any_more(books: Books) -> None:
    doubtful(books)
    books.night()
    read(books, Row(RECEIPT, 150, "shop", at="10:32:00", party="2547****0017"), status=7)
    assert named(books) == {f"missing_in_ledger-{RECEIPT}"}
    assert books.mpesa("verify", RECEIPT, "--attach", "1001", "--by", "Asha", "--yes").status == 0
    assert named(books, 0) == set()


def test_a_charge_is_explained_by_the_statement_of_the_day_before(books: Books) -> None:
    books.night()
    read(books, charge("UKNX000001"), status=7)
    assert named(books) == {"fee-UKNX000001"}
    read(books, Row("UKNX000001", -500, kind="Withdrawal", day="23-11-2026"), day="23-11-2026", status=0)


def test_lines_that_were_not_read_are_named_until_a_whole_file_of_their_time_comes(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    read(books, Row(receipt, 150, "1001"), Row("1.23E+15", 10, "x"), status=7)
    assert {each.split("-")[0] for each in named(books)} == {"unknown_row"}
    read(books, Row(receipt, 150, "1001"), Row("UKOB000001", 10, "x"), status=7)
    assert named(books) == {"missing_in_ledger-UKOB000001"}


def test_too_much_is_named_by_every_run_until_it_is_accepted_and_then_when_still_more_comes(books: Books) -> None:
    overpaid(books)
    for _ in range(2):
        (only,) = named(books)
    assert "PAID TWICE" in books.mpesa("reconcile").stdout
    assert books.mpesa("reconcile", "--accept", only, *BY).status == 0
    assert named(books, 0) == set()
    assert books.mpesa("status", "500").status == 7, "accepted is not settled"
    more(books, 70)
    assert named(books) == {only}, "what was accepted was 50, and now it is 120"


def test_one_receipt_that_is_told_with_two_amounts_is_named_by_every_run(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    hear(books, "1001", receipt, source="c2b", cents=15_000)
    assert named(books, 0) == set()
    hear(books, "1001", receipt, source="c2b", cents=99_900)
    for _ in range(2):
        (only,) = named(books)
        assert only.startswith("conflict-PAY-")
    said = books.mpesa("reconcile").stdout
    assert ("CONTRADICTED" in said, "mpesa log 1001" in said) == (True, True)
    assert books.mpesa("reconcile", "--accept", only, *BY).status == 0
    assert named(books, 0) == set()


def test_a_payment_for_review_is_named_by_every_run(books: Books) -> None:
    books.shop.sell("1004", 450, "254722200019")
    for _ in range(2):
        done = books.mpesa("reconcile")
        assert (done.status, "order 1004" in done.stdout) == (7, True)
    document = json.loads(books.mpesa("reconcile", "--json").stdout)
    assert [p["order_id"] for p in document["payments"]] == ["1004"]
    assert books.mpesa("resolve", "1004", "failed", *BY).status == 3
    assert books.mpesa("reconcile").status == 0


def test_all_that_waits_is_listed_without_asking_daraja_or_waiting_for_another_run(books: Books) -> None:
    from books_shop import ledger_of

    overpaid(books)
    books.night()
    read(books, *(Row(f"UKON{n:06d}", 20, "x") for n in range(30)), status=7)
    with ledger_of(books) as ledger, ledger.alone("reconcile"):
        done = books.mpesa("reconcile", "--open", "-vv")
    ids = [line.rsplit(" id ", 1)[1] for line in done.stdout.splitlines() if " id " in line]
    assert (done.status, len(ids), len(set(ids)), "query" in done.stderr) == (
        7, 33, 33, False,
    )
    assert set(ids) == named(books)


def test_what_an_upgrade_decided_otherwise_is_named_until_it_is_accepted(books: Books) -> None:
    from books_shop import ledger_of

    from mpesa_cli.rules.evidence import Record

    books.shop.sell("1001", 150)
    with ledger_of(books) as ledger, ledger.write() as tx:
        payment = tx.payment_by_order("1001")
        assert payment
        facts = {"rules": 2, "was": "failed", "is": "paid", "attempts": {}}
        tx.chain(Record("rules_changed", books.clock.now_us(), facts, {}), payment.payment_id, None)  # type: ignore[attr-defined]
    for _ in range(2):
        assert len(named(books)) == 1
    assert "was failed by the rules of the program before, and is paid by today's" in books.mpesa("reconcile").stdout
    assert books.mpesa("reconcile", "--accept", "rules_changed", *BY).status == 0
    assert named(books, 0) == set()


@pytest.mark.parametrize("source", ["none", "other"])
def test_a_reversal_of_nobodys_money_is_remembered_too(books: Books, source: str) -> None:
    books.clock.advance(5 * DAY_S)
    read(books, back(), day=LATER, status=7)
    if source == "other":
        read(books, Row("UKOB000001", 20, "x"), day=TODAY, status=7)
    assert "reversed-UKQR000001" in named(books)


def document(done: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_day_is_not_closed_while_a_part_of_its_file_was_not_read(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    write(books.file, Row(receipt, 150, "1001"), Row("1.23E+15", 10, "x"))
    run = ("reconcile", "--statement", str(books.file), "--json", "--close", "2026-11-24", "--by", "Asha")
    refused = books.mpesa(*run)
    assert (refused.status, document(refused)["error"]["code"]) == (2, "day-not-read")
    assert books.rows("SELECT count(*) FROM closings") == [(0,)]
    (only,) = named(books)
    assert books.mpesa("reconcile", "--accept", only, "--by", "Asha", "--reason", "a line of the bank's").status == 0
    assert document(books.mpesa(*run))["closed"]["fresh"] is True


def test_a_closed_day_that_changed_says_how_it_is_closed_again(books: Books) -> None:
    receipt = books.shop.sell("1001", 150)
    books.night()
    rows = [Row(receipt, 150, "1001"), charge(receipt)]
    books.reconcile(*rows, options=("--close", "2026-11-24", "--by", "Asha"), status=0)
    books.reconcile(*rows, reversal("UKOR000001", receipt, 150), status=7)
    said = books.mpesa("reconcile").stdout
    assert "mpesa history --since 2026-11-24 --until 2026-11-24" in said
    assert "mpesa reconcile --statement FILE --close 2026-11-24 --by NAME --reason TEXT" in said
