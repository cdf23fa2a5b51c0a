"""Above a limit nobody pays out alone: who may agree, to what, until when, and never twice."""

from collections.abc import Callable
from typing import Any

import pytest
from payout_shop import ACK, DAY_S, PHONE, PayoutShop, refused

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.payouts.asking import propose_payout
from mpesa_cli.ledger.erasing import Erasing
from mpesa_cli.rules.money_out.approval import Approval
from mpesa_cli.rules.money_out.limits import OutLimits
from mpesa_cli.rules.money_out.payout_rules import PayoutAsking

TWO = OutLimits("payouts", enabled=True, approve_above_cents=14_999)


def proposed(shop: PayoutShop) -> str:
    shop.limits = TWO
    world = World(lambda: shop.now_us, shop.sleep)
    asking = PayoutAsking("Asha", "wages of November")
    return propose_payout(shop.ledger, world, shop.terms, shop.wish, asking).request_id


def approve(shop: PayoutShop, request_id: str, by: str = "Wanjiku") -> Any:
    return shop.pay(approval=Approval(request_id, by))


def code_of(shop: PayoutShop, ask: Callable[[], object]) -> str:
    before = len(shop.payouts)
    with pytest.raises(Conflict) as refusal:
        ask()
    assert len(shop.payouts) == before, "refused, and yet something was sent"
    return refusal.value.code


def test_a_proposal_sends_nothing_and_another_person_sends_it_once(shop: PayoutShop) -> None:
    request_id = proposed(shop)
    assert shop.posts == []
    assert code_of(shop, lambda: approve(shop, request_id, " aSHA ")) == "same-person"
    assert approve(shop, request_id).request_id == request_id
    assert code_of(shop, lambda: approve(shop, request_id, "Otieno")) == "payout-pending"
    shop.receive(refused("1"))
    assert code_of(shop, lambda: approve(shop, request_id, "Otieno")) == "approved-already"
    kinds = {str(row[0]) for row in shop.ledger.rows("SELECT kind FROM journal WHERE payment_id = ''")}
    assert {"proposal_made", "proposal_approved"} <= kinds


@pytest.mark.parametrize(("after_s", "expected"), [(DAY_S, ""), (DAY_S + 1, "proposal-over"), (-1, "proposal-over")])
def test_a_proposal_dies_after_a_day(shop: PayoutShop, after_s: int, expected: str) -> None:
    request_id = proposed(shop)
    shop.sleep(after_s)
    if expected:
        assert code_of(shop, lambda: approve(shop, request_id)) == expected
    else:
        approve(shop, request_id)


def test_what_is_agreed_to_is_what_was_asked_and_all_rules_are_checked_again(shop: PayoutShop) -> None:
    request_id = proposed(shop)
    for change in ({"amount_cents": 15_100}, {"msisdn": "254711111111"}, {"reference": "rent"}):
        kept = {name: getattr(shop, name) for name in change}
        for name, value in change.items():
            setattr(shop, name, value)
        assert code_of(shop, lambda: approve(shop, request_id)) == "payment-changed"
        for name, value in kept.items():
            setattr(shop, name, value)
    shop.limits = OutLimits("payouts", enabled=True, max_cents=100, approve_above_cents=50)
    assert code_of(shop, lambda: approve(shop, request_id)) == "above-max"
    shop.limits, shop.answers = OutLimits("payouts", enabled=True), [ACK]
    shop.pay()
    shop.receive(refused("1"))
    shop.limits = TWO
    assert code_of(shop, lambda: approve(shop, request_id)) == "payment-changed", "it was tried since"


def test_of_one_reference_one_proposal_waits_whatever_its_case(shop: PayoutShop) -> None:
    proposed(shop)
    shop.reference = "WAGES"
    assert code_of(shop, lambda: proposed(shop)) == "proposal-open"


def test_a_phone_that_is_erased_takes_its_proposal_with_it(shop: PayoutShop) -> None:
    shop.msisdn = "254711111111"
    request_id = proposed(shop)
    with shop.ledger.write() as tx:
        assert Erasing(tx).erase(shop.msisdn, shop.now_us)
    (stored,) = shop.ledger.rows("SELECT msisdn FROM proposals WHERE request_id=?", (request_id,))
    assert str(stored[0]).startswith("erased-")
    shop.msisdn = str(stored[0])
    assert code_of(shop, lambda: approve(shop, request_id)) == "number-erased"
    assert shop.msisdn != PHONE
