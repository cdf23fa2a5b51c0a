"""What the batch tests share: a file as a shop writes it, and the simulator's own record."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.world import World
from mpesa_cli.simulator.embedded import EmbeddedDaraja


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., str]:
    """Write a CSV file from its lines, or from bytes, and return its path."""

    def write(lines: Sequence[str] | bytes, name: str = "orders.csv") -> str:
        path = tmp_path / name
        path.write_bytes(lines if isinstance(lines, bytes) else "\n".join(lines).encode() + b"\n")
        return str(path)

    return write


@pytest.fixture
def prompts(home: Path, clock: Any) -> Callable[[], list[dict[str, Any]]]:
    """The simulator's record of every prompt that it accepted, oldest first."""

    def read() -> list[dict[str, Any]]:
        daraja = EmbeddedDaraja(home / "state" / "simulator.json", World(clock.now_us, clock.sleep))
        return daraja.prompts()

    return read


@pytest.fixture
def asked(prompts: Callable[[], list[dict[str, Any]]]) -> Callable[[], Counter[str]]:
    """How often each order was prompted, by the simulator's record (the reference is the order id)."""
    return lambda: Counter(str(p["account_reference"]) for p in prompts())


@pytest.fixture
def ledger_posts(home: Path) -> Callable[[], int]:
    """How many POSTs the ledger has announced in all."""
    from raw_ledger import asked

    def count() -> int:
        path = home / "data" / "simulator-simulator.db"
        return int(asked(path, "SELECT count(*) FROM journal WHERE kind='sending'")[0][0])

    return count
