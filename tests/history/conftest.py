"""A ledger on the home of in-process commands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from history_ledger import Sale, fill, open_ledger

from mpesa_cli.ledger.ledger import Ledger


@pytest.fixture
def sold(home: Path) -> Iterator[Callable[..., Ledger]]:
    """Write sales and keep the ledger open for the test."""
    opened: list[Ledger] = []

    def write(*sales: Sale) -> Ledger:
        opened.append(open_ledger(home))
        fill(opened[-1], sales)
        return opened[-1]

    yield write
    for ledger in opened:
        ledger.close()
