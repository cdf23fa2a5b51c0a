"""Refunds and payouts killed at random points: of one receipt one reversal, for one reference one payout, and none that
the ledger does not know or invents."""

from pathlib import Path

import pytest
from forked import Nursery
from out_battery import battery

KILLS = 60


@pytest.mark.parametrize(("kills", "seed"), [(KILLS, 20261124), pytest.param(1_000, 7, marks=pytest.mark.long)])
def test_no_kill_sends_money_out_twice_or_calls_out_what_was_not(
    forks: Nursery, folder: Path, kills: int, seed: int
) -> None:
    figures = battery(forks, folder, kills=kills, seed=seed)
    assert figures.wrong == [], figures
    assert figures.kills >= kills
    assert min(figures.kills_of.values()) > kills / 4, figures
    assert figures.reversals > kills / 20, "too little went back to prove anything"
    assert figures.payouts > kills / 20, "too little was paid out to prove anything"
