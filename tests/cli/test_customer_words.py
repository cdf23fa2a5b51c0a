"""What staff are to tell the customer is said with every payment that is not paid, in the shop's language."""

from collections.abc import Callable
from typing import Any

import pytest

from mpesa_cli.rules.codes.lookup import stk_result


@pytest.mark.parametrize(("language", "words"), [("en", "customer"), ("sw", "customer_sw")])
def test_a_cancelled_prompt_says_what_to_tell_the_customer(
    mpesa: Callable[..., Any], language: str, words: str
) -> None:
    done = mpesa("push", "254700001032", "200", "--order", "1043", env={"MPESA_LANGUAGE": language})

    assert done.status == 3
    tell = {"en": "Tell the customer", "sw": "Mwambie mteja"}[language]
    assert f"{tell}: {getattr(stk_result('1032'), words)}" in done.stderr
    assert tell not in done.stdout


def test_a_lost_answer_asks_the_customer_not_to_pay_again(mpesa: Callable[..., Any]) -> None:
    done = mpesa("push", "254722200007", "200", "--order", "1043", "--timeout", "3")

    assert done.status == 6
    assert "Tell the customer: " in done.stderr


def test_a_paid_order_needs_no_such_words(mpesa: Callable[..., Any]) -> None:
    done = mpesa("push", "254708374149", "200", "--order", "1043")

    assert done.status == 0
    assert "Tell the customer" not in done.stderr
