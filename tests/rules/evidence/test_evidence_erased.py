"""After an erasure: a repeat changes nothing, a new fact counts as for any payment, and the number never comes back."""

from typing import Any

import pytest
from books.portal import Row, write
from daraja.callbacks.callback_bodies import encode, failed, paid
from held.held_shop import PHONE, RECEIPT, HeldShop, with_own_words

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.rules.evidence import QueryAnswered
from mpesa_cli.rules.forgotten import body_without_number
from mpesa_cli.rules.values.pseudonym import is_erased

CHECKOUT_ID = "ws_CO_24112026103001482708374149"
LATE = "UKO4Q7LATE"


def told(receipt: str = RECEIPT, **callback: Any) -> dict[str, Any]:
    return paid(receipt, CheckoutRequestID=CHECKOUT_ID, **callback)


def prompted(shop: HeldShop, *bodies: dict[str, Any]) -> None:
    """An order of the number, what was told of it, and the erasure of the number."""
    shop.prompt("A1", reference="DUKA")
    shop.clock.advance(10)
    for body in bodies:
        shop.callback(encode(body))
    done = shop.mpesa("erase", PHONE, "--yes")
    assert done.status == 0, done
    assert traces(shop) == {}


def traces(shop: HeldShop) -> dict[str, int]:
    """Which files hold the number, in any form that shows all of it."""
    folder = next(shop.home.rglob("*.db")).parent
    found = {each.name: each.read_bytes().count(b"708374149") for each in folder.iterdir() if each.is_file()}
    return {name: count for name, count in found.items() if count}


def document(shop: HeldShop) -> Any:
    return shop.mpesa("status", "A1", "--json", "--no-refresh").stdout


@pytest.mark.parametrize("first", [told(), failed(1032, CheckoutRequestID=CHECKOUT_ID)])
def test_what_an_erased_payment_holds_changes_nothing_when_it_is_told_again(
    shop: HeldShop, first: dict[str, Any]
) -> None:
    prompted(shop, first)
    before, rows = document(shop), len(shop.ledger.rows("SELECT seq FROM journal"))
    shop.clock.advance(60)
    shop.callback(encode(first))
    shop.callback(encode({**first, "another": "body"}))
    if "CallbackMetadata" in first["Body"]["stkCallback"]:
        first["Body"]["stkCallback"]["CallbackMetadata"]["Item"][4]["Value"] = PHONE
        shop.callback(encode(first))
    assert document(shop) == before
    assert len(shop.ledger.rows("SELECT seq FROM journal")) == rows
    assert {each.verdict for each in Bodies(shop.ledger).callbacks("PAY-A1")} >= {"applied", "repeat"}
    assert traces(shop) == {}


def test_an_erased_failed_order_that_is_paid_late_is_paid(shop: HeldShop) -> None:
    prompted(shop, failed(1032, CheckoutRequestID=CHECKOUT_ID))
    shop.clock.advance(400)
    shop.callback(encode(told(LATE)))
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    assert (found.status, found.telling.view.receipt) == ("paid", LATE)
    assert found.last.msisdn == found.msisdn != PHONE
    assert traces(shop) == {}


def test_a_second_receipt_counts_and_another_prompts_id_is_still_noticed(shop: HeldShop) -> None:
    prompted(shop, told())
    shop.callback(encode(told(LATE)))
    assert shop.ledger.payment_by_order("A1").status == "overpaid"  # type: ignore[union-attr]
    other = told("UKO4Q7OTHR")
    other["Body"]["stkCallback"]["CheckoutRequestID"] = "ws_CO_25112026103001482708374149"
    shop.callback(encode(other))
    assert shop.ledger.payment_by_order("A1").status == "review"  # type: ignore[union-attr]
    assert traces(shop) == {}


