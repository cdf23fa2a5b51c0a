"""How settling and storing share the writer's time: the decision alone, and the writer that goes by it."""

import contextlib
import queue
from math import inf
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
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
    GATHER,
    GATHER_S,
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


def nobody(began_s: float, took_s: float) -> list[tuple[float, int]]:
    """A turn in which nothing came."""
    return [(began_s, 0), (began_s + took_s, 0)]


def flooded() -> Watched:
    watched = Watched()
    watched.window(1000, 900)
    return watched


@settings(max_examples=25)
@given(st.lists(st.tuples(COUNTS, st.floats(-1, FALLING_BEHIND)), max_size=30), st.booleans())
def test_what_is_settled_as_it_comes_is_settled_by_the_handful_at_whatever_rate(
    windows: list[tuple[int, float]], idle: bool
) -> None:
    watched = Watched()
    for came, part in windows:
        watched.window(came, int(part * came))
        watched.now_s += GATHER_S
        assert watched.turn(idle=idle) == (CALM if watched.left else None)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, GATHER_S / 4)), min_size=1, max_size=60))
def test_nothing_waits_to_be_settled_while_there_is_a_handful_or_longer_than_a_handful_is_waited_for(
    batches: list[tuple[int, float]],
) -> None:
    pace, now_s, left, first_s = Pace(0.0), 0.0, 0, None
    for count, later_s in batches:
        now_s += min(later_s, pace.patience_s(left, now_s))
        left += count
        first_s = now_s if first_s is None and left else first_s
        pace.stored(count, left, now_s)
        turn = pace.turn(left, idle=not count, now_s=now_s)
        if first_s is None:
            assert turn is None
        elif left >= GATHER or now_s >= first_s + GATHER_S:
            assert turn == CALM
            pace.settled(left, nobody(now_s, 0.001))
            left, first_s = 0, None
        else:
            assert turn is None
            assert now_s + pace.patience_s(left, now_s) <= first_s + GATHER_S + 1e-9


def played(senders: int, *, due_per_s: float | None, seconds: float = 0.7) -> float:
    """What part of the time it was a flood, with senders that come when due, or else as soon as they are answered.

    A store takes 1 ms, one body 0.4 ms to settle, and somebody who was answered is back after 0.2 ms.
    """
    pace, now_s, left, flood_s = Pace(0.0), 0.0, 0, 0.0
    coming = [number / due_per_s for number in range(int(due_per_s * seconds))] if due_per_s else [0.0] * senders
    while now_s < seconds:
        batch = [at_s for at_s in coming if at_s <= now_s]
        coming = [at_s for at_s in coming if at_s > now_s]
        began_s = now_s
        now_s += 0.001 if batch else min(pace.patience_s(left, now_s), min(coming, default=inf) - now_s) + 1e-6
        left += len(batch)
        if not due_per_s:
            coming += [now_s + 0.0002] * len(batch)
        pace.stored(len(batch), left, now_s)
        if left and (turn := pace.turn(left, idle=not batch, now_s=now_s)):
            waiting, done = [(now_s, 0)], 0
            while done < min(left, SETTLE_MOST):
                done, now_s = done + 1, now_s + 0.0004
                waiting.append((now_s, sum(at_s <= now_s for at_s in coming)))
                first_s = next((at_s for at_s, count in waiting if count), inf)
                if waiting[-1][1] >= turn.waiting_max or now_s >= first_s + turn.wait_s:
                    break
            left -= done
            pace.settled(done, waiting)
        flood_s += (now_s - began_s) * pace.is_flood
    return flood_s / seconds


@pytest.mark.parametrize("senders", [2, 4])
def test_storing_goes_first_where_settling_holds_up_senders_who_have_more_to_send(senders: int) -> None:
    assert played(senders, due_per_s=None) > 0.5
    assert played(senders, due_per_s=None, seconds=4) > 0.8, "the longer it goes on, the less often it is tried"


@pytest.mark.parametrize("per_s", [100, 700, 1300])
def test_those_who_come_when_they_are_due_are_settled_as_they_come(per_s: float) -> None:
    assert played(32, due_per_s=per_s) == 0


@given(came=st.integers(COME_AT_LEAST, 10_000), part=st.floats(FALLING_BEHIND + 0.02, 1))
def test_where_settling_falls_behind_storing_has_nineteen_parts_of_twenty(came: int, part: float) -> None:
    watched = Watched()
    watched.left = LEFT_AT_LEAST
    watched.window(came, 0)
    watched.window(came, int(part * came) + 1)
    assert watched.pace.is_flood
    took_s = 0.004
    watched.pace.settled(8, nobody(watched.now_s, took_s))
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
        assert watched.turn() == (CALM if watched.left else None)
    watched.window(1000, 900)
    began_s = watched.now_s
    while watched.pace.is_flood:
        watched.window(1000, 900)
    assert watched.now_s - began_s <= FLOODS_S[0] + 2 * WINDOW_S, "the next one begins as the first did"


def test_a_flood_that_leaves_much_unsettled_gives_settling_its_turn_after_every_batch() -> None:
    watched = flooded()
    watched.pace.settled(8, nobody(watched.now_s, 1))
    watched.left = int(DEEP_S * SPEED_AT_FIRST_PER_S)
    assert watched.turn() is None
    watched.left += 1
    assert watched.turn() == DEEP


def test_how_much_is_too_much_follows_from_how_fast_this_machine_settles() -> None:
    watched = flooded()
    for _ in range(100):
        watched.pace.settled(SETTLE_MOST, nobody(watched.now_s, SETTLE_MOST / 100))  # 100 a second
        watched.pace.settled(1, nobody(watched.now_s, 1))  # says nothing: it is a commit's time
    watched.left = int(DEEP_S * 110)
    assert watched.turn() == DEEP
    watched.left = int(DEEP_S * 90)
    assert watched.turn() is None


def test_callbacks_that_leave_no_lull_are_settled_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        tokens = [token for token, _ in prompts(ledger, COME_AT_LEAST - 4)]  # too few to be a flood
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
    assert max(backlogs) <= 2 * GATHER, "settling waited for a lull that never came"
