"""The numbered points at which a command can die: around every commit, every request, every callback. Not a test."""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from mpesa_cli.daraja.client import DarajaClient
from mpesa_cli.ledger.engine.marker import Marker
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.upkeep import restore

CRASHED = 77


def install(at: int, passed: Callable[[str], int]) -> None:
    """Die at the point with this number, from 1; 0 only counts. ``passed`` notes a point, and numbers it."""

    def point(name: str) -> None:
        if passed(name) == at:
            os._exit(CRASHED)

    _around_commits(point)
    _around(DarajaClient, "push", point, "the POST leaves", "its answer came")
    _around(DarajaClient, "query", point, "the query leaves", "its answer came")
    _around(DarajaClient, "post", point, "the request leaves", "its answer came")
    _after_taking_callbacks(point)
    for step in ("copy_into", "sync_file", "give_name"):
        _around(restore, step, point, f"{step} of a restore", "it")
    _around(Marker, "write", point, "the note of a ledger", "it")


def _around_commits(point: Callable[[str], None]) -> None:
    write = Ledger.write

    @contextlib.contextmanager
    def wrapped(self: Ledger, *within: float) -> Iterator[Write]:
        point("before a transaction")
        with write(self, *within) as tx:
            yield tx
            point("before its commit")
        point("after its commit")

    Ledger.write = wrapped  # type: ignore[method-assign]


def _after_taking_callbacks(point: Callable[[str], None]) -> None:
    """Daraja sends a callback once: taken from it and not stored, it is lost."""
    claim_due = Engine.claim_due

    def wrapped(self: Engine) -> Any:
        taken = claim_due(self)
        if taken:
            point("after callbacks left Daraja")
        return taken

    Engine.claim_due = wrapped  # type: ignore[method-assign]


def _around(owner: Any, method: str, point: Callable[[str], None], before: str, after: str) -> None:
    original: Callable[..., Any] = getattr(owner, method)

    def wrapped(*args: Any, **more: Any) -> Any:
        point(f"before {before}")
        result = original(*args, **more)
        point(f"after {after}")
        return result

    setattr(owner, method, wrapped)
