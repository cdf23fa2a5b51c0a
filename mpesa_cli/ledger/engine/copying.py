"""Copies of a ledger: made while others write, given their name only once they are whole."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mpesa_cli.floor import machine
from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.ledger.engine.questions import Questions

_BESIDE = ("-wal", "-shm", "-journal", ".lock")
PAGES_AT_ONCE = 2_000  # 8 MB: short enough that Ctrl-C is answered, long enough to cost nothing


def copy_into(ledger: Questions, target: Path, told: Told = unheard) -> None:
    """Copy a ledger into ``target``, an empty file, as one file that needs nothing beside it.

    Call it inside the ledger's snapshot: the copy is of that moment, and writers go on. Raises sqlite3.Error or
    OSError where the target can't be written, KeyboardInterrupt and the like between two steps.
    """
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # A function of ours between the steps is when Python answers signals.
        source: Any = ledger._connection()
        source.backup(copy, pages=PAGES_AT_ONCE, progress=lambda _, left, count: told("Copying", count - left, count))
        # As in a ledger in use the pages say "write-ahead log"; a backup shall be one file, wherever it is opened.
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    machine.sync_file(target)


@contextlib.contextmanager
def scratch_for(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``, for its owner only; gone when the block is left, with what SQLite put beside it.

    Raises OSError.
    """
    scratch = target.with_name(f".{target.name}.{os.getpid()}.new")
    beside = [scratch.with_name(scratch.name + end) for end in _BESIDE]
    sweep(target)
    for left in (scratch, *beside):  # by a process of this number that died
        left.unlink(missing_ok=True)
    os.close(machine.open_private(scratch, new=True))
    try:
        yield scratch
    finally:
        for left in (scratch, *beside):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)


def sweep(target: Path) -> None:
    """Take away what processes that were killed left of copies of this name: customers' numbers are in it."""
    for left in target.parent.glob(f".{target.name}.*.new*"):
        number = left.name.removeprefix(f".{target.name}.").partition(".new")[0]
        if number.isdecimal() and machine.has_ended(int(number)):
            with contextlib.suppress(OSError):
                left.unlink()
