"""SQLite as the machine's processes meet it: each transaction's begin and commit is a point, waiting is virtual, and
the disk can be full. A process dies without its files being flushed; power cuts are another battery's. Not a test.
"""

import contextlib
import functools
import sqlite3
from collections.abc import Iterator
from typing import Any

from baton import Baton

from mpesa_cli.ledger.engine import connection as opening

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
LOOK_AGAIN_S = 2.5


class Disk:
    """What the machine knows of all open ledgers of one history."""

    def __init__(self, baton: Baton) -> None:
        self.baton = baton
        self.full_for = 0  # so many commits find the disk full
        self.blocked: list[tuple[str, str]] = []  # commands that waited in vain, and who was in their way

    def connection(self, *args: Any, timeout: float = 5.0, **more: Any) -> sqlite3.Connection:
        """``sqlite3.connect``."""
        disk = self

        class Played(sqlite3.Connection):
            wait_s = timeout
            begins_reading = False

            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                return disk.execute(self, sql, *parameters)

        return sqlite3.connect(*args, timeout=0, factory=Played, **more)

    def execute(self, connection: Any, sql: str, *parameters: Any) -> sqlite3.Cursor:
        word = sql[:16]
        plain = super(type(connection), connection).execute
        if word.startswith("PRAGMA busy_time"):
            connection.wait_s = int(sql.partition("=")[2] or 0) / 1000
            return plain("PRAGMA busy_timeout=0")
        if word.startswith("PRAGMA synchrono"):
            return plain("PRAGMA synchronous=OFF")
        process = self.baton.process
        if sql == "BEGIN IMMEDIATE":
            self.baton.point("before a transaction")
            cursor = self._patiently(connection, plain, sql)
            if process is not None:
                process.writing += 1
            self.baton.point("in a transaction")
            return cursor
        if sql == "COMMIT":
            self.baton.point("before a commit")
            if self.full_for > 0 and connection.in_transaction:
                self.full_for -= 1
                raise _full()
            cursor = self._patiently(connection, plain, sql)
            if process is not None:
                process.writing = max(0, process.writing - 1)
            self.baton.point("after a commit")
            return cursor
        if sql == "ROLLBACK":
            if process is not None:
                process.writing = max(0, process.writing - 1)
            return plain(sql)
        cursor = self._patiently(connection, plain, sql, *parameters)
        if sql == "BEGIN":
            connection.begins_reading = True
        elif connection.begins_reading:  # SQLite takes its snapshot with the first question
            connection.begins_reading = False
            self.baton.point("in a reading")
        return cursor

    def _patiently(self, connection: Any, plain: Any, sql: str, *parameters: Any) -> sqlite3.Cursor:
        """As SQLite waits for locks, but on the machine's clock."""
        until_us = self.baton.true_us + round(connection.wait_s * 1e6)
        while True:
            try:
                return plain(sql, *parameters)  # type: ignore[no-any-return]
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY or self.baton.true_us >= until_us:
                    self._note(error, sql)
                    raise
            self.baton.sleep(LOOK_AGAIN_S)

    def _note(self, error: sqlite3.OperationalError, sql: str) -> None:
        if error.sqlite_errorcode & 0xFF in _BUSY and sql == "COMMIT":
            process = self.baton.process
            # A commit that holds its turn waits for nobody but a reader.
            self.blocked.append((process.name if process else "the listener", self._stopped()))

    def _stopped(self) -> str:
        return ", ".join(f"{p.name} stopped {p.passed}" for p in self.baton.processes if p.stopped) or "nobody"


class _Sqlite:
    """The module ``sqlite3`` for the ledger's opening."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> Any:
        return self._disk.connection if name == "connect" else getattr(sqlite3, name)


@contextlib.contextmanager
def installed(disk: Disk) -> Iterator[None]:
    """Ledgers are opened on this disk for as long as the block runs."""
    before = opening.sqlite3, opening.locked, opening.LOOK_AGAIN_S
    opening.sqlite3 = _Sqlite(disk)  # type: ignore[assignment]
    # Whoever waits for the ledger's lock lets the machine's time pass.
    opening.locked = functools.partial(opening.locked, sleep=disk.baton.sleep)
    opening.LOOK_AGAIN_S = LOOK_AGAIN_S
    try:
        yield
    finally:
        opening.sqlite3, opening.locked, opening.LOOK_AGAIN_S = before


def _full() -> sqlite3.OperationalError:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode, full.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
    return full
