"""Where a payout stands is a function of the set of facts, and none calls it paid or not paid without a word of it."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.rules.money_out.payout_evidence import (
    PayoutAsked,
    PayoutFact,
    PayoutInDoubt,
    PayoutPaid,
    PayoutRefused,
    PayoutRepeated,
    PayoutTaken,
    payout_fact,
    payout_record,
)
from mpesa_cli.rules.money_out.payout_state import MISFIT, TWICE, PayoutState, payout_view

PHONE, PAID, OTHER = "254708374149", "UKO4Q7Y93D", "UKO4Q7Y94E"


def asked(number: int, at_us: int) -> PayoutAsked:
    return PayoutAsked(at_us, f"REQ-{number}", "wages", "174379", 15_000, "Asha", "wages of November", msisdn=PHONE)


FIRST = asked(1, 10)
FACTS: list[PayoutFact] = [
    asked(2, 90),
    PayoutTaken(12, "REQ-1"), PayoutTaken(40, "REQ-1"), PayoutTaken(91, "REQ-2"),
    PayoutRepeated(39, "REQ-1", "Asha"),
    PayoutInDoubt(12, "REQ-1", "no-answer", "lost"), PayoutInDoubt(50, "REQ-1", "no-result", "none came"),
    PayoutInDoubt(16, "REQ-1", MISFIT, "another amount"), PayoutInDoubt(96, "REQ-2", "queue-timeout", "given up"),
    PayoutRefused(20, "REQ-1", "result", "1", "too little"), PayoutRefused(20, "REQ-1", "answer", "400", "no"),
    PayoutRefused(95, "REQ-2", "status", "declined", "no"),
    PayoutPaid(30, "REQ-1", "result", PAID, 29), PayoutPaid(31, "REQ-1", "statement", PAID, 29),
    PayoutPaid(32, "REQ-1", "status", OTHER, 28), PayoutPaid(97, "REQ-2", "result", OTHER),
]


@given(st.lists(st.sampled_from(FACTS), max_size=len(FACTS)), st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(facts: list[PayoutFact], chance: random.Random) -> None:
    shuffled = [*facts, *facts[:3], FIRST]
    chance.shuffle(shuffled)
    assert payout_view([FIRST, *facts]) == payout_view(shuffled)


@given(st.sets(st.sampled_from(FACTS)))
def test_paid_and_not_paid_need_a_word_and_whatever_may_be_paid_twice_is_a_persons(facts: set[PayoutFact]) -> None:
    view = payout_view([FIRST, *facts])
    tries = {"REQ-1"} | {f.request_id for f in facts if isinstance(f, PayoutAsked)}
    paid = {(f.request_id, f.receipt) for f in facts if isinstance(f, PayoutPaid) and f.request_id in tries}
    misfit = {f.request_id for f in facts if isinstance(f, PayoutInDoubt) and f.code == MISFIT}
    no = {f.request_id for f in facts if isinstance(f, PayoutRefused)} - misfit
    assert view.tries == len(tries)
    if view.state is PayoutState.PAID:
        assert paid == {(view.request_id, view.receipt)}
        assert tries - {view.request_id} <= no, "called paid while another try may pay once more"
    elif paid:
        assert (view.state, view.code) == (PayoutState.REVIEW, TWICE)
    elif misfit & tries:
        assert (view.state, view.code) == (PayoutState.REVIEW, MISFIT)
    elif view.state is PayoutState.FAILED:
        assert tries <= no
    else:
        assert not tries <= no
        assert view.state is not PayoutState.REVIEW


def test_a_yes_takes_away_the_doubt_before_it_and_not_the_one_after() -> None:
    lost, taken = PayoutInDoubt(12, "REQ-1", "no-answer", "lost"), PayoutTaken(40, "REQ-1")
    late = PayoutInDoubt(50, "REQ-1", "no-result", "none came")
    assert payout_view([FIRST]).state is PayoutState.CREATED
    assert payout_view([FIRST, lost]).state is PayoutState.UNKNOWN
    assert payout_view([FIRST, lost, taken]).state is PayoutState.SENT
    assert payout_view([FIRST, lost, taken, late]).state is PayoutState.UNKNOWN


def test_only_tries_that_m_pesa_had_use_up_an_id() -> None:
    answered, told = (PayoutRefused(20, "REQ-1", source, "1", "no") for source in ("answer", "result"))  # type: ignore[arg-type]
    assert [payout_view([FIRST, no]).taken for no in (answered, told)] == [0, 1]


@given(st.sampled_from([FIRST, *FACTS]))
def test_a_fact_is_read_back_as_it_was_written_and_its_phone_is_kept_apart(fact: PayoutFact) -> None:
    record = payout_record(fact)
    assert payout_fact(record) == fact
    assert PHONE not in str(record.facts)
