"""A copy of a ledger from before its format changes: the way back, should a new version prove wrong."""

import contextlib
import sqlite3
from pathlib import Path

from mpesa_cli.floor.machine import give_name, sync_file
from mpesa_cli.ledger.engine.copying import scratch_for


def copy_before_migration(path: Path, version: int) -> None:
    """Leave ``<ledger>.v<version>.bak`` beside a ledger that holds anything. Raises sqlite3.Error, OSError.

    The caller holds the write lock and has changed nothing yet, so this connection reads what is committed, and
    nobody adds to it before the migration. What an interrupted migration left is made anew.
    """
    copy = path.with_name(f"{path.name}.v{version}.bak")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as source:
        source.execute("PRAGMA wal_autocheckpoint=0")
        if not source.execute("SELECT 1 FROM journal LIMIT 1").fetchone():
            return
        with scratch_for(copy) as scratch:
            with contextlib.closing(sqlite3.connect(scratch, isolation_level=None)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE").fetchall()
            sync_file(scratch)
            copy.unlink(missing_ok=True)
            give_name(scratch, copy)
