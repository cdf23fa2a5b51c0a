"""``mpesa refund`` as a shop types it, against the simulator."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import ledger_of, paid

REASON = ("--reason", "brought it back", "--by", "Asha")
BY_PHONE = {  # what M-PESA does with a refund, by the number that paid: the exit status, and the refund's state
    "254708374149": (0, "refunded"),
    "254722200051": (8, "pending"),  # no result ever comes
    "254722200052": (0, "refunded"),  # the result overtakes the answer
    "254722200053": (0, "refunded"),  # twice
    "254722200054": (0, "refunded"),  # then a second result says no
    "254722200055": (6, "review"),  # of another amount
    "254722200056": (6, "review"),  # of another receiver
    "254722200057": (6, "unknown"),  # given up in the queue, not done
    "254722200058": (6, "unknown"),  # given up in the queue, done
    "254722200060": (6, "unknown"),  # neither answer nor result
    "254722200070": (0, "refunded"),  # reversed a moment before at the portal
    "254722200074": (0, "refunded"),  # codes and amounts as text
}


def refund(mpesa: Callable[..., Any], *argv: str, **more: Any) -> tuple[int, dict[str, Any]]:
    done = mpesa("refund", *argv, *REASON, "--json", **more)
    return done.status, json.loads(done.stdout)


@pytest.mark.parametrize("phone", BY_PHONE)
def test_a_refund_ends_as_m_pesa_says_and_is_never_called_back_without_it(
    mpesa: Callable[..., Any], clock: Any, home: Path, phone: str
) -> None:
    paid(mpesa, "1042", phone=phone)
    status, document = refund(mpesa, "1042", "--timeout", "20")
    assert (status, document["refund"]["state"]) == BY_PHONE[phone]
    again, error = refund(mpesa, "1042")
    assert (again, error["error"]["money_moved"]) == (9, "no")
    with ledger_of(home):
        pass


def test_money_given_back_is_told_everywhere_and_is_no_difference_of_the_books(
    mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path
) -> None:
    receipt = paid(mpesa, "1042")
    assert refund(mpesa, receipt)[0] == 0
    assert mpesa("status", "1042").status == 7
    assert "Asha gives KES 150" in mpesa("log", "1042").stdout
    assert "GIVEN BACK" in mpesa("receipt", "1042").stdout
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    done = mpesa("reconcile", "--statement", str(statement))
    assert (done.status, "GIVEN BACK" in done.stdout) == (0, False)


def test_a_refund_in_doubt_is_named_by_reconcile_until_something_settles_it(
    mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path
) -> None:
    receipt = paid(mpesa, "1042", phone="254722200060")
    assert refund(mpesa, "1042")[0] == 6
    assert "REFUND ASKED FOR" in mpesa("receipt", "1042").stdout
    named = mpesa("reconcile")
    assert named.status == 7
    assert receipt in named.stdout
    (found,) = json.loads(mpesa("reconcile", "--json").stdout)["breaks"]
    looked = ("--by", "Asha", "--reason", "seen at the portal")
    assert mpesa("reconcile", "--accept", found["id"], *looked).status == 0
    assert mpesa("reconcile").status == 0
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    mpesa("reconcile", "--statement", str(statement))
    assert json.loads(mpesa("status", "1042", "--json").stdout)["refund"]["state"] == "refunded"
    assert mpesa("reconcile").status == 0


def test_m_pesa_itself_is_asked_about_a_refund_whose_result_was_lost(mpesa: Callable[..., Any], clock: Any) -> None:
    paid(mpesa, "1042", phone="254722200051")
    assert refund(mpesa, "1042", "--timeout", "5")[0] == 8
    clock.advance(120)
    assert json.loads(mpesa("status", "1042", "--json").stdout)["refund"]["state"] == "refunded"


def test_a_refund_whose_result_never_comes_and_that_nobody_can_ask_about_is_named(
    mpesa: Callable[..., Any], clock: Any, tmp_path: Path
) -> None:
    receipt = paid(mpesa, "1042", phone="254722200051")
    assert refund(mpesa, "1042", "--timeout", "5")[0] == 8
    clock.advance(16 * 60)
    named = mpesa("reconcile", env={"MPESA_INITIATOR_NAME": "not-known"})
    assert (named.status, receipt in named.stdout) == (7, True)
    statement = tmp_path / "statement.csv"
    statement.write_text(mpesa("simulator", "statement").stdout)
    mpesa("reconcile", "--statement", str(statement))
    assert json.loads(mpesa("status", "1042", "--json").stdout)["refund"]["state"] == "refunded"
    assert mpesa("reconcile").status == 0


def test_a_day_later_a_person_asks_once_more_and_what_was_done_before_is_found(
    mpesa: Callable[..., Any], clock: Any
) -> None:
    paid(mpesa, "1042", phone="254722200060")
    assert refund(mpesa, "1042")[0] == 6
    clock.advance(24 * 3600 + 1)
    assert refund(mpesa, "1042", "--again")[1]["refund"]["state"] in {"unknown", "refunded"}
    assert refund(mpesa, "1042", "--again")[0] == 9


def test_an_initiator_that_m_pesa_does_not_accept_is_a_matter_of_credentials(mpesa: Callable[..., Any]) -> None:
    paid(mpesa, "1042")
    status, document = refund(mpesa, "1042", env={"MPESA_INITIATOR_NAME": "no-role"})
    assert (status, document["refund"]["state"]) == (4, "refused")


def test_what_has_no_receipt_or_is_not_there_cant_go_back(mpesa: Callable[..., Any]) -> None:
    mpesa("push", "254700001032", "150", "--order", "7")
    assert refund(mpesa, "7")[1]["error"]["code"] == "no-receipt"
    assert refund(mpesa, "254708374149")[0] == 2, "a phone is no reference for what acts"
    assert mpesa("refund", "7", "--reason", "short").status == 2


def test_a_dry_run_shows_the_request_and_sends_nothing(mpesa: Callable[..., Any], home: Path) -> None:
    receipt = paid(mpesa, "1042")
    status, shown = refund(mpesa, "1042", "--dry-run")
    assert (status, shown["body"]["TransactionID"], shown["body"]["Amount"]) == (0, receipt, "150")
    assert "SecurityCredential" not in shown["body"]
    with ledger_of(home) as ledger:
        assert ledger.rows("SELECT count(*) FROM requests") == [(0,)]


def test_another_identifier_type_is_a_setting_that_the_refusal_names(mpesa: Callable[..., Any]) -> None:
    paid(mpesa, "1042")
    env = {"MPESA_INITIATOR_NAME": "identifier-4"}
    status, error = refund(mpesa, "1042", env=env)
    assert (status, 'identifier_type = "4"' in error["error"]["hint"]) == (3, True)
    assert refund(mpesa, "1042", env={**env, "MPESA_REFUNDS_IDENTIFIER_TYPE": "4"})[0] == 0
