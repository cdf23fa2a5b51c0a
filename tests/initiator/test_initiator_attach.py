"""``verify --attach``: a proven receipt pays the order it fits, by a person's word, and only once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import NO_MONEY, PAYS, ledger_of, open_order, paid, paid_elsewhere
from test_initiator_verify import by_hand

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.payments.claim import Approval, New
from mpesa_cli.payments.claim import attach as attach_receipt
from mpesa_cli.rules.evidence import QueryAnswered
from mpesa_cli.rules.receipt_claim import Claim, Money

Mpesa = Callable[..., Any]
LOST = "254722200017"  # pays; neither the answer nor a callback arrives


def unknown(mpesa: Mpesa, clock: Any, home: Path, order: str = "1042", amount: int = 150) -> str:
    """An order whose prompt was paid without anybody hearing of it; the receipt on the customer's phone."""
    assert mpesa("push", LOST, str(amount), "--order", order, "--timeout", "5").status == 6
    clock.advance(60)
    state = json.loads((home / "state" / "simulator.json").read_text())
    return str(state["prompts"][-1]["receipt"])


def attach(mpesa: Mpesa, receipt: str, order: str, *more: str, **how: Any) -> Any:
    return mpesa("verify", receipt, "--attach", order, "--json", "--by", "Wanjiku", *more, **how)


def error(done: Any) -> tuple[int, str]:
    return done.status, json.loads(done.stdout)["error"]["code"]


