"""Above a limit nobody gives money back alone: who may agree, to what, until when, and how a PIN is guessed slowly."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from initiator_parts import RECEIPT, ledger_of, paid
from refund_shop import ACK, DAY_S, START_US, RefundShop

from mpesa_cli.floor.errors import Conflict, InvalidInput, Temporary
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.people.operators import known_by_pin, set_operator
from mpesa_cli.initiator.refunds.asking import RefundTerms, propose, refund
from mpesa_cli.rules.evidence import Received, RefundAsked, RefundRefused
from mpesa_cli.rules.money_out.approval import Approval, wait_s
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.money_out.refund_rules import RefundAsking

TWO = OutLimits("refunds", enabled=True, approve_above_cents=14_999)
TERMS = RefundTerms(TWO, "174379", "11")
ASKING = RefundAsking("Asha", "brought it back")
PINS = {"Asha": "402861", "Wanjiku": "719305"}
ENV = {"MPESA_REFUNDS_APPROVE_ABOVE": "100", "USER": "counter"}
REASON = ("--reason", "brought it back")


def world(shop: RefundShop) -> World:
    return World(lambda: shop.now_us, shop.sleep)


def proposed(shop: RefundShop) -> str:
    shop.limits = TWO
    return propose(shop.ledger, world(shop), TERMS, shop.payment, RECEIPT, ASKING).request_id


def approve(shop: RefundShop, request_id: str, by: str = "Wanjiku", terms: RefundTerms = TERMS) -> Any:
    return refund(shop.context, terms, shop.payment, RECEIPT, ASKING, Approval(request_id, by))


def code_of(shop: RefundShop, act: Callable[[], object]) -> str:
    before = len(shop.posts)
    with pytest.raises(Conflict) as refusal:
        act()
    assert len(shop.posts) == before
    return refusal.value.code


def test_above_the_limit_nothing_leaves_without_a_second_person(shop: RefundShop) -> None:
    shop.limits = TWO
    assert code_of(shop, shop.refund) == "needs-approval"
    request_id = proposed(shop)
    assert (shop.posts, shop.state) == ([], None)
    assert approve(shop, request_id).request_id == request_id
    assert len(shop.reversals) == 1


@pytest.mark.parametrize("name", ["Asha", "asha", " A sha "])
def test_who_asked_cant_agree_however_the_name_is_spelt(shop: RefundShop, name: str) -> None:
    request_id = proposed(shop)
    assert code_of(shop, lambda: approve(shop, request_id, name)) == "same-person"


def test_a_proposal_is_used_once(shop: RefundShop) -> None:
    request_id = proposed(shop)
    approve(shop, request_id)
    with shop.ledger.write() as tx:  # even where the first one is proven to have done nothing
        tx.append(shop.payment.attempts[0].ref, RefundRefused(shop.now_us, request_id, "1", "too little"))
    assert code_of(shop, lambda: approve(shop, request_id)) == "approved-already"


@pytest.mark.parametrize(("after_s", "expected"), [(DAY_S, ""), (DAY_S + 1, "proposal-over"), (-1, "proposal-over")])
def test_a_proposal_dies_after_a_day_and_is_not_believed_before_it_was_made(
    shop: RefundShop, after_s: int, expected: str
) -> None:
    request_id = proposed(shop)
    shop.sleep(after_s)
    if expected:
        assert code_of(shop, lambda: approve(shop, request_id)) == expected
    else:
        approve(shop, request_id)


def test_a_proposal_dies_with_a_change_of_its_payment_and_all_rules_are_checked_again(shop: RefundShop) -> None:
    request_id = proposed(shop)
    tight = RefundTerms(OutLimits("refunds", enabled=True, max_cents=100, approve_above_cents=50), "174379", "11")
    assert code_of(shop, lambda: approve(shop, request_id, terms=tight)) == "above-max"
    shop.statement_says_back(cents=1)
    assert code_of(shop, lambda: approve(shop, request_id)) == "partly-refunded"


def test_money_that_came_since_a_proposal_makes_it_another_payment(shop: RefundShop) -> None:
    request_id = proposed(shop)
    with shop.ledger.write() as tx:
        ref = tx.add_received(shop.payment.payment_id, "254708374149", 15_000, shop.now_us)
        tx.append(ref, Received(shop.now_us, "c2b", "UKO4Q7WX9Z", 15_000, msisdn="254708374149"))
    assert code_of(shop, lambda: approve(shop, request_id)) == "payment-changed"


def test_of_one_receipt_one_proposal_waits(shop: RefundShop) -> None:
    proposed(shop)
    assert code_of(shop, lambda: proposed(shop)) == "proposal-open"
    shop.sleep(DAY_S + 1)
    proposed(shop)


def test_two_who_agree_at_once_send_one_reversal(shop: RefundShop) -> None:
    request_id = proposed(shop)

    def meanwhile() -> Any:
        assert code_of(shop, lambda: approve(shop, request_id, "Otieno")) in {"refund-pending", "approved-already"}
        return ACK

    shop.answers = [meanwhile]
    approve(shop, request_id)
    asked = [e for e in shop.ledger.evidence(shop.payment.attempts[0].ref) if isinstance(e, RefundAsked)]
    assert (len(shop.reversals), len(asked)) == (1, 1)


def test_guessing_a_pin_is_slowed_and_journaled_and_the_right_one_waits_too(shop: RefundShop) -> None:
    w = world(shop)
    set_operator(shop.ledger, w, "Wanjiku", Secret("719305"), "owner")
    for guess in ("000111", "402861", "719306"):
        with pytest.raises(Conflict) as wrong:
            known_by_pin(shop.ledger, w, "wanjiku", Secret(guess))
        assert wrong.value.code == "wrong-pin"
    waits = []
    for _ in range(4):
        with pytest.raises(Temporary) as wait:
            known_by_pin(shop.ledger, w, "Wanjiku", Secret("719305"))
        waits.append(wait.value.retry_after_s)
        shop.sleep(waits[-1])
        with pytest.raises(Conflict):
            known_by_pin(shop.ledger, w, "Wanjiku", Secret("999999"))
    assert waits == [60, 120, 240, 480]
    shop.sleep(3600)
    assert known_by_pin(shop.ledger, w, "Wanjiku", Secret("719305")) == "Wanjiku"
    assert known_by_pin(shop.ledger, w, "Wanjiku", Secret("719305")) == "Wanjiku"
    kinds = [row[0] for row in shop.ledger.rows("SELECT kind FROM journal WHERE kind LIKE 'operator%'")]
    assert kinds == ["operator_set", *["operator_pin_wrong"] * 7]


def test_a_clock_that_is_set_back_does_not_shorten_the_wait_for_the_next_pin() -> None:
    for wrong, whole_s in ((3, 60), (4, 120), (20, 3600)):
        passed_s = (-86_400, -1, 0, whole_s - 1, whole_s)
        waits = [wait_s(wrong, START_US, START_US + each * 1_000_000) for each in passed_s]
        assert waits == [whole_s, whole_s, whole_s, 1, 0]


@pytest.mark.parametrize(
    "pin", ["12345", "1234567890123", "111111", "121212", "123456", "987654", "12345a", "", "٧١٩٣٠٥"]
)
def test_a_pin_that_is_guessed_first_is_not_set(shop: RefundShop, pin: str) -> None:
    with pytest.raises(InvalidInput):
        set_operator(shop.ledger, world(shop), "Wanjiku", Secret(pin), "owner")


def test_a_pin_is_stored_nowhere(shop: RefundShop, tmp_path: Path) -> None:
    set_operator(shop.ledger, world(shop), "Wanjiku", Secret("719305"), "owner")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"719305" not in stored


def set_pins(mpesa: Callable[..., Any]) -> None:
    for name, pin in PINS.items():
        done = mpesa("operator", "set", name, tty=True, stdin=f"{pin}\n{pin}\n", env=ENV)
        assert done.status == 0, done


def test_a_shop_with_two_people_gives_money_back_together(mpesa: Callable[..., Any], home: Path) -> None:
    paid(mpesa, "1042")
    set_pins(mpesa)
    asked = mpesa("refund", "1042", *REASON, "--by", "Asha", "--yes", tty=True, stdin="402861\n", env=ENV)
    assert (asked.status, "WAITS FOR APPROVAL" in asked.stdout) == (9, True)
    (waiting,) = json.loads(mpesa("approve", "--json", env=ENV).stdout)
    assert (waiting["by"], waiting["amount"]) == ("Asha", 150)
    request_id = waiting["request_id"]
    for name, pin in (("Asha", "402861"), ("Wanjiku", "402861"), ("Otieno", "719305")):
        assert mpesa("approve", request_id, "--by", name, tty=True, stdin=f"{pin}\n", env=ENV).status == 9
    unattended = mpesa("approve", request_id, "--by", "Wanjiku", "--json", env={**ENV, "MPESA_YES": "1"})
    assert json.loads(unattended.stdout)["error"]["code"] == "needs-a-person"
    done = mpesa("approve", request_id, "--by", "Wanjiku", tty=True, stdin="719305\n", env=ENV)
    assert done.status == 0, done
    assert json.loads(mpesa("status", "1042", "--json").stdout)["refund"]["request_id"] == request_id
    assert json.loads(mpesa("approve", "--json", env=ENV).stdout) == []
    with ledger_of(home):
        pass


def test_who_asks_for_more_than_one_may_give_alone_is_known_by_a_pin_too(mpesa: Callable[..., Any]) -> None:
    paid(mpesa, "1042")
    set_pins(mpesa)
    for by, pin, code in (("Asha", "719305", "wrong-pin"), ("Nobody", "402861", "no-operator")):
        done = mpesa("refund", "1042", *REASON, "--by", by, tty=True, stdin=f"{pin}\n", env=ENV)
        assert (done.status, code in done.stderr or done.stdout == "") == (9, True)
    script = mpesa("refund", "1042", *REASON, "--by", "Asha", "--yes", "--json", env=ENV)
    assert json.loads(script.stdout)["error"]["code"] == "needs-a-person"


def test_only_whoever_keeps_the_configuration_sets_a_pin(mpesa: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    done = mpesa("operator", "set", "Wanjiku", tty=True, stdin="719305\n719305\n", env=ENV)
    assert (done.status, "write the configuration" in done.stderr) == (9, True)
    monkeypatch.undo()
    assert mpesa("operator", "set", "Wanjiku", tty=True, stdin="719305\n719306\n", env=ENV).status == 2
    assert mpesa("operator", "set", "Wanjiku", env=ENV).status == 9
    assert mpesa("operator", "remove", "Wanjiku", env=ENV).status == 2
