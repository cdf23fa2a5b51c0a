"""What every ledger must promise, over the file that a restore leaves: the same tests."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.restored_copy import restored_at
from ledger import test_ledger_contract as contract
from ledger.test_ledger_contract import Open

from mpesa_cli.ledger.ledger import Ledger


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    path = tmp_path / "data" / "ledger.db"
    path.parent.mkdir(mode=0o700)
    restored_at(path, 1)
    ledgers: list[Ledger] = []

    def open_again(environment: str = "simulator") -> Ledger:
        ledgers.append(Ledger(path, environment=environment, token_hex=secrets.token_hex))
        return ledgers[-1]

    yield open_again
    for each in ledgers:
        each.close()


globals().update({name: test for name, test in vars(contract).items() if name.startswith("test_")})
