"""After an erasure: the bytes themselves. What SQLite deletes stays in the file until something writes over it.

The file is written anew (VACUUM) and the write-ahead log is emptied, so that neither holds what was erased. A mark
in the ledger says that this is due; it goes last, so that a run that was killed is made good by the next.
"""

import contextlib
import mmap
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.ledger.engine.connection import BUSY_TIMEOUT_S, lock
from mpesa_cli.ledger.engine.failures import explained
from mpesa_cli.ledger.erasing import SCRUB_DUE
from mpesa_cli.ledger.reads import Reads

_SPARE_BYTES = 16 << 20


def scrub_is_due(ledger: Reads) -> bool:
    """Whether an erasure was recorded whose old bytes may still be in the file."""
    return bool(ledger.rows("SELECT 1 FROM meta WHERE key = ?", (SCRUB_DUE,)))


def check_room(ledger: Reads) -> None:
    """Raise LedgerBusy where the disk has no room to write the ledger anew."""
    from mpesa_cli.floor.machine import commands

    path = ledger.path
    with explained(path):
        free, needed = machine.free_bytes(path.parent), 3 * path.stat().st_size + _SPARE_BYTES
    if free < needed:
        raise LedgerBusy(
            f"To erase, the ledger is written anew, and that needs {needed >> 20} MB free where it is.",
            hint="Nothing was erased. Free some space, then run the same command again: "
            f"{commands.room(path.parent)}",
            code="disk-nearly-full",
        )


def scrub(ledger: Reads) -> None:
    """Write the file anew and empty its log. Raises LedgerBusy where others read or write for too long."""
    path, connection = ledger.path, ledger._connection()
    with explained(path):
        connection.execute("VACUUM")
        with lock(path, wait_s=BUSY_TIMEOUT_S):
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise _still_read(path)
        connection.execute("DELETE FROM meta WHERE key = ?", (SCRUB_DUE,))


def _still_read(path: Path) -> LedgerBusy:
    from mpesa_cli.floor.machine import commands

    return LedgerBusy(
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


def search(ledger: Reads, digits: str) -> dict[Path, int]:
    """The files of the ledger, and copies that migrations made, that hold these digits, each with their number."""
    path = ledger.path
    files = [path, Path(f"{path}-wal"), *sorted(path.parent.glob(path.name + ".*.bak"))]
    return {file: count for file in files if (count := occurrences(file, digits))}
