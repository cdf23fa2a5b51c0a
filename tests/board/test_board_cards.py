"""The board over sequences of events: whatever came in whatever order, the same facts are the same cards."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.board.cards import Kind, board, mark
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.asking_again import ByPerson, decide_again
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.retry_advice import FixFirst, RetryNow
from mpesa_cli.rules.state import Terms, attempt_view

S = 1_000_000
PHONE = "254708374149"
FACTS: tuple[ev.Evidence, ...] = (
    ev.Sending(1 * S, 1),
    ev.Accepted(2 * S, 1, "M1", "ws_CO_A"),
    ev.Refused(2 * S, 1, "400.002.02", "Bad Request - Invalid Amount"),
    ev.Undelivered(2 * S, 1, "dns", "not found"),
    ev.Ambiguous(3 * S, 1, "read-timeout", "no answer"),
    ev.SenderLost(4 * S, 1),
    ev.Received(20 * S, "callback", "UKO4Q7WX2B", 150_000, msisdn=PHONE),
    ev.Received(25 * S, "callback", "UKO4Q7WX2C", 150_000, msisdn=PHONE),
    ev.Received(21 * S, "callback", "UKO4Q7WX2D", 100, msisdn=PHONE),
    ev.CallbackFailed(30 * S, "1032", "cancelled"),
    ev.CallbackFailed(31 * S, "1037", "no response from user"),
    ev.QueryAnswered(40 * S, "1032", "cancelled"),
    ev.QueryAnswered(130 * S, "1032", "cancelled"),
    ev.Reversed(60 * S, "statement", "UKO4Q7WX2B", "UKO4Q7WX9Z", 150_000),
    ev.Decided(70 * S, "failed", "Amina", "customer paid in cash"),
)
STEP = st.tuples(st.integers(0, 3), st.integers(1, 2), st.integers(0, len(FACTS) - 1))
"""Which payment, which of its attempts, and which fact."""


def played(steps: list[tuple[int, int, int]]) -> list[Payment]:
    """The payments after these steps; what an attempt is follows from the set of its facts."""
    known: dict[tuple[int, int], list[ev.Evidence]] = {}
    for owner, number, fact in steps:
        known.setdefault((owner, 1), [])
        known.setdefault((owner, number), []).append(FACTS[fact])
    return [
        Payment(
            f"PAY-{owner}", f"order-{owner}", "simulator", "shop", "174379", 150_000, PHONE, "", "", owner * S,
            tuple(
                Attempt(AttemptRef(f"PAY-{owner}", n), PHONE, 150_000, (owner + n * 10) * S, withdrawn=False,
                        view=attempt_view(Terms(150_000, PHONE), known[owner, n]))
                for n in (1, 2) if (owner, n) in known
            ),
        )
        for owner in sorted({owner for owner, _ in known})
    ]


@given(st.lists(STEP, max_size=14), st.randoms(), st.integers(0, 400))
def test_the_same_events_are_the_same_board_in_whatever_order_and_however_often(
    steps: list[tuple[int, int, int]], chance: object, at_s: int
) -> None:
    again = steps + [each for each in steps if each[2] % 2]
    chance.shuffle(again)  # type: ignore[attr-defined]
    # A query that is told twice at one moment agrees with nobody: it is one fact.
    assert board(played(steps), {}, 0, at_s * S) == board(played(again), {}, 0, at_s * S)


@given(st.lists(STEP, max_size=14), st.sets(st.integers(0, 3)), st.integers(0, 400))
def test_only_what_was_acknowledged_as_it_stands_has_no_card(
    steps: list[tuple[int, int, int]], seen: set[int], at_s: int
) -> None:
    payments = played(steps)
    acknowledged = {p.payment_id: mark(p) for p in payments if int(p.payment_id[4:]) in seen}
    cards = board(payments, acknowledged, 0, at_s * S)
    shown = [each.payment.payment_id for each in cards]
    assert len(shown) == len(set(shown))
    for each in payments:
        waits = each.status.value == "pending"
        assert (each.payment_id in shown) == (waits or each.payment_id not in acknowledged), each.status
    begun = [each.payment.last.created_us for each in cards]
    assert begun == sorted(begun, reverse=True)


@given(st.lists(STEP, max_size=14), STEP)
def test_whatever_changes_how_a_payment_stands_brings_its_card_back(
    steps: list[tuple[int, int, int]], more: tuple[int, int, int]
) -> None:
    before = played(steps)
    acknowledged = {p.payment_id: mark(p) for p in before}
    stood = {p.payment_id: p.status for p in before}
    shown = {c.payment.payment_id for c in board(played([*steps, more]), acknowledged, 0, 500 * S)}
    for each in played([*steps, more]):
        if stood.get(each.payment_id) is not each.status:
            assert each.payment_id in shown


@given(st.lists(STEP, max_size=14), st.integers(0, 400))
def test_a_card_offers_to_ask_again_just_where_the_law_lets_a_person_ask(
    steps: list[tuple[int, int, int]], at_s: int
) -> None:
    for card in board(played(steps), {}, 0, at_s * S):
        offered = isinstance(card.advice, RetryNow) or (isinstance(card.advice, FixFirst) and not card.advice.wait_s)
        try:
            decide_again(card.payment, ByPerson(), PHONE, (), None, at_s * S)
        except MpesaError:
            allowed = False
        else:
            allowed = True
        assert offered == allowed, card.advice
        assert (card.advice is not None) == (card.kind is Kind.NOT_PAID)


def test_money_by_hand_that_is_nobodys_has_no_card_and_yesterdays_answers_have_none() -> None:
    (paid,) = played([(0, 1, 0), (0, 1, 6)])
    hand = replace(paid, order_id="C2B-UKO4Q7WX2B", attempts=(replace(paid.last, channel="c2b"),))
    assert board([hand], {}, 0, 100 * S) == ()
    assert board([paid], {}, paid.last.created_us + 1, 100 * S) == ()
    (waiting,) = played([(0, 1, 0), (0, 1, 1)])
    assert [c.kind for c in board([waiting], {}, waiting.last.created_us + 1, 100 * S)] == [Kind.WAITING]


@pytest.mark.parametrize("fact", range(6, 9))
def test_money_that_came_is_never_shown_as_waiting_or_not_paid(fact: int) -> None:
    (card,) = board(played([(0, 1, 0), (0, 1, fact), (0, 1, 9)]), {}, 0, 100 * S)
    assert card.kind in {Kind.PAID, Kind.LOOK}
