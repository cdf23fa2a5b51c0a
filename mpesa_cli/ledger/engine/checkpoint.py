"""The checkpoint, which moves the write-ahead log into the ledger's file.

We do it ourselves, under a lock, because SQLite 3.7.0 to 3.51.2 can corrupt a file when two connections
checkpoint while a third writes.
"""

import contextlib
import sqlite3
from pathlib import Path

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.ledger.engine.connection import lock

CHECKPOINT_ABOVE_BYTES = 4 << 20
CUT_ABOVE_BYTES = 32 << 20
"""A log this long has grown beside a reader that looked at one moment for minutes: then its file is cut back."""


def checkpoint_if_large(connection: sqlite3.Connection, path: Path) -> None:
    """Move the write-ahead log into the file where it has grown, one process at a time."""
    with contextlib.suppress(OSError, sqlite3.Error, LedgerBusy):
        log = f"{path}-wal"
        if _log_is_large(log) or log_bytes(path) > CUT_ABOVE_BYTES:
            with lock(path, wait_s=0):
                _, written, moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if written == moved and log_bytes(path) > CUT_ABOVE_BYTES:
                    _cut(connection)


def log_bytes(path: Path) -> int:
    """The length in bytes of a ledger's write-ahead log; 0 where there is none."""
    try:
        return Path(f"{path}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def _cut(connection: sqlite3.Connection) -> None:
    """Cut the log's file back, once all of it was moved. Waits for nobody: a reader of it keeps it as it is."""
    may_wait_ms = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout=0")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout={may_wait_ms}")


def _log_is_large(log: str) -> bool:
    """Whether what is written into the log since it was last begun anew is large. OSError where there is none.

    The file's size can't tell: SQLite keeps it, and writes over it from its start once all of it has been
    moved, under a new salt (SQLite's walformat, "WAL File Format"). Reading it beside SQLite is safe, since
    SQLite takes no file locks on it.
    """
    if Path(log).stat().st_size <= CHECKPOINT_ABOVE_BYTES:
        return False
    with Path(log).open("rb", buffering=0) as file:
        header = file.read(32)
        frame_bytes = 24 + int.from_bytes(header[8:12], "big")
        file.seek(32 + CHECKPOINT_ABOVE_BYTES // frame_bytes * frame_bytes)
        return file.read(24)[8:16] == header[16:24]