@pytest.mark.parametrize("phone", [PHONE, "254711111111", "2547 ***** 149"])
def test_money_by_hand_for_an_erased_payment_leaves_the_phone_out(shop: HeldShop, phone: str) -> None:
    prompted(shop, failed(1032, CheckoutRequestID=CHECKOUT_ID))
    shop.clock.advance(60)
    for name in ("WANJIKU", "WANJIKU N"):
        shop.confirm(TransID=LATE, TransAmount="150.00", BillRefNumber="A1", MSISDN=phone, FirstName=name,
                     TransTime=daraja_stamp(shop.clock.now_us()))
    found = shop.ledger.payment_by_order("A1")
    assert found is not None
    assert (str(found.status), found.received_cents) == ("paid", 15_000)
    assert {each.msisdn for each in found.attempts} == {found.msisdn}
    assert [v for (v,) in shop.ledger.rows("SELECT party FROM statement_rows")] == []


def test_money_by_hand_that_is_told_again_after_the_erasure_brings_no_number_and_no_name_back(shop: HeldShop) -> None:
    shop.confirm(MSISDN=PHONE, FirstName="WANJIKU")
    assert shop.mpesa("erase", PHONE, "--yes").status == 0
    before = shop.mpesa("status", RECEIPT, "--json").stdout
    shop.confirm(MSISDN=PHONE, FirstName="WANJIKU", MiddleName="N")
    assert shop.mpesa("status", RECEIPT, "--json").stdout == before
    assert traces(shop) == {}
    (*_, (body,)) = shop.ledger.rows("SELECT body FROM callbacks ORDER BY callback_id")
    assert b"WANJIKU" not in bytes(body)  # type: ignore[call-overload]


@pytest.mark.parametrize("account", ["A1", "order a-1"])
def test_a_receipt_that_nobody_knew_before_the_erasure_brings_no_number_with_it(shop: HeldShop, account: str) -> None:
    """Only a query said that it was paid; Pull shows whole numbers. What pays something else keeps its own."""
    ref = shop.prompt("A1")
    at = daraja_stamp(shop.clock.now_us() + 5_000_000)
    at = f"{at[8:10]}:{at[10:12]}:{at[12:]}"
    with shop.ledger.write() as tx:
        tx.append(ref, QueryAnswered(shop.clock.now_us(), "0", "The service request is processed successfully."))
    assert shop.mpesa("erase", PHONE, "--yes").status == 0
    shop.clock.advance(86_400)
    other = Row("UKOD000001", 90, account, at=at, party="0711111111")
    file = write(shop.home / "statement.csv", Row(RECEIPT, 150, account, at=at, party="0708374149"), other)
    assert shop.mpesa("reconcile", "--statement", str(file)).status == 7
    assert shop.ledger.receipt_owner(RECEIPT) == ref
    assert traces(shop) == {}
    kept = dict(shop.ledger.rows("SELECT receipt, party FROM statement_rows"))
    assert (is_erased(str(kept[RECEIPT])), kept["UKOD000001"]) == (True, "254711111111")


@pytest.mark.parametrize("account", ["A1", "order a-1"])
def test_a_receipt_that_c2b_tells_first_after_the_erasure_brings_no_number_with_it(
    shop: HeldShop, account: str
) -> None:
    """Only a query said that it was paid, and its callback was lost. Who pays another amount keeps the own number."""
    ref = shop.prompt("A1")
    with shop.ledger.write() as tx:
        tx.append(ref, QueryAnswered(shop.clock.now_us(), "0", "The service request is processed successfully."))
    assert shop.mpesa("erase", PHONE, "--yes").status == 0
    shop.clock.advance(60)
    at = daraja_stamp(shop.clock.now_us())
    shop.confirm(BillRefNumber=account, TransAmount="150.00", MSISDN="0708374149", FirstName="WANJIKU", TransTime=at)
    assert shop.ledger.receipt_owner(RECEIPT) == ref
    assert traces(shop) == {}
    shop.clock.advance(1)
    shop.confirm(TransID=LATE, BillRefNumber=account, TransAmount="90.00", MSISDN="0711111111", TransTime=at)
    assert shop.ledger.payment_by_order("A1").received_cents == 24_000  # type: ignore[union-attr]
    (*_, (body,)) = shop.ledger.rows("SELECT body FROM callbacks ORDER BY callback_id")
    assert b"0711111111" in bytes(body)  # type: ignore[call-overload]


