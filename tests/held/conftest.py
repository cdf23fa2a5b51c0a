"""The shop of these tests, and the processes to kill that it borrows from tests/crash."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from held.held_shop import HeldShop

sys.path[1:1] = [str(Path(__file__).parent.parent / "crash")]

from forked import Nursery, nursery


@pytest.fixture(scope="module")
def hand() -> Iterator[Nursery]:
    """A process that forks commands, and kills them where it is told to."""
    with nursery() as opened:
        yield opened


@pytest.fixture
def shop(mpesa: Callable[..., Any], clock: Any, home: Path) -> Iterator[HeldShop]:
    """A shop whose ledger is whole at the end."""
    made = HeldShop(mpesa, clock, home)
    yield made
    made.close()
