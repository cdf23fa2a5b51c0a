"""How settling and storing share the writer's time: the decision alone, and the writer that goes by it."""

import contextlib
import queue
from math import inf
from pathlib import Path

import pytest
from daraja.callbacks.callback_bodies import encode, paid
from hypothesis import given, settings
from hypothesis import strategies as st
from listener.listening import open_ledger, prompts

from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.listener.intake.deliveries import ACCEPTED, StkDelivery, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.pace import (
    BEYOND,
    DEEP,
    DEEP_S,
    GATHER,
    GATHER_S,
    KNOWN_BY,
    SETTLE_MOST,
    SHORT,
    SPEED_AT_FIRST_PER_S,
    TIME_FOR_OTHERS,
    WINDOW_S,
    Pace,
)
from mpesa_cli.listener.intake.writer import Writer

FLOOD_PER_S = BEYOND * SPEED_AT_FIRST_PER_S


class Watched:
    """A pace that sees windows of what came, of which so much is left."""

    def __init__(self, left: int = 0) -> None:
        self.now_s, self.left = 0.0, left
        self.pace = Pace(0.0)

    def window(self, per_s: float, took_s: float = WINDOW_S * 1.01) -> None:
        self.now_s += took_s
        self.pace.stored(int(per_s * took_s), self.left, self.now_s)

    def turn(self, *, idle: bool = False) -> object:
        return self.pace.turn(self.left, idle=idle, now_s=self.now_s)


def nobody(began_s: float, took_s: float) -> list[tuple[float, int]]:
    """A turn in which nothing came."""
    return [(began_s, 0), (began_s + took_s, 0)]


def flooded(left: int = GATHER) -> Watched:
    watched = Watched(left)
    watched.window(FLOOD_PER_S * 1.1)
    return watched


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, FLOOD_PER_S), st.floats(WINDOW_S, 2)), min_size=1, max_size=30),
    st.integers(GATHER, 100_000),
    st.booleans(),
)
def test_what_comes_little_faster_than_it_can_be_settled_is_settled_by_the_handful_however_much_is_left(
    windows: list[tuple[float, float]], left: int, idle: bool
) -> None:
    watched = Watched(left)
    for per_s, took_s in windows:
        watched.window(per_s, took_s)
        assert watched.turn(idle=idle) == SHORT


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
            assert turn == SHORT
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
        began_s = now_s
        now_s = max(now_s, min(min(coming, default=inf), now_s + pace.patience_s(left, now_s)))
        batch = [at_s for at_s in coming if at_s <= now_s]
        coming = [at_s for at_s in coming if at_s > now_s]
        now_s += 0.001 if batch else 1e-6
        left += len(batch)
        if not due_per_s:
            coming += [now_s + 0.0002] * len(batch)
        pace.stored(len(batch), left, now_s)
        if left and (turn := pace.turn(left, idle=not batch, now_s=now_s)):
            waiting, done = [(now_s, sum(at_s <= now_s for at_s in coming))], 0
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


@pytest.mark.parametrize("senders", [1, 2, 4, 8, 16])
def test_storing_goes_first_where_settling_holds_up_senders_who_have_more_to_send(senders: int) -> None:
    assert played(senders, due_per_s=None) > 0.4
    assert played(senders, due_per_s=None, seconds=4) > 0.9, "it is found out once, and stays so"


def test_storing_goes_first_where_a_crowd_sends_as_fast_as_it_can() -> None:
    assert played(64, due_per_s=None) > 0.7


@pytest.mark.parametrize("per_s", [100, 700, 1300, 1800])
def test_those_who_come_when_they_are_due_are_settled_as_they_come(per_s: float) -> None:
    assert played(32, due_per_s=per_s) == 0


@given(st.floats(1.05, 10))
def test_where_far_more_come_than_can_be_settled_storing_has_nineteen_parts_of_twenty(times: float) -> None:
    watched = Watched(GATHER)
    watched.window(FLOOD_PER_S * times)
    assert watched.pace.is_flood
    took_s = 0.004
    watched.pace.settled(8, nobody(watched.now_s, took_s))
    watched.now_s += took_s * (1 + TIME_FOR_OTHERS * 0.99)
    assert watched.turn() is None
    assert watched.turn(idle=True) == SHORT, "a lull is for settling"
    watched.now_s += took_s * TIME_FOR_OTHERS * 0.02
    assert watched.turn() == SHORT


def test_a_flood_is_over_with_the_first_window_in_which_no_more_come_than_can_be_settled() -> None:
    watched = flooded()
    watched.window(FLOOD_PER_S * 0.9)
    assert not watched.pace.is_flood


def test_senders_who_are_no_longer_held_up_are_settled_as_they_come_again() -> None:
    watched = Watched(GATHER)
    while not watched.pace.is_flood:
        watched.pace.settled(SETTLE_MOST, nobody(watched.now_s, 0.02))
        watched.window(1000)
    windows = 0
    while watched.pace.is_flood and windows < 100:
        windows += 1
        came_in_half = 10
        turn = [(watched.now_s, 0), (watched.now_s + 0.01, came_in_half), (watched.now_s + 0.02, 2 * came_in_half)]
        watched.pace.settled(SETTLE_MOST, turn)
        watched.window(1000)
    assert windows <= 5


@pytest.mark.parametrize("speed_per_s", [100, 1000, 5000])
def test_how_fast_this_machine_settles_says_what_is_a_flood_and_what_leaves_too_much(speed_per_s: int) -> None:
    watched = Watched(GATHER)
    for _ in range(10 * KNOWN_BY // SETTLE_MOST):
        turn_s = SETTLE_MOST / speed_per_s
        watched.pace.settled(SETTLE_MOST, [(0, 0), (turn_s / 2, 0), (turn_s, 1_000_000)])  # nobody is held up
    watched.window(BEYOND * speed_per_s * 0.95)
    assert not watched.pace.is_flood
    watched.window(BEYOND * speed_per_s * 1.05 + 10)
    assert watched.pace.is_flood
    watched.now_s = -1.0  # before settling is due again
    watched.left = int(DEEP_S * speed_per_s * 1.05)
    assert watched.turn() == DEEP
    watched.left = int(DEEP_S * speed_per_s * 0.95)
    assert watched.turn() is None


def test_callbacks_that_leave_no_lull_are_settled_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_ledger(path)) as ledger:
        tokens = [token for token, _ in prompts(ledger, 44)]  # too few to be a flood
    intakes: list[Intake] = []
    answers: queue.SimpleQueue[Verdict] = queue.SimpleQueue()

    def open_intake() -> tuple[Intake, object]:
        opened = open_ledger(path)
        intakes.append(Intake(opened, World(), lambda event: None))
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