@pytest.mark.parametrize("order", ["A1", "100000042", "0700000111"])
def test_money_by_hand_for_an_erased_order_finds_it_also_where_its_id_looks_like_a_phone(
    shop: HeldShop, order: str
) -> None:
    shop.prompt(order, reference="DUKA")
    shop.callback(encode(failed(1032, CheckoutRequestID=CHECKOUT_ID)))
    shop.clock.advance(300)
    assert shop.mpesa("erase", PHONE, "--yes").status == 0
    shop.confirm(BillRefNumber=order, TransAmount="150.00", MSISDN=PHONE, OrgAccountBalance=123456789.0,
                 TransTime=daraja_stamp(shop.clock.now_us()))
    assert shop.mpesa("retry", order, "--phone", "254700000022", "--yes", "--no-wait").status == 9
    assert shop.ledger.payment_by_order(order).status == "paid"  # type: ignore[union-attr]
    assert traces(shop) == {}


def test_an_erased_order_is_known_behind_the_shops_own_words(mpesa: Any, clock: Any, home: Any) -> None:
    shop = with_own_words(mpesa, clock, home)
    ref = shop.prompt("A1", reference="DUKA-A1")
    with shop.ledger.write() as tx:
        tx.append(ref, QueryAnswered(clock.now_us(), "0", "The service request is processed successfully."))
    assert shop.mpesa("erase", PHONE, "--yes").status == 0
    clock.advance(60)
    shop.confirm(BillRefNumber="DUKA-A1", TransAmount="150.00", MSISDN=PHONE, TransTime=daraja_stamp(clock.now_us()))
    assert shop.ledger.receipt_owner(RECEIPT) == ref
    assert traces(shop) == {}
    shop.close()


def test_money_for_another_order_of_nearly_the_same_id_keeps_its_payers_number(shop: HeldShop) -> None:
    shop.prompt("1042", reference="DUKA")
    shop.callback(encode(failed(1032, CheckoutRequestID=CHECKOUT_ID)))
    shop.clock.advance(300)
    assert shop.mpesa("erase", PHONE, "--yes").status == 0
    assert shop.mpesa("order", "add", "INV1042", "150").status == 0
    shop.confirm(BillRefNumber="INV1042", TransAmount="150.00", MSISDN="254700000033",
                 TransTime=daraja_stamp(shop.clock.now_us()))
    assert shop.ledger.payment_by_order("INV1042").last.msisdn == "254700000033"  # type: ignore[union-attr]


def test_a_statement_read_after_the_erasure_settles_and_reverses_and_keeps_no_number(shop: HeldShop) -> None:
    prompted(shop, told())
    at = "10:30:10"
    shop.clock.advance(14 * 3_600)
    rows = (Row(RECEIPT, 150, at=at, party="0708374149"), Row("UKOR000001", -150, kind="Pay Bill Reversal",
                                                              linked=RECEIPT, party=""))
    file = write(shop.home / "statement.csv", *rows)
    said = shop.mpesa("reconcile", "--statement", str(file), "--json")
    assert '"phone_mismatch"' not in said.stdout
    assert shop.ledger.payment_by_order("A1").status == "refunded"  # type: ignore[union-attr]
    assert traces(shop) == {}
    assert [str(v)[:7] for (v,) in shop.ledger.rows("SELECT party FROM statement_rows WHERE kind='received'")] == [
        "erased-"
    ]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b'{"Name": "PhoneNumber", "Value": 254708374149}', b'{"Name": "PhoneNumber", "Value": ""}'),
        (b'{"MSISDN":"0708374149","TransAmount":"11720.00"}', b'{"MSISDN":"","TransAmount":"11720.00"}'),
        (b'{"CheckoutRequestID": "ws_CO_24112026708374149"}', b'{"CheckoutRequestID": "ws_CO_24112026000000000"}'),
        (b"call +254708374149 or 0708374149", b"call +254000000000 or 0000000000"),
        (b'{"FirstName": "A \\" B", "Value": 20261124103018}', b'{"FirstName": "", "Value": 20261124103018}'),
        (b'{"a": 1, "a": 2}', b'{"a": 1, "a": 2}'), (b"6f2a-412345678 UKO4Q7WX2B", b"6f2a-412345678 UKO4Q7WX2B"),
    ],
)
def test_a_body_loses_numbers_and_names_and_nothing_else(body: bytes, left: bytes) -> None:
    assert body_without_number(body) == left
