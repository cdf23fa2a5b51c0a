"""What the ledger keeps of two people: PINs set and taken away, wrong ones in a row, wishes and agreements."""

import contextlib
import json
from typing import Any

import pytest
from initiator_parts import RECEIPT
from refund_shop import RefundShop
from test_two_people import approve, proposed, world

from mpesa_cli.floor.errors import Conflict, InvalidInput, NotFound, Temporary
from mpesa_cli.floor.secret import Secret
from mpesa_cli.initiator.people.operators import known_by_pin, operator_names, remove_operator, set_operator
from mpesa_cli.initiator.people.store import open_proposals, proposal


def kept(shop: RefundShop, kind: str) -> list[dict[str, Any]]:
    return [json.loads(facts) for (facts,) in shop.ledger.rows(f"SELECT facts FROM journal WHERE kind='{kind}'")]


def give(shop: RefundShop, name: str, pin: str = "719305") -> bool:
    return set_operator(shop.ledger, world(shop), name, Secret(pin), "owner")


def test_a_pin_that_is_set_or_taken_away_is_journaled_and_what_changed_nothing_is_not(shop: RefundShop) -> None:
    assert [give(shop, "Wanjiku"), give(shop, "wan jiku", "402861"), give(shop, "Asha")] == [False, True, False]
    assert operator_names(shop.ledger) == ["Asha", "wan jiku"]
    assert [(each["name"], each["by"], each["reset"]) for each in kept(shop, "operator_set")] == [
        ("Wanjiku", "owner", False), ("wan jiku", "owner", True), ("Asha", "owner", False)]
    removed = [remove_operator(shop.ledger, world(shop), name, "owner") for name in ("WANJIKU", "Wanjiku", "Nobody")]
    assert removed == [True, False, False]
    assert [(each["name"], each["by"]) for each in kept(shop, "operator_removed")] == [("WANJIKU", "owner")]
    with pytest.raises(Conflict) as unknown:
        known_by_pin(shop.ledger, world(shop), "Wanjiku", Secret("402861"))
    assert (unknown.value.code, "mpesa operator set" in unknown.value.hint) == ("no-operator", True)


def test_a_new_pin_ends_the_old_one_and_the_wait(shop: RefundShop) -> None:
    give(shop, "Wanjiku")
    for _ in range(3):
        with pytest.raises(Conflict):
            known_by_pin(shop.ledger, world(shop), "Wanjiku", Secret("000111"))
    with pytest.raises(Temporary) as wait:
        known_by_pin(shop.ledger, world(shop), "Wanjiku", Secret("719305"))
    assert (wait.value.code, wait.value.retry_after_s, "60 s" in wait.value.hint) == ("pin-wait", 60, True)
    give(shop, "Wanjiku", "402861")
    with pytest.raises(Conflict):
        known_by_pin(shop.ledger, world(shop), "Wanjiku", Secret("719305"))
    assert known_by_pin(shop.ledger, world(shop), "WANJIKU", Secret("402861")) == "Wanjiku"


def test_wrong_pins_are_counted_in_a_row_of_each_person_alone(shop: RefundShop) -> None:
    give(shop, "Wanjiku")
    give(shop, "Asha", "402861")
    for name, pin in (("Wanjiku", "1"), ("Asha", "1"), ("Wanjiku", "402861"), ("Wanjiku", "719305"), ("Wanjiku", "2")):
        with contextlib.suppress(Conflict):
            known_by_pin(shop.ledger, world(shop), name, Secret(pin))
    told = [(each["name"], each["in_a_row"]) for each in kept(shop, "operator_pin_wrong")]
    assert told == [("Wanjiku", 1), ("Asha", 1), ("Wanjiku", 2), ("Wanjiku", 1)]


@pytest.mark.parametrize("pin", ["402861", "000011112222", "135791", "864200", "246802", "112233"])
def test_a_pin_that_is_no_row_and_has_three_digits_is_taken(shop: RefundShop, pin: str) -> None:
    give(shop, "Wanjiku", pin)
    assert known_by_pin(shop.ledger, world(shop), "Wanjiku", Secret(pin)) == "Wanjiku"


@pytest.mark.parametrize("pin", ["012345", "890123", "543210", "109876", "112211", "1234567890", "0987654321"])
def test_a_row_in_either_direction_is_not_taken(shop: RefundShop, pin: str) -> None:
    with pytest.raises(InvalidInput) as weak:
        give(shop, "Wanjiku", pin)
    assert (weak.value.code, pin in weak.value.message + weak.value.hint) == ("weak-pin", False)


def test_a_wish_and_its_agreement_are_journaled_with_who_and_why(shop: RefundShop) -> None:
    request_id = proposed(shop)
    (waiting,) = open_proposals(shop.ledger, shop.now_us)
    assert (waiting.by, waiting.reason, waiting.amount_cents, waiting.state, waiting.approved_by) == (
        "Asha", "brought it back", 15_000, "open", "")
    approve(shop, request_id)
    (made,), (agreed,) = kept(shop, "proposal_made"), kept(shop, "proposal_approved")
    assert made == {
        "request_id": request_id, "by": "Asha", "reason": "brought it back", "amount_cents": 15_000, "receipt": RECEIPT,
    }
    assert (agreed["request_id"], agreed["by"]) == (request_id, "Wanjiku")
    found = proposal(shop.ledger, f" {request_id.lower()} ")
    assert (found.state, found.approved_by, open_proposals(shop.ledger, shop.now_us)) == ("approved", "Wanjiku", [])
    with pytest.raises(NotFound):
        proposal(shop.ledger, "REQ-NONE")
