"""What a refund that does not happen says: all that is missing, and what is true of the money."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from initiator_parts import RECEIPT, paid
from refund_shop import RefundShop

from mpesa_cli.floor.errors import NotDelivered, RequestRefused, Temporary

REASON = ("--reason", "brought it back", "--by", "Asha")
Mpesa = Callable[..., Any]


def error(done: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(done.stdout)["error"]
    return told


@pytest.mark.parametrize(("argv", "named"), [
    (["refund", "1042"], ["--reason", "--by"]), (["refund", "1042", "--reason", "short"], ["10 to 200", "--by"]),
    (["refund", "1042", "--by", "Asha"], ["--reason"]), (["refund", "1042", *REASON[:2]], ["--by"]),
    (["resolve", "1042", "paid"], ["--reason", "--by"]), (["ledger", "begin"], ["--reason", "--by"]),
    (["verify", RECEIPT, "--no-order"], ["--reason", "--by"]), (["reconcile", "--accept", "all"], ["--by", "--reason"]),
    (["reconcile", "--close", "2026-11-23"], ["--by", "--statement"]),
])
def test_all_that_is_missing_is_named_at_once(mpesa: Mpesa, argv: list[str], named: list[str]) -> None:
    done = mpesa(*argv, "--json")
    told = error(done)
    assert done.status == 2
    assert [each for each in named if each not in told["message"] + told["hint"]] == []
    assert "Wanjiku" in told["hint"] or "--by" not in named or "reconcile" in argv


def test_an_order_that_nobody_knows_sends_no_money_back_and_charges_nobody_either(mpesa: Mpesa) -> None:
    done = mpesa("refund", "nobody", *REASON)
    assert (done.status, "No money was sent back." in done.stderr, "charged" in done.stderr) == (2, True, False)
    assert error(mpesa("refund", "nobody", *REASON, "--json"))["money_moved"] == "no"
    for argv in (["approve", "REQ-0"], ["approve", "REQ-0", "--by", "Asha"]):
        done = mpesa(*argv)
        assert (done.status, "Nothing was sent." in done.stderr, "charged" in done.stderr) == (2, True, False)
        assert error(mpesa(*argv, "--json"))["money_moved"] == "no"


def test_an_order_that_nobody_was_asked_for_has_nothing_to_send_back(mpesa: Mpesa) -> None:
    assert mpesa("order", "add", "7", "150").status == 0
    done = mpesa("refund", "7", *REASON)
    assert (done.status, "No money was sent back." in done.stderr) == (2, True)


@pytest.mark.parametrize(("initiator", "status", "moved"), [
    ("identifier-4", 3, "no"), ("all-lost", 6, None), ("spike-arrest", 5, "no"),
])
def test_after_a_refusal_it_is_told_whether_money_moved_as_far_as_that_is_proven(
    mpesa: Mpesa, initiator: str, status: int, moved: str | None
) -> None:
    paid(mpesa, "1042")
    done = mpesa("refund", "1042", *REASON, "--timeout", "5", "--json", env={"MPESA_INITIATOR_NAME": initiator})
    assert done.status == status, done
    told = json.loads(done.stdout)
    assert (told["error"]["money_moved"] if "error" in told else None) == moved
    if moved is None:
        assert told["refund"]["state"] == "unknown"


@pytest.mark.parametrize(("answers", "error_of", "moved"), [
    ([(400, b'{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid Amount"}')], RequestRefused, "no"),
    ([NotDelivered("refused", hint="again")] * 3, NotDelivered, "no"),
    ([Temporary("no connection", hint="again", code="no-connection")], Temporary, "no"),
])
def test_what_is_raised_after_the_post_says_no_only_where_it_is_proven(
    shop: RefundShop, answers: list[Any], error_of: type[Exception], moved: str
) -> None:
    shop.answers = answers
    with pytest.raises(error_of) as raised:
        shop.refund()
    assert raised.value.money_moved == moved  # type: ignore[attr-defined]
    assert shop.state == "refused"


@pytest.mark.parametrize(("argv", "env"), [
    (["balance", "--timeout", "5"], {"MPESA_INITIATOR_NAME": "dropped"}),
    (["balance"], {"MPESA_INITIATOR_NAME": "code-21"}),
    (["qr", "0"], {}), (["balance"], {"MPESA_ENVIRONMENT": "sandbox"}),
])
def test_what_only_looks_moves_no_money_whatever_goes_wrong(mpesa: Mpesa, argv: list[str], env: dict[str, str]) -> None:
    assert error(mpesa(*argv, "--json", env=env))["money_moved"] == "no"
    said = mpesa(*argv, env=env).stderr
    assert ("charged" in said, "may have" in said) == (False, False)
