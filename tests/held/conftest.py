"""The shop of these tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from held.held_shop import HeldShop


@pytest.fixture
def shop(mpesa: Callable[..., Any], clock: Any, home: Path) -> Iterator[HeldShop]:
    """A shop whose ledger is whole at the end."""
    made = HeldShop(mpesa, clock, home)
    yield made
    made.close()
