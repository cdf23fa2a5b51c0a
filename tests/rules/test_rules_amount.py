"""Amounts: what people type is understood or refused, and nothing is ever rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.errors import ExitStatus, InvalidInput
from mpesa_cli.rules.values.amount import (
    Limits,
    cents_to_json,
    decimal_to_cents,
    format_cents,
    format_shillings,
    parse_shillings,
)

LIMITS = Limits()


@pytest.mark.parametrize(
    ("typed", "shillings"),
    [
        ("1", 1), ("1500", 1500), ("1,500", 1500), ("250,000", 250_000), ("KES 1500", 1500), ("kes1,500", 1500),
        ("Ksh 1500", 1500), ("KSh. 1,500", 1500), ("Kshs 20", 20), ("sh 20", 20), ("1500/-", 1500),
        ("1,500/=", 1500), (" 1500 ", 1500), ("0100", 100), ("402.00", 402), ("402.0", 402), ("1,500.00", 1500),
        ("KES 1,500.00", 1500), ("1,500.00/=", 1500), ("250,000.00", 250_000),
    ],
)
def test_what_people_type_is_understood(typed: str, shillings: int) -> None:
    assert parse_shillings(typed, LIMITS) == shillings


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "0", "00", "-5", "+5", "1.5", "402.50", "402.05", "402.000",
        "1.500", "1.500.00", "1500,00", "1,50.00", "15,00.00", "1500.", "1500.00.00", ".00", ".500", "0.00",
        "1e3", "1_000", "0x10", "250001", "250,001", "9" * 13, "9" * 5_000, "1,50",
        "1,5000", "15,00", ",500", "1 500", "1500 2", "KES", "USD 5", "five", "١٢", "１５００", "1500\n2", "9" * 40,
        "254712345678", "nan", "inf",
    ],
)
def test_anything_else_is_refused_with_the_value_the_rule_and_a_right_example(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_shillings(typed, LIMITS)
    assert repr(typed) in refused.value.message
    assert "Right:" in refused.value.hint
    assert "Nothing was sent" in refused.value.hint
    assert refused.value.exit_status is ExitStatus.USAGE


@given(st.integers(LIMITS.amount_min, LIMITS.amount_max))
def test_every_amount_within_the_limits_reads_back_as_it_is_shown(shillings: int) -> None:
    assert parse_shillings(str(shillings), LIMITS) == shillings
    assert parse_shillings(format_shillings(shillings), LIMITS) == shillings
    assert parse_shillings(format_cents(shillings * 100), LIMITS) == shillings


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**10))
def test_the_limits_are_the_profiles(one: int, other: int, asked: int) -> None:
    limits = Limits(min(one, other), max(one, other))
    if limits.amount_min <= asked <= limits.amount_max:
        assert parse_shillings(str(asked), limits) == asked
    else:
        with pytest.raises(InvalidInput):
            parse_shillings(str(asked), limits)


@given(st.text(max_size=30))
def test_no_text_is_read_as_more_than_it_says(typed: str) -> None:
    try:
        shillings = parse_shillings(typed, LIMITS)
    except InvalidInput:
        return
    assert int("".join(c for c in typed.partition(".0")[0] if c.isdecimal())) == shillings


@given(st.integers(0, 10**15))
def test_cents_survive_the_wire_exactly(cents: int) -> None:
    as_text = f"{cents // 100}.{cents % 100:02d}"
    assert decimal_to_cents(as_text) == cents
    assert decimal_to_cents(Decimal(as_text)) == cents


@given(st.integers(0, 10**11))
def test_cents_survive_json(cents: int) -> None:
    shown = cents_to_json(cents)
    assert decimal_to_cents(str(shown)) == cents
    assert isinstance(shown, int) == (cents % 100 == 0)


@pytest.mark.parametrize("odd", ["1.005", "-1", "NaN", "Infinity", "1e30", "", "abc", "1,500", "10" * 20])
def test_what_is_no_amount_on_the_wire_is_none(odd: str) -> None:
    assert decimal_to_cents(odd) is None


@pytest.mark.parametrize(
    ("cents", "shown"),
    [(0, "KES 0"), (150_000, "KES 1,500"), (150_050, "KES 1,500.50"), (5, "KES 0.05")],
)
def test_cents_are_shown_only_where_there_are_any(cents: int, shown: str) -> None:
    assert format_cents(cents) == shown


@pytest.mark.parametrize(("cents", "read"), [(10**15, 10**15), (10**15 + 1, None)])
def test_an_amount_on_the_wire_has_an_end(cents: int, read: int | None) -> None:
    assert decimal_to_cents(Decimal(cents) / 100) == read
