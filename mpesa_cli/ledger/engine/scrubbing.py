"""After an erasure: the bytes themselves. What SQLite deletes stays in the file until something writes over it.

The file is written anew (VACUUM) and the write-ahead log is emptied, so that neither holds what was erased. A mark
in the ledger says that this is due; it goes last, so that a run that was killed is made good by the next.
"""

import contextlib
import mmap
import sqlite3
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.ledger.engine.connection import BUSY_TIMEOUT_S, lock
from mpesa_cli.ledger.engine.failures import explained

SCRUB_DUE = "scrub_due"  # the row of meta that says: erased, and old bytes may still be in the file
_SPARE_BYTES = 16 << 20


class BytesLeft(LedgerBusy):
    """A ledger that could not be written anew just now: the number is erased, and old bytes of it may be left."""


def check_room(path: Path) -> None:
    """Raise LedgerBusy where the disk has no room to write the ledger anew."""
    from mpesa_cli.floor.machine import commands

    with explained(path):
        free, needed = machine.free_bytes(path.parent), 3 * path.stat().st_size + _SPARE_BYTES
    if free < needed:
        raise LedgerBusy(
            f"To erase, the ledger is written anew, and that needs {needed >> 20} MB free where it is.",
            hint="Nothing was erased. Free some space, then run the same command again: "
            f"{commands.room(path.parent)}",
            code="disk-nearly-full",
        )


def scrub(path: Path, connection: sqlite3.Connection) -> None:
    """Write the file anew and empty its log. Raises BytesLeft or LedgerBusy where others read or write for too long."""
    with explained(path):
        connection.execute("VACUUM")
        with lock(path, wait_s=BUSY_TIMEOUT_S):
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise _still_read(path)
        connection.execute("DELETE FROM meta WHERE key = ?", (SCRUB_DUE,))


def _still_read(path: Path) -> BytesLeft:
    from mpesa_cli.floor.machine import commands

    return BytesLeft(
        f"The number is erased, but old bytes are still in {path}-wal: another process reads the ledger.",
        hint="Run the same command again in a minute; if it stays so, see who holds it: "
        + commands.who_holds(path),
        code="ledger-locked",
    )


def occurrences(path: Path, digits: str) -> int:
    """The number of times that these digits are in a file; 0 where there is none. Beside SQLite this only reads."""
    needle, found, at = digits.encode(), 0, -1
    # ValueError: the file is empty.
    with (
        contextlib.suppress(FileNotFoundError, ValueError),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        while (at := data.find(needle, at + 1)) >= 0:
            found += 1
    return found


def search(path: Path, digits: str) -> dict[str, int]:
    """The files of the ledger, and copies that migrations made, that hold these digits, each with their number."""
    files = [path, Path(f"{path}-wal"), *sorted(path.parent.glob(path.name + ".*.bak"))]
    return {str(file): count for file in files if (count := occurrences(file, digits))}
