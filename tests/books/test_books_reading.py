"""Statements as portals, spreadsheets and tables from a PDF really write them: what they say comes out, or is told."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from books_shop import LOST, RECEIPT, Books, doubtful, standing

NARROW = ("Receipt No.", "Completion Time", "Details", "Transaction Status", "Paid In", "Withdrawn", "Balance")
WHITE_SPACE = ["\r", "\n", "\r\n", "\t", "\u00a0", "\u2009", "\u202f", "\u2028", "  ", " \n ", "\u200e \u200b"]


def write(books: Books, *rows: dict[str, str], above: tuple[str, ...] = ("Short Code,174379",)) -> None:
    """A file of these rows. What a row does not say is what a payment of 150 by LOST, completed, has there."""
    usual = {"Receipt No.": RECEIPT, "Transaction Status": "Completed", "Paid In": "150.00"}
    headings = list(dict.fromkeys([*NARROW, *(name for row in rows for name in row)]))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([{**usual, **row}.get(name, "") for name in headings] for row in rows)
    period = "Statement Period,24-11-2026 00:00:00 - 24-11-2026 23:59:59"
    with Path(books.file).open("w", encoding="utf-8", newline="") as file:
        file.write("\r\n".join([*above, period, "", text.getvalue()]))


def reconcile(books: Books, status: int) -> dict[str, Any]:
    done = books.mpesa("reconcile", "--statement", str(books.file), "--json")
    assert done.status == status, done
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("gap", WHITE_SPACE, ids=ascii)
def test_white_space_of_every_kind_is_one_blank(books: Books, gap: str) -> None:
    at = doubtful(books, "tb-1", 12_500)
    books.night()
    write(books, {
        "Completion Time": f"2026-11-24{gap}{at}", "Details": f"Pay Bill from{gap}{LOST} - W Acc. tb-1",
        "Transaction Status": f"{gap}Completed{gap}", "Paid In": f"{gap}12,500.00{gap}", "Balance": f"12,500.00{gap}",
        "Reason Type": f"Pay Bill{gap}Online", "Other Party Info": f"{LOST} -{gap}WANJIKU", "A/C No.": f"tb-1{gap}",
    })
    document = reconcile(books, 0)
    assert (document["breaks"], document["settled_by_rows"]) == ([], 1)
    assert standing(books, "tb-1") == "paid"


@pytest.mark.parametrize("gap", [" ", "\u00a0", "\u2009", "\u202f", "\n"], ids=ascii)
def test_a_blank_of_any_kind_may_part_the_thousands(books: Books, gap: str) -> None:
    at = doubtful(books, "tb-1", 12_500)
    books.night()
    amounts = {"Paid In": f"12{gap}500.00", "Balance": f"1{gap}012{gap}500.00"}
    write(books, {"Completion Time": f"24-11-2026 {at}", "A/C No.": "tb-1", **amounts})
    assert reconcile(books, 0)["totals"]["gross"] == 12_500
    assert standing(books, "tb-1") == "paid"


@pytest.mark.parametrize("written", ["24-11-\n2026 {}", "24/\u00a011/2026 {}", "2026-\r11-\r24 {}", "24-11-2026{}"])
def test_a_date_that_was_broken_at_a_sign_is_a_date(books: Books, written: str) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": written.format(at), "A/C No.": "1001"})
    reconcile(books, 0)
    assert standing(books, "1001") == "paid"


@pytest.mark.parametrize("amount", ["1 50.00", "15 0.00", "1 500,000.00", "1 5000.00"])
def test_a_blank_in_an_odd_place_of_an_amount_is_told(books: Books, amount: str) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001", "Paid In": amount})
    (unread,) = [b for b in reconcile(books, 7)["breaks"] if b["kind"] == "unknown_row"]
    assert "An amount can't be read" in unread["detail"]
    assert standing(books, "1001") == "unknown"


@pytest.mark.parametrize(("written", "which"), [("USD", "USD"), ("usd", "USD"), ("TZS", "TZS"), ("U\nSD", "")])
def test_money_of_another_currency_settles_nothing_and_is_named(books: Books, written: str, which: str) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001", "Currency": written})
    (unread,) = [b for b in reconcile(books, 7)["breaks"] if b["kind"] == "unknown_row"]
    assert (f"The currency is {which}, not KES" if which else "The currency can't be read") in unread["detail"]
    assert standing(books, "1001") == "unknown"


def test_a_file_in_another_currency_settles_nothing_either(books: Books) -> None:
    at = doubtful(books)
    books.night()
    row = {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001"}
    write(books, {**row, "Currency": ""}, above=("Short Code,174379", "Currency,USD"))
    assert "The currency is USD, not KES" in reconcile(books, 7)["breaks"][0]["detail"]
    assert standing(books, "1001") == "unknown"


@pytest.mark.parametrize("written", ["KES", "kes", " Kes ", "", " ", "KSh"])
def test_shillings_are_shillings_however_they_are_written(books: Books, written: str) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001", "Currency": written})
    reconcile(books, 0)
    assert standing(books, "1001") == "paid"


@pytest.mark.parametrize(
    "shown",
    [
        {"Opposite Party": f"{LOST} - WANJIKU", "Details": "Collection", "Reason Type": "Pay Bill Online"},
        {"Details": f"From {LOST} - Rent Payment bug-9"},
        {"Details": f"from - {LOST} - WANJIKU"},
        {"Other Party Info": "2547 ***** 017 - W", "Details": "Customer Payment", "Reason Type": "C2B"},
        {"Other Party Info": "0722****017 - W", "Details": "Merchant Payment", "Reason Type": "C2B"},
        {"Other Party Info": "2547-***-017 - W", "Reason Type": "C2B"},
        {"Other Party Info": "2547••••0017 - W", "Reason Type": "C2B"},
        {"Other Party Info": "722200017 - W", "Reason Type": "C2B"},
        {"Other Party Info": "0722****017 - W", "Details": f"Merchant Payment from {LOST} - W"},
    ],
)
def test_money_without_an_account_is_offered_for_the_order_that_its_number_fits(
    books: Books, shown: dict[str, str]
) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24/11/2026 {at[:5]}", **shown})
    (found,) = [b for b in reconcile(books, 7)["breaks"] if b["receipt"] == RECEIPT]
    assert (found["kind"], found["suggested_order"]) == ("missing_in_ledger", "1001")


@pytest.mark.parametrize(
    "shown",
    [
        {"Other Party Info": "254722200018 - W"},
        {"Other Party Info": "0722****018 - W", "Details": f"Merchant Payment from {LOST} - W"},
        {"Details": "From 254722200018 - for 254722200017"},
        {"Other Party Info": "2547 ***** 018 - W"},
    ],
)
def test_money_of_another_number_is_offered_for_nothing(books: Books, shown: dict[str, str]) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}", "Reason Type": "C2B", **shown})
    (found,) = [b for b in reconcile(books, 7)["breaks"] if b["receipt"] == RECEIPT]
    assert (found["kind"], found["suggested_order"]) == ("missing_in_ledger", None)


def test_zeros_that_a_spreadsheet_dropped_are_taken_from_the_details(books: Books) -> None:
    at = doubtful(books, "0042")
    doubtful(books, "42")
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}", "A/C No.": "42", "Reason Type": "Pay Bill Online",
                  "Details": f"Pay Bill from {LOST} - W Acc. 0042"})
    reconcile(books, 7)
    assert (standing(books, "0042"), standing(books, "42")) == ("paid", "unknown")


@pytest.mark.parametrize(
    "label",
    ["Short Code", "Shortcode:", "Business Short Code", "Paybill No.", "PayBill Number", "Pay Bill", "Till No",
     "Store Number", "Head Office", "Head Office Number", "Organization Short Code", "Merchant Code",
     "Buy Goods Till Number", "Business No."],
)
def test_the_statement_of_another_shop_is_refused_whatever_it_calls_its_shortcode(books: Books, label: str) -> None:
    at = doubtful(books)
    books.night()
    row = {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001"}
    for above in ((f"{label},600999",), (f"{label}: 600999",), ("Organization Name,DUKA", f"{label},,600999 - DUKA")):
        write(books, row, above=above)
        refused = books.mpesa("reconcile", "--statement", str(books.file))
        assert (refused.status, "is the statement of 600999" in refused.stderr) == (2, True)
    assert standing(books, "1001") == "unknown"
    write(books, row, above=(f"{label},174379",))
    assert books.mpesa("reconcile", "--statement", str(books.file)).stderr == ""
    assert standing(books, "1001") == "paid"


def test_the_narrowest_shortcode_says_whose_statement_it_is(books: Books) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}"}, above=("Head Office,174379", "Store Number,600999"))
    assert "is the statement of 600999" in books.mpesa("reconcile", "--statement", str(books.file)).stderr


def test_a_file_that_does_not_name_its_shortcode_says_so_once(books: Books) -> None:
    at = doubtful(books)
    books.night()
    row = {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001"}
    write(books, row, {**row, "Receipt No.": "UKO4Q7AAAB", "A/C No.": ""}, above=("Store Name,DUKA 174379",))
    said = books.mpesa("reconcile", "--statement", str(books.file)).stderr
    assert said.count("statement.csv does not name its shortcode. It is read as the statement of 174379.") == 1


def test_headings_may_name_the_shilling(books: Books) -> None:
    at = doubtful(books)
    books.night()
    write(books, {"Completion Time": f"24-11-2026 {at}", "A/C No.": "1001"})
    text = books.file.read_text()
    books.file.write_text(text.replace("Paid In,Withdrawn,Balance", "Paid In (KES),Withdrawn KSh,Balance(Kes)"))
    reconcile(books, 0)
    books.file.write_text(text.replace("Paid In,Withdrawn,Balance", "Paid In (USD),Withdrawn,Balance"))
    assert books.mpesa("reconcile", "--statement", str(books.file)).status == 2


def test_a_file_with_neither_rows_nor_a_period_tells_of_no_time(books: Books) -> None:
    Path(books.file).write_text(",".join([*NARROW, "Other Party Info", "A/C No."]) + "\n")
    (read,) = reconcile(books, 0)["statements"]
    assert (read["rows"], read["from"], read["until"]) == (0, None, None)
