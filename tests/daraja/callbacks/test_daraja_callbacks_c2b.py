"""Reading C2B notifications in each form the MSISDN, names and amounts were seen in."""

import random

import pytest
from daraja.callbacks.callback_bodies import c2b, encode

from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b
from mpesa_cli.daraja.source_addresses import SOURCE_ADDRESSES, is_published
from mpesa_cli.floor.wire.strict_json import Unreadable


def read(**changed: object) -> C2bPayment | Unreadable:
    return read_c2b(encode(c2b(**changed)))


def test_a_confirmation_is_read_whole_without_the_account_balance() -> None:
    assert read() == C2bPayment(
        receipt="UKO4Q7X81C", amount_cents=50_000, shortcode="600984", account_reference="INV-00418",
        msisdn="2547 ***** 149", payer_name="WANJIKU", transacted_us=1_795_506_312_000_000,
        transaction_type="Pay Bill", third_party_id="",
    )


@pytest.mark.parametrize(
    "msisdn",
    ["254708374149", "2547 ***** 149", "25470****149", "b6f1c8d0e2a39475869f0a1b2c3d4e5f" * 2, 254708374149],
)
def test_numbers_come_full_masked_and_hashed(msisdn: object) -> None:
    said = read(MSISDN=msisdn)

    assert isinstance(said, C2bPayment)
    assert said.msisdn == str(msisdn)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2547••••149", "2547****149"), ("2547...149", "2547***149"), ("0a1b2c3d4e ***** 23456789ab", None),
        ("q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", None), ("<script>", None), ("", None), ([1], None),
    ],
)
def test_a_phone_that_shows_nothing_never_takes_a_readable_receipt_and_amount_away(sent: object, kept: str) -> None:
    said = read(MSISDN=sent)

    assert isinstance(said, C2bPayment)
    assert (said.receipt, said.amount_cents, said.msisdn) == ("UKO4Q7X81C", 50_000, kept)


@pytest.mark.parametrize(
    ("sent", "cents"), [("11,720.00", 1_172_000), ("1,234,567.50", 123_456_750), (" 500.00 ", 50_000)]
)
def test_an_amount_may_have_its_thousands_grouped(sent: str, cents: int) -> None:
    said = read(TransAmount=sent, TransID="UKS4Q7X20ABCD")

    assert isinstance(said, C2bPayment)
    assert (said.amount_cents, said.receipt) == (cents, "UKS4Q7X20ABCD")


@pytest.mark.parametrize("names", [{"FirstName": None}, {"FirstName": ""}, {"FirstName": 7}])
def test_names_may_be_missing_null_or_nonsense(names: dict[str, object]) -> None:
    said = read(**names)

    assert isinstance(said, C2bPayment)
    assert said.payer_name == ""


def test_absent_fields_that_decide_nothing_are_fine() -> None:
    few = {"TransID": "uko4q7x81c", "TransAmount": "10", "BusinessShortCode": "600984"}
    said = read_c2b(encode(few))

    assert isinstance(said, C2bPayment)
    assert (said.receipt, said.amount_cents) == ("UKO4Q7X81C", 1_000)
    assert (said.msisdn, said.account_reference) == (None, "")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"TransID": ""}, "bad-receipt"),
        ({"TransID": None}, "bad-receipt"),
        ({"TransAmount": "5,00"}, "bad-amount"),
        ({"TransAmount": ""}, "bad-amount"),
        ({"TransAmount": None}, "bad-amount"),
        ({"TransAmount": True}, "bad-amount"),
        ({"BusinessShortCode": ""}, "bad-shortcode"),
        ({"BusinessShortCode": "six"}, "bad-shortcode"),
        ({"TransAmount": "0.00"}, "bad-amount"),
        ({"TransAmount": "1,72.00"}, "bad-amount"),
        ({"TransAmount": "11,720,5"}, "bad-amount"),
        ({"TransID": "UKO4Q7X"}, "bad-receipt"),
        ({"TransID": "254708374149"}, "bad-receipt"),
    ],
)
def test_what_names_no_payment_is_unreadable_by_name(changed: dict[str, object], reason: str) -> None:
    said = read(**changed)

    assert isinstance(said, Unreadable), said
    assert said.reason == reason


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"TransID": NaN}', b"\xff"])
def test_no_body_raises(body: bytes) -> None:
    assert isinstance(read_c2b(body), Unreadable)


def test_nothing_escapes_from_ten_thousand_mutated_bodies() -> None:
    rng = random.Random(7)
    seed = encode(c2b())
    for _ in range(10_000):
        body = bytearray(seed)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(body))
            put = rng.choice((b"", b'"', b"null", b"9" * 25, rng.randbytes(1)))
            body[at : at + rng.choice((0, 1, 5))] = put
        read_c2b(bytes(body))


def test_the_list_of_addresses_is_the_union_of_fourteen() -> None:
    assert len({each.address for each in SOURCE_ADDRESSES}) == 14
    assert sum(each.official for each in SOURCE_ADDRESSES) == 12
    assert is_published("196.201.214.200")
    assert not is_published("196.201.214.201")
