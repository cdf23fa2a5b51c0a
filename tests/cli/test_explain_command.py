"""``mpesa explain``: every meaning, in words and as one JSON document, for any code that could be one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.rules.codes.lookup import ALL_CODES

Run = Callable[..., Any]


def test_a_code_is_told_in_words_for_staff_and_customer(mpesa: Run) -> None:
    result = mpesa("explain", "1032")
    assert result.status == 0
    assert result.stderr == ""
    for words in ("Cancelled by the customer", "Nothing was taken", "Tell the customer", "limeghairiwa",
                  "the customer", "New attempt", "Safaricom's M-Pesa Express page"):
        assert words in result.stdout


def test_an_overloaded_code_shows_all_meanings_with_the_words_that_tell_them_apart(mpesa: Run) -> None:
    shown = mpesa("explain", "500.001.1001").stdout
    for row in ALL_CODES:
        if row.code == "500.001.1001":
            assert row.title in shown
            assert row.text in shown
    assert "with any other message" in shown


@pytest.mark.parametrize("typed", ["sfc_ic0003", " SFC_IC0003 ", "SFC IC0003", "sfcic0003"])
def test_case_and_spaces_do_not_matter(mpesa: Run, typed: str) -> None:
    assert "Receiver not known" in mpesa("explain", typed).stdout


def test_json_is_one_document_with_every_meaning(mpesa: Run) -> None:
    result = mpesa("explain", "0", "--json")
    told = json.loads(result.stdout)
    assert (result.status, told["code"], told["listed"]) == (0, "0", True)
    assert [m["api"] for m in told["meanings"]] == ["stk", "response", "reversal", "b2c"]
    assert told["meanings"][0]["money_moved"] == "yes"
    assert told["meanings"][1]["money_moved"] == "unknown"
    assert set(told["meanings"][0]) == {
        "api", "code", "message_contains", "listed", "title", "outcome", "money_moved", "actor", "new_attempt",
        "wait_s", "automatic", "staff", "customer", "source",
    }
    assert set(told["meanings"][0]["customer"]) == {"en", "sw"}


def test_an_unlisted_code_is_said_to_be_so_and_exits_0(mpesa: Run) -> None:
    result = mpesa("explain", "31337")
    assert result.status == 0
    assert "does not know" in result.stdout
    assert "none of the tables" in result.stderr
    told = json.loads(mpesa("explain", "31337", "--json").stdout)
    assert told["listed"] is False
    assert told["meanings"][0]["new_attempt"] == "never"
    assert mpesa("explain", "31337", "-q").stderr == ""


@pytest.mark.parametrize("typed", ["", "   ", "!!", "a/b", "../../etc", "\x1b[31m", "x" * 65, "ü", "1032;rm"])
def test_what_cannot_be_a_code_is_wrong_usage(mpesa: Run, typed: str) -> None:
    result = mpesa("explain", "--json", "--", typed)
    assert result.status == ExitStatus.USAGE
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["money_moved"]) == ("invalid-code", "unknown")
    assert "mpesa explain 1032" in error["hint"]


def test_every_code_of_every_table_can_be_explained(mpesa: Run) -> None:
    for code in sorted({row.code for row in ALL_CODES}):
        told = json.loads(mpesa("explain", "--json", code).stdout)
        assert told["listed"], code
        assert all(m["code"] == code for m in told["meanings"])
