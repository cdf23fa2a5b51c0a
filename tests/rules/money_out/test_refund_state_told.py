"""Where a refund stands, from the set of what was said of it: the worst doubt tells, and the newest refund."""

import itertools

import pytest

from mpesa_cli.rules.evidence import RefundAsked, RefundInDoubt, RefundRefused
from mpesa_cli.rules.money_out.refund_state import MISFIT, RefundState, is_open, refunds_of, telling

A, B = "UKO4Q7WX2A", "UKO4Q7WX2B"


def asked(at_us: int, request_id: str, receipt: str = A, *, again: bool = False) -> RefundAsked:
    return RefundAsked(at_us, request_id, receipt, 15_000, "Asha", "brought back", again)


def doubt(at_us: int, code: str, request_id: str = "REQ-1") -> RefundInDoubt:
    return RefundInDoubt(at_us, request_id, code, f"words of {code}")


@pytest.mark.parametrize(("codes", "state", "code", "since_us"), [
    (["no-answer"], RefundState.UNKNOWN, "no-answer", 20),
    (["no-answer", "no-result"], RefundState.UNKNOWN, "no-answer", 20),
    (["no-answer", MISFIT], RefundState.REVIEW, MISFIT, 21), ([MISFIT, "no-result"], RefundState.REVIEW, MISFIT, 20),
    ([MISFIT, MISFIT], RefundState.REVIEW, MISFIT, 20),
    (["no-answer", "no-result", MISFIT], RefundState.REVIEW, MISFIT, 22),
])
def test_the_first_doubt_tells_unless_a_result_came_that_does_not_fit(
    codes: list[str], state: RefundState, code: str, since_us: int
) -> None:
    doubts = [doubt(20 + place, each) for place, each in enumerate(codes)]
    (found,) = refunds_of([asked(10, "REQ-1")], [], doubts, {})
    assert (found.state, found.code, found.words, found.since_us) == (state, code, f"words of {code}", since_us)


def test_a_doubt_is_of_its_own_request_and_a_refusal_takes_it_away() -> None:
    both = [asked(10, "REQ-1"), asked(11, "REQ-2", B)]
    first, second = refunds_of(both, [], [doubt(20, "no-answer", "REQ-2")], {})
    assert (first.state, first.since_us, first.code) == (RefundState.PENDING, 10, "")
    assert (second.state, second.since_us, second.code) == (RefundState.UNKNOWN, 20, "no-answer")
    refused = [RefundRefused(30, "REQ-1", "1", "too little"), RefundRefused(31, "REQ-1", "21", "later")]
    first, _ = refunds_of(both, refused, [doubt(20, "no-answer")], {})
    assert (first.state, first.code, first.words, first.since_us) == (RefundState.REFUSED, "1", "too little", 10)


@pytest.mark.parametrize(("back", "states"), [
    ({}, ["refused", "pending"]), ({A: 14_999}, ["refused", "pending"]), ({A: 15_000}, ["refused", "refunded"]),
    ({B: 15_000}, ["refused", "pending"]),
])
def test_what_went_back_is_of_the_newest_request_for_that_receipt(back: dict[str, int], states: list[str]) -> None:
    found = refunds_of([asked(10, "REQ-1"), asked(11, "REQ-2")], [RefundRefused(20, "REQ-1", "1", "no")], [], back)
    assert [each.state.value for each in found] == states


def test_a_request_in_doubt_is_told_done_by_what_went_back_and_its_doubt_is_gone() -> None:
    (found,) = refunds_of([asked(10, "REQ-1", again=True)], [], [doubt(20, MISFIT)], {A: 15_000})
    assert (found.state, found.code, found.words, found.since_us, found.again) == (
        RefundState.REFUNDED, "", "", 10, True)
    refused = [RefundRefused(15, "REQ-1", "1", "no")]
    (found,) = refunds_of([asked(10, "REQ-1")], refused, [], {A: 15_000})
    assert found.state is RefundState.REFUNDED, "money that went back beats every no"


def test_the_newest_open_refund_tells_else_the_newest() -> None:
    refused = [RefundRefused(20, each, "1", "no") for each in ("REQ-1", "REQ-3")]
    three = refunds_of([asked(10, "REQ-1"), asked(11, "REQ-2"), asked(12, "REQ-3")], refused, [], {})
    assert [is_open(each) for each in three] == [False, True, False]
    for order in itertools.permutations(three):
        assert telling(order) == three[1]
    closed = [three[0], three[2]]
    assert telling(closed) == telling(closed[::-1]) == three[2]
    assert telling([]) is None