def test_a_payment_that_was_in_doubt_is_paid_once_its_receipt_is_attached(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    receipt = unknown(mpesa, clock, home)
    done = attach(mpesa, receipt, "1042", "--yes", "--reason", "the customer showed the SMS")
    told = json.loads(done.stdout)
    assert (done.status, told["status"], told["receipt"]) == (0, "paid", receipt)
    assert (told["attempts"][0]["source"], len(told["attempts"])) == ("status", 1)
    story = mpesa("log", "1042").stdout
    assert f"Wanjiku attached receipt {receipt} to attempt 1: M-PESA says completed; the customer showed" in story
    assert f"Transaction Status reported KES 150, receipt {receipt}." in story
    with ledger_of(home):
        pass


def test_an_attached_receipt_is_used_already_for_every_other_order(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = unknown(mpesa, clock, home)
    assert attach(mpesa, receipt, "1042", "--yes").status == 0
    mpesa("push", NO_MONEY, "150", "--order", "1043")
    second = attach(mpesa, receipt, "1043", "--yes")
    assert (second.status, json.loads(second.stdout)["verdict"]) == (7, "used_already")
    assert json.loads(mpesa("status", "1043", "--json", "--no-refresh").stdout)["status"] == "failed"


def test_attaching_it_again_to_the_same_order_is_refused_and_changes_nothing(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    receipt = unknown(mpesa, clock, home)
    attach(mpesa, receipt, "1042", "--yes")
    before = mpesa("log", "1042", "--json").stdout
    assert error(attach(mpesa, receipt, "1042", "--yes")) == (9, "receipt-used")
    assert mpesa("log", "1042", "--json").stdout == before


def test_whoever_attaches_last_is_refused_though_it_was_free_when_they_looked(home: Path, clock: Any) -> None:
    with ledger_of(home) as ledger:
        for order in ("1042", "1043"):
            open_order(ledger, order, clock.now)

        def attach_to(order: str, receipt: str) -> Any:
            money = Money("status", 15_000, clock.now, NO_MONEY if order == "1044" else PAYS)
            approval = Approval("asha", "she saw it", New(f"PAY-{order}", "env", "247247"))
            return attach_receipt(ledger, Claim(receipt, 15_000, order_id=order), money, approval, clock.now)

        said_paid = QueryAnswered(clock.now, "0", "The service request is processed successfully.")
        open_order(ledger, "1044", clock.now, said_paid)  # paid, and its receipt is another's, whose phone does not fit
        assert attach_to("1042", "UKO4Q7X81C").status == "paid"
        for order, receipt, code in (("1043", "UKO4Q7X81C", "receipt-used"), ("9999", "UKO4Q7X81C", "receipt-used"),
                                     ("1042", "UKO4Q7X82C", "already-paid"), ("1044", "UKO4Q7X83C", "already-paid")):
            with pytest.raises(MpesaError) as refused:
                attach_to(order, receipt)
            assert refused.value.code == code


def test_another_amount_is_never_attached(mpesa: Mpesa, clock: Any, home: Path) -> None:
    unknown(mpesa, clock, home, amount=500)
    receipt = paid_elsewhere(mpesa, clock, home, 150)
    done = attach(mpesa, receipt, "1042", "--yes")
    assert (done.status, json.loads(done.stdout)["verdict"]) == (7, "different_amount")
    assert error(attach(mpesa, receipt, "1042", "--yes", "--amount", "150")) == (9, "attach-amount")
    assert json.loads(mpesa("status", "1042", "--json", "--no-refresh").stdout)["status"] == "unknown"


def test_money_from_another_phone_counts_as_paid_by_hand_beside_the_doubtful_prompt(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    unknown(mpesa, clock, home)
    receipt = paid_elsewhere(mpesa, clock, home, 150, phone=PAYS)
    told = json.loads(attach(mpesa, receipt, "1042", "--yes").stdout)
    assert [(a["channel"], a["state"]) for a in told["attempts"]] == [("stk", "unknown"), ("c2b", "paid")]
    assert (told["status"], told["receipt"]) == ("paid", receipt)


def test_money_that_came_before_the_prompt_is_not_that_prompts(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = paid_elsewhere(mpesa, clock, home, 150, phone=LOST)
    clock.advance(600)
    unknown(mpesa, clock, home)
    told = json.loads(attach(mpesa, receipt, "1042", "--yes").stdout)
    assert [a["channel"] for a in told["attempts"]] == ["stk", "c2b"]


def test_an_order_that_failed_is_paid_by_hand(mpesa: Mpesa, clock: Any, home: Path) -> None:
    mpesa("push", NO_MONEY, "150", "--order", "1042")
    clock.advance(60)
    receipt = paid_elsewhere(mpesa, clock, home, 150, phone=NO_MONEY)
    told = json.loads(attach(mpesa, receipt, "1042", "--yes").stdout)
    assert (told["status"], [a["state"] for a in told["attempts"]]) == ("paid", ["failed", "paid"])


def test_a_payment_by_hand_that_belonged_to_nobody_becomes_the_orders_and_stays_one(
    mpesa: Mpesa, clock: Any, home: Path
) -> None:
    unknown(mpesa, clock, home)
    receipt = by_hand(mpesa, clock)
    told = json.loads(attach(mpesa, receipt, "1042", "--yes").stdout)
    assert (told["status"], told["receipt"], told["received"]) == ("paid", receipt, 150)
    orders = [p["order_id"] for p in json.loads(mpesa("history", "--format", "json").stdout)]
    assert orders == ["1042"]
    with ledger_of(home):
        pass


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_a_person_is_asked_and_no_is_the_default(
    mpesa: Mpesa, clock: Any, home: Path, answer: str, status: int
) -> None:
    receipt = unknown(mpesa, clock, home)
    done = mpesa("verify", receipt, "--attach", "1042", "--by", "Wanjiku", tty=True, stdin=answer)
    assert done.status == status
    stands = json.loads(mpesa("status", "1042", "--json", "--no-refresh").stdout)["status"]
    assert stands == ("paid" if status == 0 else "unknown")


def test_where_nobody_can_be_asked_nothing_is_attached(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = unknown(mpesa, clock, home)
    assert error(attach(mpesa, receipt, "1042")) == (9, "needs-yes")


@pytest.mark.parametrize(("order", "status", "code"), [("9999", 2, "not-found"), ("77", 9, "already-paid")])
def test_an_order_that_is_paid_or_not_there_takes_no_receipt(
    mpesa: Mpesa, clock: Any, home: Path, order: str, status: int, code: str
) -> None:
    paid(mpesa, "77")
    receipt = paid_elsewhere(mpesa, clock, home)
    assert error(attach(mpesa, receipt, order, "--yes")) == (status, code)


@pytest.mark.parametrize("options", [
    ["--by", "W"], ["--reason", "long enough to tell"], ["--order", "1", "--attach", "1"],
])
def test_options_that_say_nothing_without_each_other_are_refused(mpesa: Mpesa, options: list[str]) -> None:
    assert error(mpesa("verify", "UKO4Q7WX2B", "--json", *options)) == (2, "usage")


def test_what_is_not_proven_is_never_attached_whatever_is_said(mpesa: Mpesa, clock: Any, home: Path) -> None:
    receipt = unknown(mpesa, clock, home)
    done = attach(mpesa, receipt, "1042", "--yes", env={"MPESA_INITIATOR_NAME": "no-role"})
    assert (done.status, json.loads(done.stdout)["verdict"]) == (6, "not_proven")
    assert json.loads(mpesa("status", "1042", "--json", "--no-refresh").stdout)["status"] == "unknown"
