"""Refunds killed at random points: of one receipt one reversal, and none that the ledger does not know or invents."""

from pathlib import Path

import pytest
from forked import Nursery
from refund_battery import battery

KILLS = 60


@pytest.mark.parametrize(("kills", "seed"), [(KILLS, 20261124), pytest.param(1_000, 7, marks=pytest.mark.long)])
def test_no_kill_gives_money_back_twice_or_calls_back_what_was_not(
    forks: Nursery, folder: Path, kills: int, seed: int
) -> None:
    figures = battery(forks, folder, kills=kills, seed=seed)
    assert figures.wrong == [], figures
    assert figures.kills >= kills
    assert figures.reversals > kills / 10, "too little went back to prove anything"
