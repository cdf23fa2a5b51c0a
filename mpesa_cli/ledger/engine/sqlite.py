"""The engine on SQLite: one file, many processes, every write ``BEGIN IMMEDIATE``.

It connects, migrates, gives one durable write transaction and knows the file; of payments it knows nothing. Plain
sqlite3: sqlite-utils, which costs 35 ms to import, is loaded only to migrate.
"""

import contextlib
import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.run_lock import only_batch
from mpesa_cli.ledger.engine.checkpoint import checkpoint_if_large, log_bytes
from mpesa_cli.ledger.engine.connection import BUSY_TIMEOUT_S, Schema, begin, open_connection
from mpesa_cli.ledger.engine.failures import explained
from mpesa_cli.ledger.engine.file_mode import is_on_read_only_disk, is_write_ahead

if TYPE_CHECKING:
    from mpesa_cli.floor.files.shared_file import Notes


class SqliteEngine:
    """One SQLite file. One connection per thread; closed by :meth:`close`."""

    note: "Notes | None" = None  # processes of one machine share small files (floor/files/shared_file.py)

    def __init__(
        self, path: Path, schema: Schema, *, environment: str, busy_timeout_s: float = BUSY_TIMEOUT_S,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Open, creating and migrating as needed; ``tell`` hears of long waits. Raises LedgerUnusable or LedgerBusy."""
        self.path = path
        self.environment = environment
        self._schema = schema
        self._busy_timeout_s = busy_timeout_s
        self._tell = tell
        self._turn = threading.Lock()
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self.connection()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened where it has none yet. Raises LedgerUnusable or LedgerBusy."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = open_connection(
                self.path, self._schema, environment=self.environment, busy_timeout_s=self._busy_timeout_s,
                tell=self._tell,
            )
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    @contextlib.contextmanager
    def transaction(self, within_s: float = inf) -> Iterator[sqlite3.Connection]:
        """One durable write transaction: all of it is on disk when the block has been left, or none of it.

        ``within_s``: seconds to wait for other writers, if that is less than the engine would. Raises LedgerBusy or
        LedgerUnusable; then nothing was kept.
        """
        connection = self.connection()
        with self._in_turn(min(within_s, self._busy_timeout_s)) as may_wait_s, explained(self.path):
            begin(connection, may_wait_s, self._tell)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A commit that failed half-way leaves the transaction open; one that SQLite rolled back does not.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        checkpoint_if_large(connection, self.path)

    @contextlib.contextmanager
    def _in_turn(self, most_s: float) -> Iterator[float]:
        """Let the threads of this process queue up, and give how long to wait for other processes.

        Without it each asks for the file's lock every millisecond: with 32 of them a payment was measured costing
        twice the processor time (bench/api.py --clients 32).
        """
        if getattr(self._local, "writing", False):
            # SQLite refuses a transaction inside another; we would wait for ourselves.
            yield 0.0
            return
        is_first = self._turn.acquire(timeout=most_s)
        self._local.writing = True
        try:
            yield most_s if is_first else 0.0
        finally:
            self._local.writing = False
            if is_first:
                self._turn.release()

    @contextlib.contextmanager
    def alone(self, kind: str) -> Iterator[None]:
        """Be the only process that does this kind of work on the ledger. Raises Temporary (``batch-running``)."""
        with only_batch(self.path, kind):
            yield

    def free_bytes(self) -> int:
        """The room that is left on the disk of the file, in bytes. Raises LedgerUnusable."""
        with explained(self.path):
            if is_on_read_only_disk(self.path):
                raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))
            return machine.free_bytes(self.path.parent)

    def check_room(self) -> None:
        """Raise LedgerBusy where the disk has no room to write the file anew."""
        from mpesa_cli.ledger.engine.scrubbing import check_room

        check_room(self.path)

    def scrub(self) -> None:
        """Write the file anew, so that nothing is left in it of what was erased. Raises LedgerBusy."""
        from mpesa_cli.ledger.engine.scrubbing import scrub

        scrub(self.path, self.connection())

    def search(self, digits: str) -> dict[str, int]:
        """The files of the ledger that hold these digits, each with their number."""
        from mpesa_cli.ledger.engine.scrubbing import search

        return search(self.path, digits)

    @property
    def place(self) -> str:
        """The file's path, for people."""
        return str(self.path)

    @property
    def is_there(self) -> bool:
        """Whether the file is still there."""
        return self.path.exists()

    @property
    def is_write_ahead(self) -> bool:
        """Whether its readers and writers don't block each other (file_mode.py)."""
        return self.only_to_look or is_write_ahead(self.connection())

    @property
    def log_bytes(self) -> int:
        """The length of its write-ahead log."""
        return log_bytes(self.path)

    @property
    def only_to_look(self) -> bool:
        """Whether nothing can be written: the file is on a disk that is read only."""
        return is_on_read_only_disk(self.path)

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        while self._opened:
            self._opened.pop().close()
        self._local = threading.local()
