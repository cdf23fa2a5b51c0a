"""The ledger on SQLite: one file, many processes, every write ``BEGIN IMMEDIATE``.

Implements :class:`mpesa_cli.ledger.ledger.Ledger`. The read path and the hot write path use sqlite3
itself; sqlite-utils, which costs 35 ms to import, is loaded only to migrate.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from mpesa_cli.errors import LedgerBusy
from mpesa_cli.ledger.chaining import Stage
from mpesa_cli.ledger.checkpoint import checkpoint_if_large
from mpesa_cli.ledger.connection import begin, explained, open_connection
from mpesa_cli.ledger.history import HistoryReads
from mpesa_cli.ledger.ledger import LedgerWrite
from mpesa_cli.ledger.writes import Write

SPACE_NEEDED_BYTES = 64 << 20


class SqliteLedger(HistoryReads):
    """A ledger in one SQLite file. One connection per thread; closed by :meth:`close`."""

    def __init__(
        self,
        path: Path,
        *,
        environment: str,
        token_hex: Callable[[int], str],
        stage: Stage = lambda before, payment, now_us: (),
        busy_timeout_s: float | None = None,
    ) -> None:
        """Open, creating and migrating as needed. Raises LedgerUnusable or LedgerBusy.

        ``stage`` says what a change of a payment's status puts into the outbox, in the same transaction.
        """
        self._stage = stage
        self._path = path
        self._token_hex = token_hex
        self._options = {} if busy_timeout_s is None else {"busy_timeout_s": busy_timeout_s}
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self.environment = environment
        self._connection()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = open_connection(self._path, environment=self.environment, **self._options)
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    @contextlib.contextmanager
    def write(self) -> Iterator[LedgerWrite]:
        """One durable write transaction."""
        connection = self._connection()
        with explained(self._path):
            begin(connection)
            try:
                yield Write(connection, self._path, self.environment, self._token_hex, self._stage)
                connection.execute("COMMIT")
            except BaseException:
                # A commit that failed half-way leaves the transaction open; one that SQLite rolled back does not.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        checkpoint_if_large(connection, self._path)

    def check_space(self) -> None:
        """Raise LedgerBusy where the disk is nearly full."""
        with explained(self._path):
            disk = os.statvfs(self._path.parent)
        if (free := disk.f_bavail * disk.f_frsize) < SPACE_NEEDED_BYTES:
            raise LedgerBusy(
                f"Only {free >> 20} MB are free where the ledger is, so the answer to a prompt might not be stored.",
                hint=f"Nothing was sent. Free some space, then run the same command again: df -h {self._path.parent}",
                code="disk-nearly-full",
            )

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        while self._opened:
            self._opened.pop().close()
        self._local = threading.local()
