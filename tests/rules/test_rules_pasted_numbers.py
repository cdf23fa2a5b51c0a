"""Numbers from contacts, web pages and spreadsheets: the nine digits that are meant are read, or nothing is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.msisdn import parse_msisdn

PASTED = [
    "\u200e0712345678", "\u202a+254 712 345 678\u202c", "\u2068+254\u00a0712\u00a0345678\u2069", "07\u200b12345678",
    "\ufeff0712345678", "+254 (0)712-345-678", "+254(0)712345678", "00254 (0) 712 345 678", "254 0712 345 678",
    "+2540712345678", "'0712345678", "' 0712 345 678", "\u2019254712345678", "712345678.0", "712345678.00",
    "0712345678.0", "254712345678.00", "+254712345678.0", "\u200e'712345678.0", "(0)712345678", "0712.345.678",
]
IN_DOUBT = [
    "71234567.0", "71234567.00", "071234567.0", "7123456.78", "712345678.5", "712345678.01", "0712345678.50",
    "712345.000", "712345678.000", "0712.34.56.78", "712345678.0.0", "7.12345678E8", "7.12345678E+8",
    "2.54712345678E11", "''0712345678", "071(0)2345678", "(0)254712345678", "0(0)712345678", "254(0)0712345678",
    "25400712345678", "254254712345678", "254 071234567", "254 (0)71234567", "+2540 7123 456789", "0" * 100_000,
]


@pytest.mark.parametrize("typed", PASTED, ids=ascii)
def test_what_is_pasted_is_the_number_that_is_seen(typed: str) -> None:
    assert parse_msisdn(typed) == "254712345678"


@pytest.mark.parametrize("typed", IN_DOUBT, ids=lambda typed: ascii(typed)[:40])
def test_a_number_that_lost_or_won_a_digit_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        parse_msisdn(typed)


_MARKS = st.text("\u200e\u200b\u202a\u202c\u2068\u2069\ufeff\u00ad", max_size=3)
_GAPS = st.sampled_from(["", " ", "-", "\u00a0", "\u2011"])
_HEADS = st.sampled_from(["", "0", "254", "+254", "00254", "2540", "254 0", "+254 (0)", "254(0)", "'0", "'"])


@given(st.from_regex(r"7[0-9]{6,10}", fullmatch=True), _HEADS, _MARKS, _GAPS, st.sampled_from(["", ".0", ".00"]))
def test_exactly_nine_national_digits_remain_or_none(digits: str, head: str, marks: str, gap: str, end: str) -> None:
    """Whatever stands around them, no digit is added, dropped or moved."""
    typed = marks + head + gap + digits[:3] + marks + (gap if not end else "") + digits[3:] + end + marks
    if len(digits) == 9:
        assert parse_msisdn(typed) == f"254{digits}"
    else:
        with pytest.raises(InvalidInput):
            parse_msisdn(typed)


@pytest.mark.parametrize(
    ("phone", "amount"),
    [("0722000001", "402.00"), ("\u202a+254 (0)722-000-001\u202c", "KES 402.00"), ("722000001.0", "402/=")],
)
def test_a_push_asks_the_phone_and_the_amount_that_were_pasted(
    mpesa: Callable[..., Any], phone: str, amount: str
) -> None:
    sent = mpesa("push", phone, amount, "--order", "1", "--dry-run", "--json")
    assert sent.status == 0
    assert '"PhoneNumber": "254722000001"' in sent.stdout
    assert '"Amount": "402"' in sent.stdout


@pytest.mark.parametrize(
    ("phone", "amount"), [("0722000001", "402.50"), ("71234567.0", "402"), ("0722000001", "1.500")]
)
def test_a_push_in_doubt_of_either_sends_nothing(mpesa: Callable[..., Any], phone: str, amount: str) -> None:
    refused = mpesa("push", phone, amount, "--order", "1")
    assert refused.status == 2
    assert "Nothing was sent." in refused.stderr


def test_terms_that_differ_in_hidden_digits_only_are_told_apart(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    mpesa("push", "254700015678", "10", "--order", "1", "--no-wait")
    refused = mpesa("push", "254700025678", "10", "--order", "1")
    assert refused.status == 9
    assert "Order 1 is for KES 10 from 0700•1•678, not KES 10 from 0700•2•678." in refused.stderr
    file = tmp_path / "orders.csv"
    file.write_text("phone,amount,order\n254700025678,10,1\n", encoding="utf-8")
    assert "from 0700•1•678, not KES 10 from 0700•2•678." in mpesa("push", "--from", str(file)).stderr
    other = mpesa("push", "254700015679", "10", "--order", "1")
    assert "from 0700•••678, not KES 10 from 0700•••679." in other.stderr


def test_a_batch_file_reads_what_a_spreadsheet_made_of_its_cells(mpesa: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("phone,amount,order\n708374149.0,\"1,500.00\",a\n'0711111111,402.0,b\n", encoding="utf-8")
    checked = mpesa("push", "--from", str(file), "--dry-run")
    assert checked.status == 0, checked.stderr
    assert "1,902" in checked.stdout + checked.stderr
    file.write_text("phone,amount,order\n70837414.0,402.50,a\n", encoding="utf-8")
    refused = mpesa("push", "--from", str(file), "--dry-run")
    assert refused.status == 2
    assert "'70837414.0'" in refused.stderr
    assert "'402.50'" in refused.stderr
