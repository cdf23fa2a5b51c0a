"""Killed anywhere around a restore, no order that was paid after the backup is asked for again."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from forked import Ended, Nursery
from points import CRASHED
from test_upkeep_missing import PHONE, REAL, RealShop

STEPS_MAX = 40
NOWHERE = "http://127.0.0.1:1"


class Lost:
    """A production shop whose ledger is lost; its backup is from before order 1043 was paid."""

    def __init__(self, forks: Nursery, folder: Path, now_us: int) -> None:
        self.forks, self.folder, self.now_us = forks, folder, now_us

    def run(self, *argv: str, **more: Any) -> Ended:
        environ = {
            **REAL, "MPESA_HOME": str(self.folder / "home"), "XDG_STATE_HOME": str(self.folder / "known"),
            "MPESA_BASE_URL": NOWHERE, "TERM": "dumb", "PATH": "/usr/bin:/bin",
        }
        ended = self.forks.run(argv, environ, now_us=self.now_us, **more)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended

    def restore(self, **more: Any) -> Ended:
        return self.run("restore", str(self.folder / "backup.db"), "--json", **more)

    def asks_again(self) -> str:
        """What keeps the paid order from being asked for; empty where nothing does."""
        ended = self.run("push", PHONE, "100", "--order", "1043", "--yes", "--json")
        code = str(ended.json["error"]["code"])
        return "" if code == "not-delivered" else code

    def copy(self, name: str) -> "Lost":
        to = self.folder.with_name(name)
        shutil.copytree(self.folder, to)
        return Lost(self.forks, to, self.now_us)


@pytest.fixture
def lost(mpesa: Any, clock: Any, tmp_path: Path, forks: Nursery, monkeypatch: pytest.MonkeyPatch) -> Lost:
    folder = tmp_path / "shop"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "known"))
    shop = RealShop(mpesa, folder / "home", clock)
    shop.paid("1042")
    assert shop.run("backup", str(folder / "backup.db"), env={"MPESA_HOME": str(folder / "home")}).status == 0
    clock.advance(3600)
    shop.paid("1043")
    shutil.rmtree(folder / "home" / "data")
    clock.advance(3600)
    return Lost(forks, folder, clock.now_us())


def holds(killed: Lost, where: str) -> None:
    """After a kill: refused in either state; the next restore finishes it; then the gap is asked for."""
    before = killed.asks_again()
    assert before in {"ledger-missing", "restored-gap"}, where
    again = killed.restore()
    assert again.status == (0 if before == "ledger-missing" else 9), (where, again)
    assert killed.asks_again() == "restored-gap", where
    assert killed.run("audit", "verify").status == 0, where
    assert not list((killed.folder / "home" / "data").glob(".*.new*")), f"{where}: nothing is left over"


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])  # each takes a while
def test_a_restore_killed_between_any_two_steps_opens_no_second_charge(lost: Lost, step: int) -> None:
    seen = set()
    for point in range(2, STEPS_MAX, step):
        killed = lost.copy(f"at-{point}")
        ended = killed.restore(crash_at=point)
        if ended.status != CRASHED:
            assert ended.status == 0, ended
            assert point > 10, "the steps were not passed, so this proves nothing"
            break
        seen.add(killed.asks_again())
        holds(killed, ended.point)
    assert seen == {"ledger-missing", "restored-gap"}, "some before it was there, some after"


@pytest.mark.long
def test_no_sigkill_around_a_restore_opens_a_second_charge(lost: Lost) -> None:
    chance, kills = random.Random(20261128), 0
    for number in range(400):
        killed = lost.copy(f"kill-{number}")
        ended = killed.restore(kill_after_s=chance.uniform(0.0, 0.25))
        kills += ended.status < 0
        holds(killed, f"kill {number}")
        shutil.rmtree(killed.folder)
    assert kills > 200
