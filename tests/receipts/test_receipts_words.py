"""Amounts in words can be read back: by property, with a reader written from the grammar, not from the code."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mpesa_cli.terminal.amount_words import (
    SHILLINGS_MAX,
    amount_in_english,
    amount_in_kiswahili,
    number_in_english,
    number_in_kiswahili,
)

EN = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}
EN_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

SW = {
    "sifuri": 0, "moja": 1, "mbili": 2, "tatu": 3, "nne": 4, "tano": 5, "sita": 6, "saba": 7, "nane": 8, "tisa": 9,
    "kumi": 10, "ishirini": 20, "thelathini": 30, "arobaini": 40, "hamsini": 50, "sitini": 60, "sabini": 70,
    "themanini": 80, "tisini": 90,
}
SW_SCALES = {"elfu": 10**3, "laki": 10**5, "milioni": 10**6, "bilioni": 10**9, "trilioni": 10**12}

numbers = st.one_of(st.integers(0, SHILLINGS_MAX), st.integers(0, 300_000))


def read_english(words: str) -> int:
    total = group = 0
    for word in words.replace("-", " ").split():
        if word == "hundred":
            group *= 100
        elif word in EN_SCALES:
            total += group * EN_SCALES[word]
            group = 0
        elif word != "and":
            group += EN[word]
    return total + group


def read_kiswahili(words: str) -> int:
    """Every part between commas is a unit and its count, or a number below a thousand."""
    total = 0
    for part in words.split(", "):
        first, *rest = part.removeprefix("na ").split()
        total += SW_SCALES[first] * below_thousand(rest) if first in SW_SCALES else below_thousand([first, *rest])
    return total


def below_thousand(words: list[str]) -> int:
    if words[0] == "mia":
        return SW[words[1]] * 100 + sum(SW[word] for word in words[2:] if word != "na")
    return sum(SW[word] for word in words if word != "na")


@given(numbers)
@example(10_002)
@example(12_000)
@example(200_050)
@example(250_000)
def test_both_languages_can_be_read_back(number: int) -> None:
    assert read_english(number_in_english(number)) == number
    assert read_kiswahili(number_in_kiswahili(number)) == number


@given(st.sets(numbers, min_size=2, max_size=2))
def test_different_amounts_have_different_words(pair: set[int]) -> None:
    assert len({number_in_english(n) for n in pair}) == 2
    assert len({number_in_kiswahili(n) for n in pair}) == 2


@pytest.mark.parametrize(
    ("cents", "english", "kiswahili"),
    [
        (100, "One shilling only", "Shilingi moja tu"),
        (150_000, "One thousand five hundred shillings only", "Shilingi elfu moja, mia tano tu"),
        (104_200, "One thousand and forty-two shillings only", "Shilingi elfu moja, arobaini na mbili tu"),
        (25_000_000, "Two hundred and fifty thousand shillings only", "Shilingi laki mbili, elfu hamsini tu"),
        (150_050, "One thousand five hundred shillings and fifty cents only",
         "Shilingi elfu moja, mia tano na senti hamsini tu"),
        (101, "One shilling and one cent only", "Shilingi moja na senti moja tu"),
        (1_200_000, "Twelve thousand shillings only", "Shilingi elfu kumi na mbili tu"),
        (1_000_200, "Ten thousand and two shillings only", "Shilingi elfu kumi, na mbili tu"),
        (12_100, "One hundred and twenty-one shillings only", "Shilingi mia moja ishirini na moja tu"),
    ],
)
def test_amounts_as_receipts_have_them(cents: int, english: str, kiswahili: str) -> None:
    assert amount_in_english(cents) == english
    assert amount_in_kiswahili(cents) == kiswahili


@pytest.mark.parametrize("cents", [-1, (SHILLINGS_MAX + 1) * 100])
def test_what_has_no_words_is_an_error(cents: int) -> None:
    for words in (amount_in_english, amount_in_kiswahili):
        with pytest.raises(ValueError, match="no words"):
            words(cents)
