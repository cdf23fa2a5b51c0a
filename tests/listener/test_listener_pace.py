"""How settling and storing share the writer's time: the decision alone, and the writer that goes by it."""

import contextlib
import queue
from pathlib import Path

from daraja_callbacks.callback_bodies import encode, paid
from hypothesis import given, settings
from hypothesis import strategies as st
from listener.listening import now_us, open_ledger, prompts

from mpesa_cli.listener.deliveries import ACCEPTED, StkDelivery, Verdict
from mpesa_cli.listener.intake import Intake, hash_of_secret
from mpesa_cli.listener.pace import (
    CALM,
    DEEP,
    DEEP_S,
    FLOOD,
    FLOOD_AT_LEAST_PER_S,
    FLOOD_OF_SPEED,
    SETTLE_MOST,
    TIME_FOR_OTHERS,
    Pace,
)
from mpesa_cli.listener.writer import Writer

SPEEDS = st.floats(100, 20_000)


def at_rate(per_s: float, speed_per_s: float) -> tuple[Pace, float]:
    """A pace that has seen this rate and this speed of settling for a while, and the time."""
    pace, now_s = Pace(0.0), 0.0
    for _ in range(120):
        pace.settled(SETTLE_MOST, now_s, now_s + SETTLE_MOST / speed_per_s)
    for _ in range(3):
        now_s += 1.0
        pace.stored(round(per_s), now_s)
    return pace, now_s


@settings(max_examples=25)
@given(SPEEDS, st.floats(0, 1), st.integers(1, 1_000_000), st.booleans())
def test_what_can_be_settled_as_it_comes_is_settled_after_every_batch(
    speed: float, share: float, left: int, idle: bool
) -> None:
    limit = max(FLOOD_AT_LEAST_PER_S, FLOOD_OF_SPEED * speed)
    pace, now_s = at_rate(share * limit * 0.97, speed)
    assert pace.turn(left, idle=idle, now_s=now_s) == CALM


@settings(max_examples=25)
@given(SPEEDS, st.floats(1.05, 10), st.floats(0, 0.9))
def test_in_a_flood_storing_has_nineteen_parts_of_twenty(speed: float, times: float, depth: float) -> None:
    pace, now_s = at_rate(times * max(FLOOD_AT_LEAST_PER_S, FLOOD_OF_SPEED * speed), speed)
    left = int(depth * DEEP_S * speed)
    pace.settled(SETTLE_MOST, now_s, now_s + SETTLE_MOST / speed)
    ended_s = now_s + SETTLE_MOST / speed
    rest_s = (ended_s - now_s) * TIME_FOR_OTHERS
    assert pace.turn(left, idle=False, now_s=ended_s + rest_s * 0.99) is None
    assert pace.turn(left, idle=False, now_s=ended_s + rest_s * 1.01) == FLOOD
    assert pace.turn(left, idle=True, now_s=ended_s) == FLOOD, "a lull is for settling"


@settings(max_examples=25)
@given(SPEEDS, st.floats(1.05, 10), st.floats(1.1, 100))
def test_a_flood_that_leaves_much_unsettled_gives_settling_its_turn_after_every_batch(
    speed: float, times: float, depth: float
) -> None:
    pace, now_s = at_rate(times * max(FLOOD_AT_LEAST_PER_S, FLOOD_OF_SPEED * speed), speed)
    pace.settled(SETTLE_MOST, now_s, now_s + SETTLE_MOST / speed)
    assert pace.turn(int(depth * DEEP_S * speed) + 1, idle=False, now_s=now_s) == DEEP


def test_a_flood_that_is_over_is_forgotten() -> None:
    pace, now_s = at_rate(50_000, 2_000)
    assert pace.is_flood
    pace.stored(0, now_s + 10)
    assert not pace.is_flood


def test_callbacks_that_leave_no_lull_are_settled_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        tokens = [token for token, _ in prompts(ledger, 300)]
    intakes: list[Intake] = []
    answers: queue.SimpleQueue[Verdict] = queue.SimpleQueue()

    def open_intake() -> tuple[Intake, object]:
        opened = open_ledger(path)
        intakes.append(Intake(opened, now_us, lambda event: None))
        return intakes[0], opened.close

    writer = Writer(open_intake)  # type: ignore[arg-type]
    writer.start()
    backlogs = []
    for number, token in enumerate(tokens):  # two at a time: while one is stored, the next one waits already
        delivery = StkDelivery(hash_of_secret(token) or "", encode(paid(receipt=f"UKP{number:07d}")), "127.0.0.1")
        assert writer.submit(delivery, answers.put)
        if number:
            assert answers.get(timeout=20) == ACCEPTED
            backlogs.append(len(intakes[0].settling))
    writer.stop()
    assert max(backlogs) <= 2 * SETTLE_MOST, "settling waited for a lull that never came"
