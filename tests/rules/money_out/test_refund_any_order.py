"""Where a refund stands is a function of the set of facts, and no set calls money back that nothing says went back."""

from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.refund_state import MISFIT, RefundState
from mpesa_cli.rules.state import AttemptState, Flag, Terms, attempt_view

RECEIPT, BACK, PORTAL = "UKO4Q7WX2B", "UKO4Q7Y93D", "UKO4Q7Y94E"
TERMS = Terms(15_000, "254708374149")
SENT: list[ev.Evidence] = [ev.Sending(1, 1), ev.Accepted(2, 1, "m", "ws_CO_1")]
CAME = ev.Received(3, "callback", RECEIPT, 15_000, msisdn="254708374149")
FACTS: list[ev.Evidence] = [
    CAME,
    ev.RefundAsked(10, "REQ-1", RECEIPT, 15_000, "Asha", "brought it back"),
    ev.RefundAsked(90, "REQ-2", RECEIPT, 15_000, "Asha", "asked once more", again=True),
    ev.RefundRefused(20, "REQ-1", "1", "too little"),
    ev.RefundRefused(95, "REQ-2", "21", "no role"),
    ev.RefundInDoubt(15, "REQ-1", "no-answer", "lost"),
    ev.RefundInDoubt(16, "REQ-1", MISFIT, "another amount"),
    ev.RefundInDoubt(96, "REQ-2", "queue-timeout", "given up"),
    ev.Reversed(30, "result", RECEIPT, BACK, 15_000),
    ev.Reversed(31, "statement", RECEIPT, BACK, 15_000),
    ev.Reversed(32, "result", RECEIPT, "", 15_000),
    ev.Reversed(33, "statement", RECEIPT, PORTAL, 15_000),
    ev.Reversed(34, "statement", "UKO4Q7WX9Z", PORTAL, 15_000),
    ev.Reversed(35, "statement", RECEIPT, PORTAL, 5_000),
]
OPEN = {RefundState.PENDING, RefundState.UNKNOWN, RefundState.REVIEW}


@given(st.lists(st.sampled_from(FACTS), max_size=len(FACTS)), st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(facts: list[ev.Evidence], chance: object) -> None:
    shuffled = [*facts, *facts[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert attempt_view(TERMS, [*SENT, *facts]) == attempt_view(TERMS, [*shuffled, *SENT])


@given(st.sets(st.sampled_from(FACTS)))
def test_nothing_is_called_back_without_a_word_that_it_went_and_nothing_twice(facts: set[ev.Evidence]) -> None:
    view = attempt_view(TERMS, [*SENT, *facts])
    said = [e for e in facts if isinstance(e, ev.Reversed) and e.receipt == RECEIPT]
    whole = any(e.amount_cents == 15_000 for e in said)
    states = {each.request_id: each.state for each in view.refunds}
    assert view.reversed_cents <= view.paid_cents
    assert set(states) == {e.request_id for e in facts if isinstance(e, ev.RefundAsked)}
    if CAME not in facts:
        assert RefundState.REFUNDED not in states.values()
        return
    assert view.state is AttemptState.PAID
    assert view.reversed_cents == (15_000 if whole else 5_000 if said else 0)
    if whole and states:
        assert RefundState.REFUNDED in states.values()
        assert not OPEN & set(states.values())
    elif not whole:
        assert RefundState.REFUNDED not in states.values()
        refused = {e.request_id for e in facts if isinstance(e, ev.RefundRefused)}
        assert {r for r, state in states.items() if state is RefundState.REFUSED} == refused & states.keys()
    assert (Flag.REFUNDING in view.flags) == (RefundState.PENDING in states.values())
    assert (Flag.REFUND_UNKNOWN in view.flags) == bool({RefundState.UNKNOWN, RefundState.REVIEW} & set(states.values()))
