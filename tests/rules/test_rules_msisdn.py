"""MSISDNs: every Kenyan form reads as one number, nothing else reads at all, and screens show four digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.msisdn import first_operator, local_form, mask_msisdn, operator_warning, parse_msisdn

ONE_SERIES = [*range(9), *range(10, 20), 20, 21, 24, 30, *range(35, 47), *range(80, 90)]
nationals = st.one_of(
    st.from_regex(r"7[0-9]{8}", fullmatch=True),
    st.tuples(st.sampled_from(ONE_SERIES), st.integers(0, 999_999)).map(lambda t: f"1{t[0]:02d}{t[1]:06d}"),
)


@pytest.mark.parametrize(
    "typed",
    [
        "0708374149", "708374149", "254708374149", "+254708374149", "00254708374149", "0708 374 149",
        "0708-374-149", "+254 (708) 374-149", " 0708.374.149 ", "+254\u00a0708\u2009374\u202f149", "0708\u2011374149",
    ],
)
def test_every_form_people_type_is_the_same_number(typed: str) -> None:
    assert parse_msisdn(typed) == "254708374149"


@given(nationals, st.sampled_from(["", "0", "254", "+254", "00254"]), st.sampled_from(["", " ", "-"]))
def test_every_valid_number_round_trips(national: str, prefix: str, gap: str) -> None:
    typed = prefix + gap + national[:3] + gap + national[3:]
    parsed = parse_msisdn(typed)
    assert parsed == "254" + national
    assert parse_msisdn(parsed) == parse_msisdn(local_form(parsed)) == parsed


@given(st.integers(0, 99), st.integers(0, 999_999))
def test_a_range_that_no_operator_was_given_is_an_error(pair: int, rest: int) -> None:
    typed = f"01{pair:02d}{rest:06d}"
    if pair in ONE_SERIES:
        assert parse_msisdn(typed) == f"2541{pair:02d}{rest:06d}"
    else:
        with pytest.raises(InvalidInput, match="no Kenyan operator"):
            parse_msisdn(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "", "0", "1500", "070837414", "07083741490", "0808374149", "0608374149", "255708374149", "+1 202 555 0100",
        "07O8374149", "0708374149x", "٠٧٠٨٣٧٤١٤٩", "０７０８３７４１４９", "0708374149;0708374149",
        "--", "2540708374149x", "02540708374149",
    ],
)
def test_anything_else_is_refused_with_a_right_example(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_msisdn(typed)
    assert repr(typed) in refused.value.message
    assert "Right:" in refused.value.hint
    assert "Nothing was sent" in refused.value.hint


@given(st.text(max_size=40))
def test_no_text_reads_as_anything_but_a_kenyan_number(typed: str) -> None:
    try:
        parsed = parse_msisdn(typed)
    except InvalidInput:
        return
    assert len(parsed) == 12
    assert parsed.startswith(("2547", "2541"))
    assert parsed.isascii()
    assert parsed.isdecimal()


@pytest.mark.parametrize(
    ("prefix", "operator"),
    [
        ("708", "Safaricom"), ("722", "Safaricom"), ("745", "Safaricom"), ("744", "Homeland Media"), ("747", "JTL"),
        ("757", "Safaricom"), ("768", "Safaricom"), ("790", "Safaricom"), ("110", "Safaricom"), ("140", "Safaricom"),
        ("146", "Safaricom"), ("180", "Safaricom"), ("733", "Airtel"), ("750", "Airtel"), ("762", "Airtel"),
        ("785", "Airtel"), ("100", "Airtel"), ("135", "Airtel"), ("139", "Airtel"), ("770", "Telkom"),
        ("761", "Telkom"), ("120", "Telkom"), ("121", "Infura"), ("124", "Finserve (Equitel)"), ("130", "NRG"),
    ],
)
def test_a_prefix_first_given_to_another_operator_is_only_a_warning(prefix: str, operator: str) -> None:
    msisdn = parse_msisdn(f"0{prefix}374149")
    assert first_operator(msisdn) == operator
    warning = operator_warning(msisdn)
    assert (warning is None) == (operator == "Safaricom")
    assert warning is None or operator in warning


@given(nationals)
def test_a_masked_number_shows_no_more_than_its_ends(national: str) -> None:
    assert mask_msisdn("254" + national) == f"0{national[:3]}•••{national[-3:]}"


@pytest.mark.parametrize("short", ["", "1", "0708374149"])
def test_what_is_no_msisdn_is_hidden_whole(short: str) -> None:
    assert mask_msisdn(short) == "•••"
