"""A pasted M-PESA message: its receipt is looked up, its amount is only held against what M-PESA says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from initiator_parts import paid_elsewhere, verdict

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.initiator.pasted_sms import PastedText, read_pasted

Mpesa = Callable[..., Any]
R = "UKS2KRGQZW"


@pytest.mark.parametrize(("text", "cents"), [
    (R, None),
    (" uks2 krgq zw ", None),
    ("UKS2-KRGQ-ZW", None),
    (f"{R} Confirmed.", None),
    (f"{R} Confirmed. Ksh1,500.00 paid to DUKA LTD. on 28/11/26 at 9:18 PM.New M-PESA balance is Ksh20.00.", 150_000),
    (f"{R} Confirmed.Ksh500.00 sent to DUKA LTD for account 1042 on 28/11/26 at 9:18 PM", 50_000),
    (f"{R} confirmed. on 28/11/26 at 9:18 PM Ksh.500 received from WANJIKU 0708374149. Balance Ksh9", 50_000),
    (f"{R} Imethibitishwa. Ksh1,500.00 zimelipwa kwa DUKA LTD tarehe 28/11/26 saa 9:18 PM. Salio Ksh20.00", 150_000),
    (f"{R} Imethibitishwa tarehe 28/11/26 saa 9:18 PM KES 70.50 zimetumwa kwa DUKA LTD", 7_050),
    (f"Balance Ksh9. {R} Confirmed Ksh500", "invalid-receipt"),  # only the first word can be the receipt
    (f"{R} Ksh500 before. Confirmed. Ksh700.00 paid", 70_000),
    (f"{R} Confirmed. Reversal of transaction UKS4Q7X11A has been made, Ksh500.00 is debited", "unclear-text"),
    (f"{R} Confirmed. Ksh500.00 paid. UKR4Q7X11A Confirmed. Ksh50.00 paid", "unclear-text"),
    (f"{R} Failed. You do not have enough money to pay Ksh500.00", "unclear-text"),
    (f"{R} Imeshindikana. Huna pesa za kutosha kulipa Ksh500.00", "unclear-text"),
    (f"{R} Confirmed. Your transaction of Ksh500.00 has been reversed", "unclear-text"),
    ("WANJIKUKAM Confirmed. Ksh500.00 paid", "invalid-receipt"),  # a receipt holds a digit
    ("0708374149 sent Ksh500", "invalid-receipt"),
    ("", "invalid-receipt"),
])
def test_the_receipt_of_a_message_is_its_first_word_and_the_amount_follows_its_confirmation(
    text: str, cents: int | str | None
) -> None:
    if isinstance(cents, str):
        with pytest.raises(InvalidInput) as refused:
            read_pasted(text)
        assert refused.value.code == cents
        return
    assert read_pasted(text) == PastedText(R, cents)


@given(st.text(max_size=200))
def test_no_text_at_all_is_more_than_a_receipt_or_a_refusal(text: str) -> None:
    try:
        found = read_pasted(text)
    except InvalidInput:
        return
    assert found.receipt.isalnum()
    assert found.receipt in "".join(text.split()).upper().replace("-", "").replace(".", "")


def test_a_message_whose_amount_was_changed_is_found_out(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid_elsewhere(mpesa, clock, home, 991)
    text = f"{receipt} Confirmed. Ksh5,000.00 paid to DUKA LTD"
    forged = mpesa("verify", text)
    assert forged.status == 7
    assert forged.stdout.startswith(f"DIFFERENT AMOUNT  {receipt}  KES 991")
    assert "This text was changed" in forged.stdout
    told = json.loads(mpesa("verify", text, "--order", "1042", "--amount", "991", "--json").stdout)
    assert (told["verdict"], told["text_was_changed"]) == ("different_amount", True)


def test_the_amount_of_a_message_is_never_what_must_have_been_paid(mpesa: Mpesa, clock: Any, home: Path) -> None:
    """A true message about KES 991 is no proof for an order of 5,000."""
    mpesa("order", "add", "1042", "5000")
    receipt = paid_elsewhere(mpesa, clock, home, 991)
    true = f"{receipt} Confirmed. Ksh991.00 paid to DUKA LTD"
    assert verdict(mpesa("verify", true, "--order", "1042", "--json")) == (7, "different_amount")
    assert verdict(mpesa("verify", true, "--amount", "991", "--json")) == (0, "real")


def test_a_message_can_be_read_from_stdin_and_leaves_nothing_but_its_receipt(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    done = mpesa("verify", "-", "--json", stdin=f"{receipt} Imethibitishwa. Ksh150.00 zimelipwa kwa NYANGUMI STORES")
    assert verdict(done) == (0, "real")
    assert not any(b"NYANGUMI" in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_two_receipts_in_one_text_are_named_and_nothing_is_asked(mpesa: Mpesa) -> None:
    refused = mpesa("verify", f"{R} Confirmed. Ksh500.00 paid. UKR4Q7X11A Confirmed. Ksh50.00 paid")
    assert refused.status == 2
    assert R in refused.stderr
    assert "UKR4Q7X11A" in refused.stderr
    assert "Asking M-PESA" not in refused.stderr
