"""A phone where a payment is named shows its latest payments, and `status` alone what is open."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
PAYS, CANCELS, OPEN = "254708374149", "254700001032", "254722200014"


@pytest.fixture
def day(mpesa: Run, clock: Any) -> Run:
    """Two payments of one phone, a cancelled one and an open one."""
    for order, phone in (("1", PAYS), ("2", PAYS), ("3", CANCELS)):
        mpesa("push", phone, "100", "--order", order)
        clock.advance(130)
    mpesa("push", OPEN, "100", "--order", "4", "--no-wait")
    return mpesa


def orders(done: Any) -> list[str]:
    return [each["order_id"] for each in json.loads(done.stdout)]


@pytest.mark.parametrize("written", ["0708374149", "254708374149", "+254 708 374 149"])
def test_a_phone_names_its_latest_payments_where_one_only_looks(day: Run, written: str) -> None:
    assert orders(day("status", written, "--json")) == ["2", "1"]
    assert orders(day("history", written, "--json")) == ["2", "1"]
    assert json.loads(day("log", written, "--json").stdout)["order_id"] == "2"
    assert "0708•••149" in day("status", written, tty=True).stdout


def test_nothing_that_acts_takes_the_latest_of_a_phone(day: Run) -> None:
    for argv in (["retry"], ["receipt"], ["resolve", "--reason", "the statement has it", "--by", "Asha"]):
        verdict = ["paid"] if argv[0] == "resolve" else []
        refused = day(argv[0], PAYS, *verdict, *argv[1:], "--json")
        assert (refused.status, json.loads(refused.stdout)["error"]["code"]) == (2, "not-found"), argv


def test_an_order_that_is_written_like_a_phone_wins(day: Run, clock: Any) -> None:
    day("push", "254711111111", "100", "--order", "0708374149")
    assert json.loads(day("status", "0708374149", "--json").stdout)["order_id"] == "0708374149"
    assert orders(day("history", "0708374149", "--json")) == ["0708374149"]
    day("order", "add", "0711111111", "100")
    assert day("status", "0711111111", "--json").status == 2


def test_status_alone_shows_what_is_open_now(day: Run) -> None:
    assert orders(day("status", "--json")) == ["4"]
    assert day("status").status == 0
    assert "waiting" in day("status", tty=True).stdout


def test_status_alone_says_so_where_nothing_is_open(mpesa: Run) -> None:
    nothing = mpesa("status")
    assert (nothing.status, nothing.stdout, nothing.stderr.splitlines()[0]) == (0, "", "No payment is open.")


def test_a_phone_that_never_paid_is_said_to_have_no_payment(day: Run) -> None:
    refused = day("status", "0711111111")
    assert refused.status == 2
    assert "No payment of 0711•••111" in refused.stderr
    assert "charged" not in refused.stderr


def test_a_reference_and_a_filter_that_names_another_are_not_both_meant(day: Run) -> None:
    assert day("history", "1", "--order", "2").status == 2
    assert orders(day("history", "1", "--json")) == ["1"]
