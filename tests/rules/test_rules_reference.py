"""References are refused, never shortened; descriptions are shortened on the wire only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.reference import (
    ACCOUNT_REFERENCE_MAX,
    DESCRIPTION_MAX,
    account_reference,
    check_description,
    check_order_id,
    wire_description,
)

allowed = st.text("ABCXYZabcxyz0189 ._/-", min_size=1, max_size=30)


@given(allowed, st.integers(1, 30))
def test_a_reference_is_sent_whole_or_not_at_all(text: str, max_length: int) -> None:
    try:
        sent = account_reference(text, "1042", max_length)
    except InvalidInput:
        return
    assert sent == text.strip()
    assert len(sent) <= max_length


@pytest.mark.parametrize(
    ("template", "order", "sent"),
    [
        ("HOUSEHOLD", "1042", "HOUSEHOLD"), ("{order}", "1042", "1042"), ("INV-{order}", "1042", "INV-1042"),
        ("{order}", "A 1/2.3_4-5", "A 1/2.3_4-5"), ("A" * 12, "1", "A" * 12),
    ],
)
def test_the_order_id_fills_the_template(template: str, order: str, sent: str) -> None:
    assert account_reference(template, order, ACCOUNT_REFERENCE_MAX) == sent


@pytest.mark.parametrize(
    ("template", "order"),
    [("A" * 13, "1"), ("HouseholdPlanet", "1"), ("{order}", "2026-11-24-1042"), ("INV#{order}", "1"), ("a@b", "1"),
     ("a&b", "1"), ("", "1"), ("   ", "1"), ("{order}", "#17"), ("-A", "1"), ("Ä", "1"), ("a\nb", "1")],
)
def test_a_reference_that_prompts_do_not_carry_is_refused_with_a_right_example(template: str, order: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        account_reference(template, order, ACCOUNT_REFERENCE_MAX)
    assert "Right: --account" in refused.value.hint
    assert "Nothing was sent" in refused.value.hint


def test_the_shorter_example_offered_is_itself_right() -> None:
    for reference in ("HouseholdPlanet", "A-----------B", "ABC 12345678 9"):
        with pytest.raises(InvalidInput) as refused:
            account_reference(reference, "1", ACCOUNT_REFERENCE_MAX)
        offered = refused.value.hint.split("Right: --account ")[1].split(" (or")[0]
        assert account_reference(offered, "1", ACCOUNT_REFERENCE_MAX) == offered


def test_a_profile_may_allow_more() -> None:
    assert account_reference("HouseholdPlanet", "1", 15) == "HouseholdPlanet"


@given(st.text(max_size=120), st.integers(1, 40))
def test_a_description_on_the_wire_is_short_plain_and_never_empty(text: str, max_length: int) -> None:
    sent = wire_description(text, max_length)
    assert 1 <= len(sent) <= max(max_length, len("Payment"))
    assert sent.isascii()
    assert sent.isprintable()


def test_a_description_is_cut_at_the_documented_length() -> None:
    assert wire_description("Household Planet Kenya Payment", DESCRIPTION_MAX) == "Household Pla"


@given(st.text(max_size=130))
def test_a_checked_description_is_one_line(text: str) -> None:
    try:
        kept = check_description(text)
    except InvalidInput:
        return
    assert 1 <= len(kept) <= 100
    assert len(kept.splitlines()) == 1
    assert check_description(kept) == kept


@given(st.text(max_size=70))
def test_an_order_id_is_kept_as_the_shop_writes_it(text: str) -> None:
    try:
        kept = check_order_id(text)
    except InvalidInput:
        return
    assert kept == text.strip()
    assert 1 <= len(kept) <= 64
    assert kept.isascii()


@pytest.mark.parametrize("odd", ["", " ", "-1", "a\nb", "a\x1b[31m", "x" * 65, "ü", "a;b", "'", "$(id)", "a\u202eb"])
def test_an_order_id_that_could_do_harm_is_refused(odd: str) -> None:
    with pytest.raises(InvalidInput, match="order id"):
        check_order_id(odd)
