"""A shop with the embedded Daraja on a virtual clock, whose commands die where a test wants it. Not a test."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forked import Ended, Nursery
from invariants import broken, in_doubt

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.store import FileStore

START_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
ORDER = "A-1042"


@dataclass
class Shop:
    """One MPESA_HOME and its clock."""

    nursery: Nursery
    home: Path
    now_us: int = START_US
    mistake: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *argv: str, crash_at: int = 0, **more: str) -> Ended:
        """One command; its clock goes on where the last one's stood, also where that one crashed."""
        environ = {"MPESA_HOME": str(self.home), "TERM": "dumb", "PATH": "/usr/bin:/bin", **self.environ, **more}
        ended = self.nursery.run(argv, environ, crash_at=crash_at, now_us=self.now_us, mistake=self.mistake)
        assert "Traceback" not in ended.stderr, ended.stderr
        self.now_us = ended.now_us
        return ended

    def copy(self, to: Path) -> "Shop":
        """The same shop at the same moment, to be taken another way."""
        shutil.copytree(self.home, to)
        return Shop(self.nursery, to, self.now_us, self.mistake, self.environ)

    def wait(self, seconds: float) -> None:
        self.now_us += int(seconds * 1_000_000)

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        path = self.home / "data" / "simulator-simulator.db"
        with contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex)) as ledger:
            yield ledger

    def record(self) -> dict[str, Any]:
        """What the simulator knows that it did."""
        store = FileStore(self.home / "state" / "simulator.json")
        return Engine(store, World(lambda: self.now_us)).record()

    def broken(self) -> list[str]:
        """Every invariant that does not hold just now."""
        with self.ledger() as ledger:
            return broken(ledger, self.record())

    def settle(self) -> list[str]:
        """Look at the order as a shop would, after a moment and after minutes; returns what is wrong then."""
        for pause_s in (20, 200):
            self.wait(pause_s)
            self.run("status", ORDER, "--json")
        with self.ledger() as ledger:
            record = self.record()
            return broken(ledger, record) + in_doubt(ledger, record)
