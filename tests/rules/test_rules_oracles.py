"""Numbers and words held against libraries that others keep: libphonenumber and num2words."""

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words
from phonenumbers import PhoneNumberType

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.msisdn import parse_msisdn
from mpesa_cli.terminal.amount_words import SHILLINGS_MAX, number_in_english


def is_mobile(national: str) -> bool:
    number = phonenumbers.parse(national, "KE")
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) == PhoneNumberType.MOBILE


def is_taken(national: str) -> bool:
    try:
        return parse_msisdn(f"0{national}") == f"254{national}"
    except InvalidInput:
        return False


def test_a_series_is_taken_exactly_where_libphonenumber_knows_it_as_mobile() -> None:
    series = [f"{first}{rest:03d}00000"[:9] for first in "71" for rest in range(1000)]
    assert [each for each in series if is_taken(each) != is_mobile(each)] == []


@given(st.integers(0, 9), st.text("0123456789", min_size=8, max_size=8))
def test_no_number_is_taken_that_libphonenumber_has_for_no_mobile(first: int, rest: str) -> None:
    national = f"{first}{rest}"
    assert not is_taken(national) or is_mobile(national)


@given(st.integers(0, SHILLINGS_MAX))
def test_an_amount_is_said_as_num2words_says_it(number: int) -> None:
    theirs = num2words(number).replace(",", "").replace(" and ", " ")
    assert number_in_english(number).replace(" and ", " ") == theirs
