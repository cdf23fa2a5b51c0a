"""``verify`` killed at every point: nothing is believed too early, and the next command finishes the story."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forked import Ended, Nursery
from initiator_parts import ledger_of, paid_elsewhere
from points import CRASHED
from test_initiator_attach import unknown

POINTS_MAX = 60
# Every point takes a while; two in three are left to the long run.
EVERY = pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])


def runs_until_whole(
    hand: Nursery, home: Path, tmp_path: Path, argv: list[str], now_us: int, step: int
) -> Iterator[tuple[Ended, Path, dict[str, str]]]:
    """The command killed at its first point, and every ``step`` further, in fresh homes; at last not at all."""
    for point in range(1, POINTS_MAX, step):
        copy = tmp_path / f"point-{point}"
        shutil.copytree(home, copy)
        environ = {"MPESA_HOME": str(copy), "TERM": "dumb", "PATH": "/usr/bin:/bin"}
        ended = hand.run(argv, environ, crash_at=point, now_us=now_us)
        yield ended, copy, environ
        if ended.status != CRASHED:
            assert ended.status == 0, ended
            assert point > 12, "the points were not passed, so this proves nothing"
            return
    raise AssertionError("it never came to its end")


@EVERY
def test_verify_killed_at_any_point_leaves_a_whole_ledger_and_the_next_one_tells(
    hand: Nursery, mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path, step: int
) -> None:
    receipt = paid_elsewhere(mpesa, clock, home)
    argv = ["verify", receipt, "--order", "1042", "--json"]
    for ended, copy, environ in runs_until_whole(hand, home, tmp_path, argv, clock.now, step):
        if ended.status == CRASHED:
            assert ended.stdout == "", "nothing may be called real by a command that did not end"
        with ledger_of(copy):
            pass
        after = hand.run(argv, environ, now_us=clock.now + 20_000_000)
        assert json.loads(after.stdout)["verdict"] == "real", ended.point
    other = hand.run(["verify", receipt, "--order", "1043", "--json"], environ, now_us=clock.now + 60_000_000)
    assert json.loads(other.stdout)["verdict"] == "used_already"


@EVERY
def test_attach_killed_at_any_point_attaches_once_or_not_at_all(
    hand: Nursery, mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path, step: int
) -> None:
    receipt = unknown(mpesa, clock, home)
    argv = ["verify", receipt, "--attach", "1042", "--yes", "--by", "Wanjiku", "--json"]
    seen = set()
    for _, copy, environ in runs_until_whole(hand, home, tmp_path, argv, clock.now, step):
        with ledger_of(copy) as ledger:
            payment = ledger.payment_by_order("1042")
            assert payment
            kinds = [entry.kind for entry in ledger.journal(payment.payment_id)]
        seen.add(payment.status.value)
        assert kinds.count("receipt_attached") == kinds.count("received") == (payment.status.value == "paid")
        again = hand.run(argv, environ, now_us=clock.now + 20_000_000)
        assert again.status == (9 if payment.status.value == "paid" else 0)
    assert seen == {"unknown", "paid"}
