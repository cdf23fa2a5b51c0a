"""The lines of a window: exactly as many as it has, none too wide, and nobody who has paid below its edge."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.board.cards import Card, Kind, card
from mpesa_cli.counter.form import Form
from mpesa_cli.counter.snapshot import Notice, Snapshot
from mpesa_cli.counter.view import Look, paint
from mpesa_cli.counter.words import speaker
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Evidence, Received, Sending
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import Terms, attempt_view

S = 1_000_000
PHONE = "254708374149"
SENT: tuple[Evidence, ...] = (Sending(1 * S, 1), Accepted(2 * S, 1, "M1", "ws_CO_A"))
ENDS: dict[Kind, tuple[Evidence, ...]] = {
    Kind.WAITING: SENT,
    Kind.PAID: (*SENT, Received(9 * S, "callback", "UKO4Q7WX2B", 150_000, msisdn=PHONE)),
    Kind.NOT_PAID: (*SENT, CallbackFailed(9 * S, "1032", "cancelled")),
    Kind.UNKNOWN: (*SENT, CallbackFailed(9 * S, "7777", "nobody knows")),
    Kind.LOOK: (*SENT, Received(9 * S, "callback", "UKO4Q7WX2B", 100, msisdn=PHONE)),
}


def a_card(number: int, kind: Kind) -> Card:
    attempt = Attempt(AttemptRef(f"PAY-{number}", 1), PHONE, 150_000, 1 * S, withdrawn=False,
                      view=attempt_view(Terms(150_000, PHONE), ENDS[kind]))
    payment = Payment(f"PAY-{number}", f"order-{number}", "simulator", "shop", "174379", 150_000, PHONE, "", "", 1 * S,
                      (attempt,))
    made = card(payment, 40 * S)
    assert made.kind is kind
    return made


@given(
    st.lists(st.sampled_from(list(Kind)), max_size=14), st.integers(60, 160), st.integers(18, 60),
    st.sampled_from(["en", "sw"]), st.integers(0, 3), st.integers(0, 14),
)
def test_a_window_of_any_size_has_just_its_lines_and_shows_the_chosen_card(
    kinds: list[Kind], width: int, height: int, language: str, notices: int, at: int
) -> None:
    cards = tuple(a_card(number, kind) for number, kind in enumerate(kinds))
    chosen = f"PAY-{min(at, len(cards) - 1)}" if cards else ""
    words = "It was refused, at some length, since a phone takes one prompt at a time. " * 2
    seen = Snapshot(40 * S, cards, notices=tuple(Notice(n, 1 * S, "", words, is_refusal=True) for n in range(notices)))
    lines = paint(Look(Form(), (), chosen, in_hand=False), seen, "Demo Shop", speaker(language), width, height)
    assert len(lines) == height
    assert max(len(line.text) for line in lines) <= width
    if cards and width >= 80 and height >= 24:
        assert [line.ref for line in lines if line.text.startswith("> ")] == [chosen]


@pytest.mark.parametrize("others", [0, 4, 8])
def test_who_has_paid_is_on_a_window_of_80_by_24_however_many_wait(others: int) -> None:
    cards = (*(a_card(n, Kind.WAITING) for n in range(others)), a_card(others, Kind.PAID))
    lines = paint(Look(Form(), (), "", in_hand=False), Snapshot(40 * S, cards), "Demo", speaker("en"), 80, 24)
    assert sum("*** PAID ***" in line.text and "UKO4Q7WX2B" in line.text for line in lines) == 1
    assert sum("WAITING" in line.text for line in lines) == others


def test_each_kind_of_card_says_its_state_as_a_word_and_what_to_do() -> None:
    said = {}
    for kind in Kind:
        seen = Snapshot(40 * S, (a_card(1, kind),))
        lines = paint(Look(Form(), (), "", in_hand=False), seen, "Demo", speaker("en"), 100, 30)
        said[kind] = " ".join(line.text.strip() for line in lines if line.ref)
    assert "39 s" in said[Kind.WAITING]
    assert "enter your M-PESA PIN" in said[Kind.WAITING]
    assert "r asks again in" in said[Kind.NOT_PAID]
    assert "Tell the customer" in said[Kind.NOT_PAID]
    assert "Do not ask again" in said[Kind.UNKNOWN]
    assert "mpesa status order-1" in said[Kind.LOOK]
    trouble = replace(Snapshot(40 * S), trouble="The ledger is busy.")
    lines = paint(Look(Form(), (), "", in_hand=False), trouble, "Demo", speaker("en"), 100, 30)
    assert any("The ledger is busy." in line.text for line in lines)
