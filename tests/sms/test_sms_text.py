"""Counting: the GSM-7 tables, parts, and what transliteration may and may not do."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.sms.text import fitted, is_gsm7, parts, sms_length

# Written out by code point from 3GPP TS 23.038, apart from the tables in the program.
BASIC = "".join(
    chr(c)
    for c in [
        0x40, 0xA3, 0x24, 0xA5, 0xE8, 0xE9, 0xF9, 0xEC, 0xF2, 0xC7, 0x0A, 0xD8, 0xF8, 0x0D, 0xC5, 0xE5,
        0x394, 0x5F, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF, 0xC9,
        *range(0x20, 0x24), 0xA4, *range(0x25, 0x40), 0xA1, *range(0x41, 0x5B), 0xC4, 0xD6, 0xD1, 0xDC, 0xA7,
        0xBF, *range(0x61, 0x7B), 0xE4, 0xF6, 0xF1, 0xFC, 0xE0,
    ]
)
EXTENSION = "".join(chr(c) for c in [0x0C, 0x5E, 0x7B, 0x7D, 0x5C, 0x5B, 0x7E, 0x5D, 0x7C, 0x20AC])

basic = st.text(alphabet=BASIC)
gsm = st.text(alphabet=BASIC + EXTENSION)
anything = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def test_the_tables_have_127_characters_and_10_of_two_units() -> None:
    assert len(set(BASIC)) == 127
    assert all(sms_length(c).units == 1 and is_gsm7(c) for c in BASIC)
    assert all(sms_length(c).units == 2 and is_gsm7(c) for c in EXTENSION)
    assert sum(is_gsm7(chr(c)) for c in range(0x10000) if not 0xD800 <= c < 0xE000) == 137


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the € would be split, so the first part ends early
        ("a" * 151 + "€" + "a" * 153, "GSM-7", 306, 2),
        ("’" * 70, "UCS-2", 70, 1),
        ("’" * 71, "UCS-2", 71, 2),
        ("’" * 134, "UCS-2", 134, 2),
        ("’" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("’" * 66 + "😀" + "’" * 66, "UCS-2", 134, 3),
        ("ç", "UCS-2", 1, 1),  # GSM-7 has the capital only
    ],
)
def test_known_texts_are_counted_as_phones_count_them(text: str, encoding: str, units: int, count: int) -> None:
    length = sms_length(text)
    assert (length.encoding, length.units, length.parts) == (encoding, units, count)


@given(gsm)
def test_gsm_texts_count_their_units_and_never_fewer_parts_than_those_fill(text: str) -> None:
    length = sms_length(text)
    units = len(text) + sum(text.count(c) for c in EXTENSION)
    assert length.encoding == "GSM-7"
    assert length.units == units
    fewest = 1 if units <= 160 else math.ceil(units / 153)
    most = 1 if units <= 160 else math.ceil(units / 152)
    assert fewest <= length.parts <= most


@given(anything)
def test_ucs2_units_are_those_of_utf16(text: str) -> None:
    length = sms_length(text)
    if length.encoding == "UCS-2":
        assert length.units == len(text.encode("utf-16-be")) // 2
        assert (length.parts == 1) is (length.units <= 70)


@given(anything, st.sampled_from(BASIC + EXTENSION + "’😀世"))
def test_a_longer_text_never_has_fewer_parts(text: str, more: str) -> None:
    assert parts(text + more) >= parts(text)


@given(basic.filter(bool), st.sampled_from("’“”–—…é’ĩũÂçşñŁœ\u00a0\u200b"))
def test_typographic_characters_never_cost_a_part(text: str, odd: str) -> None:
    mixed = text + odd
    assert is_gsm7(fitted(mixed)) or parts(mixed) < parts(text + "...")


@given(anything)
def test_fitting_never_costs_a_part_changes_nothing_twice_and_leaves_gsm7_alone(text: str) -> None:
    fit = fitted(text)
    assert parts(fit) <= parts(text)
    assert fitted(fit) == fit
    assert fit == text or (is_gsm7(fit) and not is_gsm7(text))


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Mama Njoki’s", "Mama Njoki's"),
        ("“Soko”—Gĩthũrai…", '"Soko"-Githurai...'),
        ("Café Ngong", "Café Ngong"),
        ("Garçon", "Garcon"),
        ("Duka 🛒 la Mama", "Duka la Mama"),
        ("👩🏾‍🍳 Jikoni", " Jikoni"),
        ("Tick ✓", "Tick "),
        ("KES\u00a0100", "KES 100"),
        ("Lwów ½ ™", "Lwow 1/2 TM"),
        ("ﬁsh", "fish"),
        ("Дука", "Дука"),
        ("店", "店"),
    ],
)
def test_what_has_a_plain_form_gets_it_and_what_has_none_stays_whole(typed: str, plain: str) -> None:
    assert fitted(typed) == plain
