"""Shown digits are compared whatever the form of the number; hidden ones can't disagree, and too few prove nothing."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.rules.values.shown_number import fits, kept_form, proves

PHONE = "254708374149"
nationals = st.from_regex(r"[71][0-9]{8}", fullmatch=True)
heads = st.sampled_from(["254", "0", "", "+254", "00254", "2540"])
marks = st.sampled_from("*•xX#…●")


@pytest.mark.parametrize(
    "shown",
    [
        "254708374149", "0708374149", "708374149", "+254 708 374 149", "2547 ***** 149", "25470****149", "0708****149",
        "2547••••4149", "2547-***-149", "07xxxxx149", "*******149", "2547**3**149", "0***149", "374149", "254*149",
    ],
)
def test_shown_digits_of_the_phone_prove_it_in_every_form(shown: str) -> None:
    assert fits(PHONE, shown)
    assert proves(PHONE, shown)


@pytest.mark.parametrize(
    "shown",
    [
        "254712374149", "0712****149", "25471****149", "2547****4148", "2547 ***** 126", PHONE[:-1] + "8", "*****148",
        "447911374149", "254208374149", "71234567", "254708374149000", "2547**9**149", "2541****149", "256****149",
    ],
)
def test_one_shown_digit_that_differs_contradicts(shown: str) -> None:
    assert not fits(PHONE, shown)
    assert not proves(PHONE, shown)


@pytest.mark.parametrize(
    "shown",
    [
        None, "", " ", "*****", "2547****49", "25471****49", "2547****", "unknown", "<script>", "--", "49",
        hashlib.sha256(PHONE.encode()).hexdigest(), "0a1b2c3d4e5f60718293 ***** 23456789abcdef012149",
        "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", "2.54712E+149", "9" * 64, "WANJIKU 149",
    ],
)
def test_what_shows_nothing_contradicts_nothing_and_proves_nothing(shown: str | None) -> None:
    assert fits(PHONE, shown)
    assert not proves(PHONE, shown)


@given(nationals, heads, marks, st.integers(0, 4), st.integers(3, 5))
def test_a_number_with_hidden_digits_proves_itself(national: str, head: str, mark: str, front: int, end: int) -> None:
    shown = head + national[:front] + mark * 3 + national[-end:]
    assert proves("254" + national, shown)


@given(nationals, nationals, heads, marks, st.integers(1, 6), st.booleans())
def test_a_shown_end_of_another_number_never_fits(
    one: str, other: str, head: str, mark: str, hidden: int, as_long: bool
) -> None:
    shown = head + other[:1] + mark * (5 if as_long else hidden) + other[-3:]
    same = one[-3:] == other[-3:] and one[0] == other[0]
    assert fits("254" + one, shown) is proves("254" + one, shown) is same


@given(nationals, nationals)
def test_a_whole_number_fits_only_itself(one: str, other: str) -> None:
    assert fits("254" + one, "0" + other) is proves("254" + one, "254" + other) is (one == other)


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_compared_the_answer_is_the_same_both_ways(one: str, other: str) -> None:
    if one and other:
        assert fits(one, other) is fits(other, one)
    assert proves(one, other) is False or fits(one, other)
    assert kept_form(kept_form(one)) == kept_form(one)


def test_what_stands_for_an_erased_number_is_only_like_itself() -> None:
    assert fits("erased-a1b2c3d4e5f6", "erased-a1b2c3d4e5f6")
    assert not fits("erased-a1b2c3d4e5f6", "erased-a1b2c3d4e5f7")
    assert not fits("erased-a1b2c3d4e5f6", PHONE)
    assert not fits(PHONE, "erased-a1b2c3d4e5f6")
    assert fits("erased-a1b2c3d4e5f6", None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("2547****149", "0708****4149", True), ("2547****149", "2541****149", False), ("2547****149", "0708**148", False)],
)
def test_two_numbers_with_hidden_digits_are_compared_in_what_both_show(one: str, other: str, same: bool) -> None:
    assert fits(one, other) is same
