"""The history narrowed by amount, by a masked phone and to money that is no order's; and counted per hour and month."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from history_ledger import DAY_US, OTHER_PHONE, PHONE, SECOND_US, START_US, Sale
from hypothesis import given
from hypothesis import strategies as st
from test_history_summary import rows

from mpesa_cli.history.query import HistoryRow
from mpesa_cli.history.summary import By, summarise
from mpesa_cli.ledger.ledger import Ledger

Run = Callable[..., Any]
Sold = Callable[..., Ledger]


def orders(mpesa: Run, *options: str) -> list[str]:
    ran = mpesa("history", "--json", *options)
    assert ran.status == 0, ran.stderr
    return sorted(each["order_id"] for each in json.loads(ran.stdout))


def test_only_payments_of_the_amount_are_shown(mpesa: Run, sold: Sold) -> None:
    sold(Sale("A", amount=1_500), Sale("B", amount=150), Sale("C", amount=1_500, outcome="1032"))
    assert orders(mpesa, "--amount", "1,500") == ["A", "C"]
    assert mpesa("history", "--amount", "much").status == 2


MASKED = ("0708•••149", "0708***149", "254708***149", "+254 708 *** 149", "0708*149", "•••149")


@pytest.mark.parametrize("typed", MASKED)
def test_a_masked_number_finds_the_phones_that_it_may_be(mpesa: Run, sold: Sold, typed: str) -> None:
    sold(Sale("A", msisdn=PHONE), Sale("B", msisdn=OTHER_PHONE))
    assert orders(mpesa, "--phone", typed) == ["A"]


@pytest.mark.parametrize("typed", ["•••", "07?8•••149", "0708•••[1-9]9", "**9"])
def test_what_is_no_masked_number_is_refused(mpesa: Run, sold: Sold, typed: str) -> None:
    sold(Sale("A"))
    assert mpesa("history", "--phone", typed).status == 2


def test_money_by_hand_is_unclaimed_until_an_order_has_it(mpesa: Run, clock: Any) -> None:
    assert mpesa("c2b-register", "-y").status == 0
    assert mpesa("push", "0708374149", "700", "--order", "P").status == 0
    for amount in ("500", "300"):
        assert mpesa("c2b-simulate", "254708374149", amount).status == 0
    for _ in range(3):  # takes in what the simulator brings: it asks first whether the money is wanted
        clock.advance(30)
        mpesa("reconcile")
    found = json.loads(mpesa("history", "--unclaimed", "--json").stdout)
    assert sorted(each["amount"] for each in found) == [300, 500]
    receipt = next(each["receipt"] for each in found if each["amount"] == 300)
    assert mpesa("verify", receipt, "--attach", "X", "--amount", "300", "-y", "--by", "Amina").status == 0
    assert [each["amount"] for each in json.loads(mpesa("history", "--unclaimed", "--json").stdout)] == [500]
    other = next(each["receipt"] for each in found if each["amount"] == 500)
    assert mpesa("verify", other, "--no-order", "--by", "Amina", "--reason", "sold on Tuesday").status == 0
    assert orders(mpesa, "--unclaimed") == []


@given(st.lists(rows(), max_size=40), st.sampled_from(["hour", "month"]))
def test_hours_and_months_come_to_what_the_days_come_to(made: list[HistoryRow], by: By) -> None:
    newest_first = sorted(made, key=lambda row: row.created_us, reverse=True)
    counted, per_day = summarise(newest_first, by=by), summarise(newest_first)
    assert counted.total == per_day.total
    assert sum(each.gross_cents for each in counted.days) == per_day.total.gross_cents
    assert sum(each.count for each in counted.days) == per_day.total.count
    names = [each.day for each in counted.days]
    assert names == sorted(set(names))


def test_the_summary_is_per_hour_and_month_in_nairobi(mpesa: Run, sold: Sold) -> None:
    sold(Sale("A"), Sale("B", at_us=START_US + 3_600 * SECOND_US), Sale("C", at_us=START_US - 30 * DAY_US))
    hours = json.loads(mpesa("history", "--summary", "--by", "hour", "--json").stdout)
    assert [each["day"] for each in hours["days"]] == ["2026-10-25 10:00", "2026-11-24 10:00", "2026-11-24 11:00"]
    months = mpesa("history", "--summary", "--by", "month", tty=True).stdout
    assert "2026-10" in months
    assert "month" in months.splitlines()[0]
    assert mpesa("history", "--by", "month").status == 2
