"""So many requests a minute per caller: never more, never fewer, in memory that does not grow."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.api.tokens.limits import RateLimit

STEPS = st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 30)), max_size=80)


def test_a_minutes_worth_may_come_at_once_and_then_one_by_one() -> None:
    limit = RateLimit(6)
    assert [limit.wait_s("a", 0.0) for _ in range(6)] == [0.0] * 6
    assert limit.wait_s("a", 0.0) == pytest.approx(10)
    assert limit.wait_s("a", 9.0) == pytest.approx(1)
    assert limit.wait_s("a", 10.0) == 0.0
    assert limit.wait_s("a", 10.0) == pytest.approx(10)


def test_a_burst_may_be_smaller_than_the_minute() -> None:
    limit = RateLimit(60, burst=1)
    assert limit.wait_s("a", 0.0) == 0.0
    assert limit.wait_s("a", 0.5) == pytest.approx(0.5)
    assert limit.wait_s("a", 1.0) == 0.0


def test_one_caller_takes_nothing_from_another() -> None:
    limit = RateLimit(1)
    assert limit.wait_s("a", 0.0) == 0.0
    assert limit.wait_s("a", 0.0) > 0
    assert limit.wait_s("b", 0.0) == 0.0


def test_who_insists_is_not_locked_out() -> None:
    limit = RateLimit(1)
    assert limit.wait_s("a", 0.0) == 0.0
    for second in range(1, 60):
        assert limit.wait_s("a", float(second)) > 0
    assert limit.wait_s("a", 60.0) == 0.0


@given(STEPS, st.integers(1, 20))
def test_no_minute_ever_sees_more_than_twice_the_rate_and_no_wait_is_a_lie(
    steps: list[tuple[str, float]], per_minute: int
) -> None:
    """A full bucket and what flows in meanwhile: so much, and no more, may pass in any minute."""
    limit, now_s, passed = RateLimit(per_minute), 0.0, {"a": [0.0], "b": [0.0]}
    for key, pause_s in steps:
        now_s += pause_s
        wait_s = limit.wait_s(key, now_s)
        if wait_s > 0:
            now_s += wait_s + 1e-6
            assert limit.wait_s(key, now_s) == 0.0
        passed[key].append(now_s)
        recent = [at for at in passed[key][1:] if at > now_s - 60]
        assert len(recent) <= 2 * per_minute


def test_a_long_pause_saves_up_no_more_than_a_burst() -> None:
    limit = RateLimit(6)
    for now_s in (0.0, 3_600.0, 1e9):
        assert [limit.wait_s("a", now_s) == 0.0 for _ in range(8)] == [True] * 6 + [False] * 2


def test_a_clock_that_steps_back_gives_nothing_away_and_takes_nothing() -> None:
    limit = RateLimit(60)
    assert sum(limit.wait_s("a", 100.0) == 0.0 for _ in range(61)) == 60
    for _ in range(10):
        assert limit.wait_s("a", 40.0) > 0
        assert limit.wait_s("a", 100.0) > 0
    assert limit.wait_s("a", 101.0) == 0.0


def test_memory_is_bounded_and_the_longest_silent_is_forgotten() -> None:
    limit = RateLimit(1, keys_max=3)
    for key in "abc":
        assert limit.wait_s(key, 0.0) == 0.0
    assert limit.wait_s("a", 1.0) > 0  # heard of again, so b is the longest silent
    assert limit.wait_s("d", 1.0) == 0.0
    assert len(limit) == 3
    assert [limit.wait_s(key, 1.0) > 0 for key in "acd"] == [True] * 3


def test_threads_share_one_bucket() -> None:
    limit, allowed = RateLimit(100), []

    def come() -> None:
        allowed.extend(limit.wait_s("a", 0.0) == 0.0 for _ in range(50))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 100
