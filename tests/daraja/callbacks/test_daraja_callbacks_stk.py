"""Reading STK callbacks: what Daraja sends is read, what it does not mean is not."""

import random
from typing import Any

import pytest
from daraja.callbacks.callback_bodies import CHECKOUT_ID, MERCHANT_ID, encode, failed, mutated, paid

from mpesa_cli.daraja.callbacks import StkClaimed, StkFailed, StkPaid, StkSaid, read_stk_callback
from mpesa_cli.floor.wire.strict_json import Unreadable


def read(body: object) -> StkSaid | Unreadable:
    return read_stk_callback(encode(body))


def items_of(body: dict[str, Any]) -> list[Any]:
    return body["Body"]["stkCallback"]["CallbackMetadata"]["Item"]


def test_a_success_is_read_whole() -> None:
    assert read(paid()) == StkPaid(
        "UKO4Q7WX2B", 15_000, "254708374149", 1_795_505_418_000_000, CHECKOUT_ID, MERCHANT_ID
    )


def test_a_failure_is_read_with_its_code_as_text() -> None:
    assert read(failed()) == StkFailed("1032", "Request cancelled by user", CHECKOUT_ID, MERCHANT_ID)


@pytest.mark.parametrize(("sent", "code"), [(1037, "1037"), ("1037", "1037"), ("SFC_IC0003", "SFC_IC0003")])
def test_result_codes_come_as_numbers_and_as_words(sent: object, code: str) -> None:
    said = read(failed(sent))

    assert isinstance(said, StkFailed)
    assert said.result_code == code


@pytest.mark.parametrize(
    ("sent", "cents"), [(150, 15_000), (150.5, 15_050), (1.15, 115), (19.99, 1_999), ("150.00", 15_000)]
)
def test_amounts_are_exact_in_cents(sent: object, cents: int) -> None:
    said = read(paid(amount=sent))

    assert isinstance(said, StkPaid)
    assert said.amount_cents == cents


@pytest.mark.parametrize(
    ("sent", "msisdn"),
    [
        (254708374149, "254708374149"), ("254708374149",) * 2, ("2547 ***** 149",) * 2, (None, None),
        ("2547••••149", "2547****149"), ("q83vEjRWeJCrze8=", None), (True, None), ({"a": 1}, None),
    ],
)
def test_a_phone_is_read_as_far_as_it_is_shown_and_is_no_reason_to_doubt(sent: object, msisdn: str | None) -> None:
    said = read(paid(phone=sent))

    assert isinstance(said, StkPaid)
    assert said.msisdn == msisdn


def test_order_of_items_unknown_items_and_unknown_fields_do_not_matter() -> None:
    body = paid(NewField={"deep": [1, 2]})
    items_of(body).reverse()
    items_of(body).insert(2, {"Name": "Fuliza", "Value": True, "More": 1})

    assert read(body) == read(paid())


def test_a_receipt_is_kept_in_capitals() -> None:
    assert read(paid(receipt="uko4q7wx2b")) == read(paid())


def test_a_receipt_whose_capitals_would_become_letters_is_refused() -> None:
    assert isinstance(read(paid(receipt="UKO4Q7WX2\N{LATIN SMALL LETTER DOTLESS I}")), StkClaimed)


def test_a_date_that_is_none_costs_nothing_but_the_date() -> None:
    body = paid()
    items_of(body)[3]["Value"] = 20269924103018
    said = read(body)

    assert isinstance(said, StkPaid)
    assert said.transacted_us is None


def _without(name: str) -> dict[str, Any]:
    body = paid()
    items = items_of(body)
    items[:] = [i for i in items if i["Name"] != name]
    return body


@pytest.mark.parametrize(
    ("body", "told", "cents"),
    [
        (_without("MpesaReceiptNumber"), "", 15_000), (_without("Amount"), "UKO4Q7WX2B", None), (failed(0), "", None),
        (failed("0"), "", None), (paid(receipt="short"), "short", 15_000),
        (paid(receipt="UKO4Q7WX2B!"), "UKO4Q7WX2B!", 15_000), (paid(receipt=1234567890), "a number", 15_000),
        (paid(receipt="254708374149 "), "a number", 15_000), (paid(receipt=["x"]), "['x']", 15_000),
    ],
)
def test_a_success_without_a_receipt_that_can_be_read_is_a_claim_and_no_payment(
    body: dict[str, object], told: str, cents: int | None
) -> None:
    said = read(body)

    assert isinstance(said, StkClaimed)
    assert (said.told, said.amount_cents, said.checkout_request_id) == (told, cents, CHECKOUT_ID)


def _twice(name: str, value: object) -> dict[str, Any]:
    body = paid()
    items_of(body).append({"Name": name, "Value": value})
    return body


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (paid(amount=True), "bad-amount"),
        (paid(amount=-150), "bad-amount"),
        (paid(amount=1.005), "bad-amount"),
        (paid(amount="1_50"), "bad-amount"),
        (paid(amount=[150]), "bad-amount"),
        (_twice("Amount", 1), "duplicate-item"),
        (_twice("MpesaReceiptNumber", "UKO4Q7WX2C"), "duplicate-item"),
        (paid(ResultCode=True), "bad-result-code"),
        (paid(ResultCode=False), "bad-result-code"),
        (paid(ResultCode=0.0), "bad-result-code"),
        (paid(ResultCode=None), "bad-result-code"),
        (paid(ResultCode=1032), "failure-with-receipt"),
        (paid(CheckoutRequestID=12), "bad-id"),
        (paid(CheckoutRequestID="x" * 101), "bad-id"),
        (paid(MerchantRequestID="a b"), "bad-id"),
        (paid(CallbackMetadata={"Item": "Amount"}), "bad-metadata"),
        (paid(CallbackMetadata={"Item": [1]}), "bad-metadata"),
        (paid(CallbackMetadata=[]), "bad-metadata"),
        ([], "no-stk-callback"),
        ({"Body": []}, "no-stk-callback"),
        ({"stkCallback": paid()["Body"]["stkCallback"]}, "no-stk-callback"),
    ],
)
def test_what_says_nothing_certain_is_unreadable_by_name(body: object, reason: str) -> None:
    said = read(body)

    assert isinstance(said, Unreadable), said
    assert said.reason == reason


def test_a_success_hidden_behind_a_repeated_key_is_no_success() -> None:
    body = encode(paid()).replace(b'"ResultCode": 0', b'"ResultCode": 1032, "ResultCode": 0')

    assert read_stk_callback(body) == Unreadable("duplicate-key", "an object names one key twice")


def test_text_for_people_is_cut_and_cannot_move_a_cursor() -> None:
    said = read(failed(text="\x1b[2J\u202eCancelled\u0000 " + "x" * 500))

    assert isinstance(said, StkFailed)
    assert said.result_desc.startswith("[2JCancelled x")
    assert len(said.result_desc) == 200


def test_nothing_escapes_from_fifty_thousand_mutated_bodies() -> None:
    """A receipt or an amount that was not in a seed may appear (a byte changed), an exception may not."""
    rng = random.Random(20261124)
    seeds = [encode(b) for b in (paid(), failed(), failed("SFC_IC0003"), paid(phone="2547 ***** 149"))]
    seen: dict[str, int] = {}
    for _ in range(50_000):
        said = read_stk_callback(mutated(rng.choice(seeds), rng))
        seen[type(said).__name__] = seen.get(type(said).__name__, 0) + 1

    assert set(seen) == {"StkPaid", "StkClaimed", "StkFailed", "Unreadable"}
    assert seen["Unreadable"] > 10_000
