"""A clock that was set back: it keeps no phone and no order waiting, and makes nothing look later than it was."""

import pytest

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, AttemptRef
from mpesa_cli.rules.push_rules import phone_wait_s
from mpesa_cli.rules.restored import Gap, Word
from mpesa_cli.rules.state import Terms, attempt_view

S = 1_000_000
T0 = 1_795_505_400 * S
PHONE = "254708374149"
ACCEPTED = [ev.Sending(T0, 1), ev.Accepted(T0, 1, "M", "ws_CO_A")]
PROMPTS: dict[str, list[ev.Evidence]] = {
    "recorded": [],
    "open": [*ACCEPTED],
    "cancelled": [*ACCEPTED, ev.CallbackFailed(T0 + 9 * S, "1032", "no")],
    "paid": [*ACCEPTED, ev.Received(T0 + 9 * S, "callback", "UKO4Q7WX2B", 150_000)],
}


@pytest.mark.parametrize("back_s", [1, 3_600, 40 * 86_400])
@pytest.mark.parametrize("amount_cents", [150_000, 100])
@pytest.mark.parametrize("name", PROMPTS)
def test_no_phone_waits_for_a_prompt_of_the_future(name: str, amount_cents: int, back_s: int) -> None:
    view = attempt_view(Terms(150_000, PHONE), PROMPTS[name])
    prompt = Attempt(AttemptRef("PAY-1", 1), PHONE, 150_000, T0, withdrawn=False, view=view)
    assert phone_wait_s([prompt], amount_cents, T0 + S) > 0
    assert phone_wait_s([prompt], amount_cents, T0 - back_s * S) == 0


@pytest.mark.parametrize("seq", [6, 7])
def test_what_was_written_before_a_restore_is_never_a_word_after_it_whatever_its_time(seq: int) -> None:
    gap = Gap(known_until_us=T0, restored_us=T0 + 60 * S, seq=7)
    assert not Word(T0 + 86_400 * S, seq).is_after(gap)
    assert Word(T0 + 86_400 * S, 8).is_after(gap)
    assert not Word(T0, 8).is_after(gap)
