"""Which attempt may be sent: the newest of its payment, not withdrawn, while it is young, and nothing else ever."""

from dataclasses import replace

import pytest

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.push_rules import INTENT_LIFE_S, may_send
from mpesa_cli.rules.state import Terms, attempt_view

S = 1_000_000
T0 = 1_795_505_400 * S
PHONE = "254708374149"
OLD, NEW = (
    Attempt(AttemptRef("PAY-1", n), PHONE, 150_000, T0, withdrawn=False, view=attempt_view(Terms(150_000, PHONE), []))
    for n in (1, 2)
)


def may(attempt: Attempt, *attempts: Attempt, at_us: int = T0, known: tuple[ev.Evidence, ...] = ()) -> bool:
    asked = Payment("PAY-1", "1042", "shop", "174379", "x", 150_000, PHONE, "1042", "Order 1042", T0, attempts)
    return may_send(asked, attempt, known, at_us)


def test_of_two_intents_only_the_newest_may_be_sent() -> None:
    assert may(NEW, OLD, NEW)
    assert not may(OLD, OLD, NEW)


def test_what_was_withdrawn_may_not_be_sent() -> None:
    gone = replace(NEW, withdrawn=True)
    assert not may(gone, OLD, gone)


@pytest.mark.parametrize(("late_us", "allowed"), [(-3_600 * S, True), (0, True), (1, False)])
def test_an_intent_is_sent_until_its_life_is_over(late_us: int, allowed: bool) -> None:
    assert may(NEW, NEW, at_us=T0 + INTENT_LIFE_S * S + late_us) is allowed


@pytest.mark.parametrize("answer", [ev.Accepted(T0, 1, "M", "ws_CO_A"), ev.Ambiguous(T0, 1, "read-timeout", ""),
                                    ev.Refused(T0, 1, "400.002.02", "no"), ev.SenderLost(T0, 1), None])
def test_what_may_have_been_delivered_or_was_refused_is_not_sent_again(answer: ev.Evidence | None) -> None:
    known = (ev.Sending(T0, 1), *([answer] if answer else []))
    sent = replace(NEW, view=attempt_view(Terms(150_000, PHONE), known))
    assert not may(sent, sent, known=known)
