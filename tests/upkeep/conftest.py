"""A ledger with some payments of every kind, made through the public command and the ledger's own writes."""

import contextlib
import json
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_TESTS = Path(__file__).parent.parent
sys.path[1:1] = [str(_TESTS / "crash")]

from forked import Nursery, nursery
from raw_ledger import unguarded

from mpesa_cli.ledger.ledger import Ledger

PAYS, CANCELS = "254708374149", "254700001032"


@dataclass
class Shop:
    """Runs ``mpesa`` on one home, and gets at its ledger."""

    mpesa: Callable[..., Any]
    home: Path
    clock: Any

    @property
    def path(self) -> Path:
        return self.home / "data" / "simulator-simulator.db"

    def run(self, *argv: str, **more: Any) -> Any:
        return self.mpesa(*argv, **more)

    def push(self, order: str, phone: str = PAYS, amount: str = "100") -> Any:
        self.clock.advance(130)
        return self.run("push", phone, amount, "--order", order, "-q")

    def json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv, "--json").stdout)

    @contextlib.contextmanager
    def ledger(self, path: Path | None = None) -> Iterator[Ledger]:
        opened = Ledger(path or self.path, environment="simulator", token_hex=secrets.token_hex)
        with contextlib.closing(opened) as ledger:
            yield ledger

    def tamper(self, *statements: str) -> None:
        """Change the ledger as somebody would who can write it: without the program, without its seat belts."""
        with unguarded(self.path) as raw:
            for statement in statements:
                raw.execute(statement)


@pytest.fixture
def shop(mpesa: Callable[..., Any], home: Path, clock: Any) -> Shop:
    """A shop without payments."""
    return Shop(mpesa, home, clock)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Where the first test that needs the busy shop leaves it for the others."""
    return {"home": tmp_path_factory.mktemp("busy") / "home"}


@pytest.fixture
def busy(shop: Shop, made: dict[str, Any]) -> Shop:
    """A shop with a paid, a failed and a second paid order: 15 rows of the journal."""
    if "now" in made:
        shutil.copytree(made["home"], shop.home)
        shop.clock.now = made["now"]
        return shop
    for order, phone in (("1", PAYS), ("2", CANCELS), ("3", PAYS)):
        shop.push(order, phone)
    shutil.copytree(shop.home, made["home"])
    made["now"] = shop.clock.now
    return shop


@pytest.fixture(scope="session")
def forks() -> Iterator[Nursery]:
    """A process that has the program loaded, and forks commands that can be killed."""
    with nursery() as opened:
        yield opened
