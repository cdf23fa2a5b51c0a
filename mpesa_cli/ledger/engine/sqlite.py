"""The ledger on SQLite: one file, many processes, every write ``BEGIN IMMEDIATE``.

Implements :class:`mpesa_cli.ledger.ledger.Ledger`. The read path and the hot write path use sqlite3
itself; sqlite-utils, which costs 35 ms to import, is loaded only to migrate.
"""

import contextlib
import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

from mpesa_cli.floor.errors import LedgerBusy, MpesaError
from mpesa_cli.ledger.api_store import ApiReads
from mpesa_cli.ledger.book_breaks import BreakReads
from mpesa_cli.ledger.chaining import Stage
from mpesa_cli.ledger.differences import DifferenceReads
from mpesa_cli.ledger.engine.checkpoint import checkpoint_if_large, log_bytes
from mpesa_cli.ledger.engine.connection import BUSY_TIMEOUT_S, begin, explained, open_connection
from mpesa_cli.ledger.engine.file_mode import is_on_read_only_disk, is_write_ahead
from mpesa_cli.ledger.engine.marker import Mark, Marker, read_mark
from mpesa_cli.ledger.engine.sender_locks import SenderLocks
from mpesa_cli.ledger.held import HeldReads
from mpesa_cli.ledger.history import HistoryReads
from mpesa_cli.ledger.journal import GENESIS
from mpesa_cli.ledger.ledger import LedgerWrite
from mpesa_cli.ledger.requests import RequestStoreReads
from mpesa_cli.ledger.restoring import RestoredReads
from mpesa_cli.ledger.story import StoryReads
from mpesa_cli.ledger.strangers import StrangerReads
from mpesa_cli.ledger.tokens import TokenReads
from mpesa_cli.ledger.writes import Write

SPACE_NEEDED_BYTES = 64 << 20


class SqliteLedger(
    HistoryReads, ApiReads, BreakReads, DifferenceReads, HeldReads, RequestStoreReads, RestoredReads, StoryReads,
    StrangerReads,
    TokenReads,
):
    """A ledger in one SQLite file. One connection per thread; closed by :meth:`close`."""

    def __init__(
        self,
        path: Path,
        *,
        environment: str,
        token_hex: Callable[[int], str],
        stage: Stage = lambda before, payment, now_us: (),
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        marker: Marker | None = None,
    ) -> None:
        """Open, creating and migrating as needed. Raises LedgerUnusable or LedgerBusy.

        ``stage`` says what a change of a payment's status puts into the outbox, in the same transaction. ``marker`` is
        kept up to date; where it tells of another ledger, no prompt is recorded here.
        """
        self._marker = marker
        self._wrote = False
        self._stage = stage
        self._path = path
        self.senders = SenderLocks(path)
        self._token_hex = token_hex
        self._busy_timeout_s = busy_timeout_s
        self._turn = threading.Lock()
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self.environment = environment
        self._connection()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = open_connection(
                self._path, environment=self.environment, busy_timeout_s=self._busy_timeout_s
            )
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    @contextlib.contextmanager
    def write(self, within_s: float = inf) -> Iterator[LedgerWrite]:
        """One durable write transaction."""
        connection = self._connection()
        with self._in_turn(min(within_s, self._busy_timeout_s)) as may_wait_s, explained(self._path):
            begin(connection, may_wait_s)
            try:
                tx = Write(connection, self._path, self.environment, self._token_hex, self._stage)
                tx.check_known = self.check_known
                yield tx
                connection.execute("COMMIT")
            except BaseException:
                # A commit that failed half-way leaves the transaction open; one that SQLite rolled back does not.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        checkpoint_if_large(connection, self._path)
        self._wrote = True
        if self._marker is not None and self._marker.is_due():
            self.leave_mark()

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

    def free_bytes(self) -> int:
        """How much room is left on the disk of the ledger. Raises LedgerUnusable."""
        with explained(self._path):
            if is_on_read_only_disk(self._path):
                raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))
            disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

    def check_space(self) -> None:
        """Raise LedgerBusy where the disk is nearly full, and LedgerUnusable where no prompt may go out of this one."""
        self.check_known()
        if (free := self.free_bytes()) < SPACE_NEEDED_BYTES:
            raise LedgerBusy(
                f"Only {free >> 20} MB are free where the ledger is, so the answer to a prompt might not be stored.",
                hint=f"Nothing was sent. Free some space, then run the same command again: df -h {self._path.parent}",
                code="disk-nearly-full",
            )

    @property
    def path(self) -> Path:
        """Where its file is."""
        return self._path

    @property
    def is_write_ahead(self) -> bool:
        """Whether its readers and writers don't block each other (file_mode.py)."""
        return self.only_to_look or is_write_ahead(self._connection())

    @property
    def log_bytes(self) -> int:
        """How long its write-ahead log is."""
        return log_bytes(self._path)

    @property
    def ledger_id(self) -> str:
        """What this ledger and every copy of it are known by."""
        return str(self.rows("SELECT value FROM meta WHERE key = 'ledger_id'")[0][0])

    @property
    def only_to_look(self) -> bool:
        """Whether nothing can be written: the file is on a disk that is read only."""
        return is_on_read_only_disk(self._path)

    def check_known(self) -> None:
        """Raise LedgerUnusable ``ledger-missing`` where this is not the ledger that is noted, or its file is gone."""
        mark = None if self._marker is None else read_mark(self._marker.file)
        if self._marker is None or mark is None:
            return
        if mark.ledger_id != self.ledger_id or not self._path.exists():
            self._marker.mark = mark
            raise self._marker.missing(self._path)

    def leave_mark(self, *, over_another: bool = False) -> None:
        """Note how far this ledger has come; ``over_another``: also where another one is noted in its place."""
        if self._marker is None:
            return
        mark = read_mark(self._marker.file)
        own = self.ledger_id
        if mark is None or mark.ledger_id == own or over_another:
            last = self.rows("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1") or [(0, GENESIS)]
            self._marker.write(Mark(own, str(self._path), int(str(last[0][0])), str(last[0][1])))

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        if self._wrote and self._opened:
            self._wrote = False
            with contextlib.suppress(MpesaError):
                self.leave_mark()
        while self._opened:
            self._opened.pop().close()
        self._local = threading.local()
