"""The program dies over a ledger that was restored: what holds for one that it made holds for this one."""

from pathlib import Path

import pytest
from forked import Nursery
from harness import storm
from points import CRASHED
from restored_copy import open_at, restored_at
from shop import START_US, Shop
from test_crash_points import PAYS, crashed_at_every_point, push

from mpesa_cli.ledger.restoring import Restores


@pytest.fixture
def restored(forks: Nursery, folder: Path) -> Shop:
    shop = Shop(forks, folder / "home")
    restored_at(shop.home / "data" / "simulator-simulator.db", START_US - 60_000_000)
    return shop


@pytest.mark.parametrize("first", [2, 4, 6])
def test_a_push_that_dies_over_a_restored_ledger_is_finished_by_the_same_push(restored: Shop, first: int) -> None:
    assert push(restored, PAYS, first) == CRASHED
    assert restored.broken() == []
    push(restored, PAYS)
    assert restored.settle() == []


@pytest.mark.long
def test_a_push_that_dies_anywhere_over_a_restored_ledger_is_finished_by_the_same_push(
    restored: Shop, folder: Path
) -> None:
    points = 0
    for point, crashed in crashed_at_every_point(restored, folder, lambda s, k: push(s, PAYS, k)):
        points = point
        push(crashed, PAYS)
        assert crashed.broken() == [], f"pushed again after point {point}"
        assert crashed.settle() == [], f"settled after point {point}"
    assert points >= 8


@pytest.mark.long
def test_no_kill_over_a_restored_ledger_loses_doubles_or_invents_a_payment(folder: Path) -> None:
    home = folder / "home"
    with_gap = home / "data" / "env-simulator.db"
    restored_at(with_gap, 1)
    figures = storm(home, kills=300, seed=20261128)
    assert figures.wrong == [], figures
    assert figures.charged > 20
    ledger = open_at(with_gap)
    assert Restores(ledger).restored() is not None, "it was this ledger"
    ledger.close()
