"""Where no prompt can bring the money in, staff are told how it is paid by hand; where that would fail too, not."""

from collections.abc import Callable
from typing import Any

import pytest

from mpesa_cli.rules.codes.errors import PUSH_CODES
from mpesa_cli.rules.codes.stk import STK_CODES
from mpesa_cli.rules.manual_way import by_hand_helps, manual_way

Run = Callable[..., Any]


def test_the_words_for_a_paybill_and_for_a_till() -> None:
    paybill = manual_way(till=None, shortcode="247247", account="0740271041", amount_cents=150_000)
    assert paybill == "Lipa na M-PESA, Pay Bill, business number 247247, account number 0740271041, amount KES 1,500"
    till = manual_way(till="5012345", shortcode="600000", account="1042", amount_cents=150_050)
    assert till == "Lipa na M-PESA, Buy Goods and Services, till number 5012345, amount KES 1,500.50"


def test_it_is_told_for_exactly_the_codes_that_a_prompt_can_not_mend() -> None:
    assert {row.code for row in STK_CODES if by_hand_helps(row)} == {"1025", "1101", "2006", "8006"}
    helped = {(row.code, row.text) for row in PUSH_CODES if by_hand_helps(row)}
    assert ("500.001.1001", "Merchant does not exist") in helped
    assert ("400.002.02", "PartyB") not in helped  # the number that would be typed is the one in doubt


@pytest.mark.parametrize("order", ["push", "retry"])
def test_a_locked_pin_leads_to_the_manual_way(mpesa: Run, order: str) -> None:
    pushed = mpesa("push", "254700008006", "1500", "--order", "1042")
    said = pushed.stderr if order == "push" else mpesa("retry", "1042").stderr
    assert "Lipa na M-PESA, Pay Bill, business number 174379, account number 1042, amount KES 1,500" in said


def test_the_account_that_the_shop_publishes_comes_first(mpesa: Run) -> None:
    env = {"MPESA_ACCOUNT_NUMBER": "0740271041", "MPESA_ENVIRONMENT": "simulator"}
    said = mpesa("push", "254700008006", "1500", "--order", "1042", env=env)
    assert "account number 0740271041" in said.stderr, said.stderr


def test_a_cancelled_prompt_is_no_reason_to_pay_by_hand(mpesa: Run) -> None:
    assert "Lipa na M-PESA" not in mpesa("push", "254700001032", "70", "--order", "1042").stderr
    assert "Lipa na M-PESA" not in mpesa("retry", "1042").stderr
