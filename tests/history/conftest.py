"""A ledger on the home of in-process commands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from history_ledger import Sale, fill, open_ledger

from mpesa_cli.ledger.engine.sqlite import SqliteLedger


@pytest.fixture
def sold(home: Path) -> Iterator[Callable[..., SqliteLedger]]:
    """Write sales and keep the ledger open for the test."""
    opened: list[SqliteLedger] = []

    def write(*sales: Sale) -> SqliteLedger:
        opened.append(open_ledger(home))
        fill(opened[-1], sales)
        return opened[-1]

    yield write
    for ledger in opened:
        ledger.close()
