"""How settling and storing share the writer's time: the decision alone, and the writer that goes by it."""

import contextlib
import queue
from pathlib import Path

import pytest
from daraja_callbacks.callback_bodies import encode, paid
from hypothesis import given, settings
from hypothesis import strategies as st
from listener.listening import now_us, open_ledger, prompts

from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.listener.intake.deliveries import ACCEPTED, StkDelivery, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.pace import (
    CALM,
    COME_AT_LEAST,
    DEEP,
    DEEP_S,
    FALLING_BEHIND,
    FLOOD,
    FLOODS_S,
    LEFT_AT_LEAST,
    SETTLE_MOST,
    SPEED_AT_FIRST_PER_S,
    STALLED_S,
    TIME_FOR_OTHERS,
    WINDOW_S,
    Pace,
)
from mpesa_cli.listener.intake.writer import Writer

COUNTS = st.integers(0, 10_000)


class Watched:
    """A pace that sees windows of what came and what was left over of it."""

    def __init__(self) -> None:
        self.now_s, self.left = 0.0, 0
        self.pace = Pace(0.0)

    def window(self, came: int, grew: int, took_s: float = WINDOW_S * 1.01) -> None:
        self.now_s += took_s
        self.left = max(0, self.left + grew)
        self.pace.stored(came, self.left, self.now_s)

    def turn(self, *, idle: bool = False) -> object:
        return self.pace.turn(self.left, idle=idle, now_s=self.now_s)


def flooded() -> Watched:
    watched = Watched()
    watched.window(1000, 900)
    return watched


@settings(max_examples=25)
@given(st.lists(st.tuples(COUNTS, st.floats(-1, FALLING_BEHIND)), max_size=30), st.booleans())
def test_what_is_settled_as_it_comes_is_settled_after_every_batch_at_whatever_rate(
    windows: list[tuple[int, float]], idle: bool
) -> None:
    watched = Watched()
    for came, part in windows:
        watched.window(came, int(part * came))
        assert watched.turn(idle=idle) == CALM


@given(came=st.integers(COME_AT_LEAST, 10_000), part=st.floats(FALLING_BEHIND + 0.02, 1))
def test_where_settling_falls_behind_storing_has_nineteen_parts_of_twenty(came: int, part: float) -> None:
    watched = Watched()
    watched.left = LEFT_AT_LEAST
    watched.window(came, 0)
    watched.window(came, int(part * came) + 1)
    assert watched.pace.is_flood
    took_s = 0.004
    watched.pace.settled(8, watched.now_s, watched.now_s + took_s)
    watched.now_s += took_s * (1 + TIME_FOR_OTHERS * 0.99)
    assert watched.turn() is None
    assert watched.turn(idle=True) == FLOOD, "a lull is for settling"
    watched.now_s += took_s * TIME_FOR_OTHERS * 0.02
    assert watched.turn() == FLOOD


@pytest.mark.parametrize(
    ("before", "came", "took_s"),
    [(1000, COME_AT_LEAST - 1, WINDOW_S), (1000, 1000, STALLED_S), (0, LEFT_AT_LEAST - 1, WINDOW_S)],
)
def test_a_handful_and_a_moment_in_which_the_machine_stood_still_are_no_flood(
    before: int, came: int, took_s: float
) -> None:
    watched = Watched()
    watched.left = before
    watched.window(0, 0)
    watched.window(came, came, took_s)
    assert watched.turn() == CALM


def test_a_flood_is_tried_again_and_again_and_taken_for_one_longer_each_time() -> None:
    watched, lasted_s = Watched(), []
    for _ in range(len(FLOODS_S) + 1):
        while not watched.pace.is_flood:
            watched.window(1000, 900)
        began_s = watched.now_s
        while watched.pace.is_flood:
            watched.window(1000, 900)
        lasted_s.append(watched.now_s - began_s)
    for lasted, meant in zip(lasted_s, (*FLOODS_S, FLOODS_S[-1]), strict=True):
        assert meant <= lasted <= meant + 2 * WINDOW_S


def test_a_flood_that_is_over_is_forgotten() -> None:
    watched = flooded()
    while watched.pace.is_flood:
        watched.window(1000, 900)
    for _ in range(10):
        watched.window(1000, 0)
        assert watched.turn() == CALM
    watched.window(1000, 900)
    began_s = watched.now_s
    while watched.pace.is_flood:
        watched.window(1000, 900)
    assert watched.now_s - began_s <= FLOODS_S[0] + 2 * WINDOW_S, "the next one begins as the first did"


def test_a_flood_that_leaves_much_unsettled_gives_settling_its_turn_after_every_batch() -> None:
    watched = flooded()
    watched.pace.settled(8, watched.now_s, watched.now_s + 1)
    watched.left = int(DEEP_S * SPEED_AT_FIRST_PER_S)
    assert watched.turn() is None
    watched.left += 1
    assert watched.turn() == DEEP


def test_how_much_is_too_much_follows_from_how_fast_this_machine_settles() -> None:
    watched = flooded()
    for _ in range(100):
        watched.pace.settled(SETTLE_MOST, watched.now_s, watched.now_s + SETTLE_MOST / 100)  # 100 a second
        watched.pace.settled(1, watched.now_s, watched.now_s + 1)  # says nothing: it is a commit's time
    watched.left = int(DEEP_S * 110)
    assert watched.turn() == DEEP
    watched.left = int(DEEP_S * 90)
    assert watched.turn() is None


def test_callbacks_that_leave_no_lull_are_settled_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        tokens = [token for token, _ in prompts(ledger, 150)]
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
        delivery = StkDelivery(secret_hash(token), encode(paid(receipt=f"UKP{number:07d}")), "127.0.0.1")
        assert writer.submit(delivery, answers.put)
        if number:
            assert answers.get(timeout=20) == ACCEPTED
            backlogs.append(len(intakes[0].settling))
    writer.stop()
    assert max(backlogs) <= 2 * SETTLE_MOST, "settling waited for a lull that never came"
