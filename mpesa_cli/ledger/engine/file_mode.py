"""The mode of a ledger's file, whatever made it: write-ahead, or, where nobody can write, as it is."""

import contextlib
import sqlite3
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import LedgerUnusable

SETTINGS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA wal_autocheckpoint=0",
    "PRAGMA synchronous=FULL",
    # SQLite's own 2 MB hold the indexes of some ten thousand payments: a callback then costs a tenth more.
    "PRAGMA cache_size=-16384",
)


def set_up(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Give a connection its settings, and the file its mode. Raises sqlite3.Error."""
    for setting in SETTINGS:
        connection.execute(setting)
    if not is_write_ahead(connection):
        _switch(connection, busy_timeout_s)


def is_write_ahead(connection: sqlite3.Connection) -> bool:
    """Whether readers and writers of this file don't block each other."""
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"


def _switch(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Write-ahead mode for a file that was restored, copied or moved; it takes having the file alone.

    Where others have it open it stays as it is: slower, and whole all the same. The next one tries again.
    """
    connection.execute("PRAGMA busy_timeout=0")
    try:
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.OperationalError as busy:
        if busy.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
    finally:
        connection.execute(f"PRAGMA busy_timeout={busy_timeout_s * 1000:.0f}")


def is_on_read_only_disk(path: Path) -> bool:
    """Whether the file exists on a file system that nobody can write: a backup's medium, a disk after a fault."""
    with contextlib.suppress(OSError):
        return path.exists() and machine.is_on_read_only_disk(path)
    return False


def open_to_look(path: Path) -> sqlite3.Connection:
    """A connection that can only look, to a file that nobody can change. Raises LedgerUnusable, sqlite3.Error.

    SQLite can't make its files beside it, and so would not open it at all. What is still in a log beside it is not
    seen in this way: then it is refused.
    """
    from mpesa_cli.floor.machine import commands

    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        raise LedgerUnusable(
            f"The ledger {path} is on a disk that can only be read, with its newest payments in {log.name} beside it.",
            hint="Nothing was sent. Copy both to a folder that can be written, then look there: "
            f"{commands.with_variable('MPESA_LEDGER', str(Path(commands.A_FOLDER, path.name)), 'mpesa history')} "
            f"(copy: {commands.copy_all(path, commands.A_FOLDER)})",
            code="ledger-read-only",
        )
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection
