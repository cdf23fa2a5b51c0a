"""The ledger: what the rest of the program needs of durable memory.

Every write happens inside :meth:`Ledger.write`, which is one durable transaction: all of it is on disk when the
``with`` block has been left, or none of it. Money is integer cents, time integer microseconds, rows are found by
their natural keys. The file itself is the engine's (engine/sqlite.py).
"""

import contextlib
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import LedgerBusy, MpesaError
from mpesa_cli.ledger.engine.connection import BUSY_TIMEOUT_S
from mpesa_cli.ledger.engine.marker import Mark, Marker, read_mark
from mpesa_cli.ledger.engine.sender_locks import SenderLocks
from mpesa_cli.ledger.engine.sqlite import SqliteEngine
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.schema.current import CURRENT

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
    from mpesa_cli.ledger.writes import Stage, Write

SPACE_NEEDED_BYTES = 64 << 20


class Ledger(Reads):
    """A ledger that is open. Belongs to one environment for ever; closed by :meth:`close`."""

    def __init__(
        self,
        path: Path,
        *,
        environment: str,
        token_hex: Callable[[int], str],
        stage: "Stage" = lambda before, payment, now_us: (),
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        marker: Marker | None = None,
        tell: Callable[[str], object] = lambda _: None,
        engine: "PostgresEngine | None" = None,
    ) -> None:
        """Open, creating and migrating as needed. Raises LedgerUnusable or LedgerBusy.

        ``stage`` says what a change of a payment's status puts into the outbox, in the same transaction. ``marker`` is
        kept up to date; where it tells of another ledger, no prompt is recorded here. ``tell`` is told of long waits.
        """
        self.engine = engine or SqliteEngine(
            path, CURRENT, environment=environment, busy_timeout_s=busy_timeout_s, tell=tell
        )
        if engine is not None:
            engine.told_to(tell)
        super().__init__(self.engine.connection, path, environment)
        self.senders = SenderLocks(path)
        self._token_hex = token_hex
        self._stage = stage
        self._marker = marker
        self._wrote = False

    @contextlib.contextmanager
    def write(self, within_s: float = inf) -> "Iterator[Write]":
        """One durable write transaction. Raises LedgerBusy (5) or LedgerUnusable (10); then nothing was kept.

        ``within_s``: seconds to wait for other writers, if that is less than the ledger would.
        """
        from mpesa_cli.ledger.writes import Write  # whoever only looks needs nothing of how it is written

        with self.engine.transaction(within_s) as connection:
            tx = Write(connection, self.path, self.environment, self._token_hex, self._stage)
            tx.check_known = self.check_known
            yield tx
            tx.write_rows()
        self._wrote = True
        if self._marker is not None and self._marker.is_due():
            self.leave_mark()

    def alone(self, kind: str = "batch") -> "AbstractContextManager[None]":
        """Be the only one who does this kind of work on the ledger. Raises Temporary (``batch-running``)."""
        return self.engine.alone(kind)

    def check_space(self) -> None:
        """Raise LedgerBusy where the disk is nearly full, and LedgerUnusable where no prompt may go out of this one."""
        from mpesa_cli.floor.machine import commands

        self.check_known()
        if (free := self.engine.free_bytes()) < SPACE_NEEDED_BYTES:
            raise LedgerBusy(
                f"Only {free >> 20} MB are free where the ledger is, so the answer to a prompt might not be stored.",
                hint="Nothing was sent. Free some space, then run the same command again: "
                f"{commands.room(self.path.parent)}",
                code="disk-nearly-full",
            )

    @property
    def ledger_id(self) -> str:
        """The id by which this ledger and every copy of it are known."""
        return str(self.rows("SELECT value FROM meta WHERE key = 'ledger_id'")[0][0])

    def check_known(self) -> None:
        """Raise LedgerUnusable ``ledger-missing`` where this is not the ledger that is noted, or its file is gone."""
        mark = None if self._marker is None else read_mark(self._marker.file)
        if self._marker is None or mark is None:
            return
        there = self.engine.is_there
        if mark.ledger_id != self.ledger_id or not there:
            self._marker.mark = mark
            raise self._marker.missing(self.engine.place, another=there)

    def leave_mark(self, *, over_another: bool = False) -> None:
        """Note how far this ledger has come; ``over_another``: also where another one is noted in its place."""
        from mpesa_cli.ledger.journal import GENESIS

        if self._marker is None:
            return
        mark = read_mark(self._marker.file)
        own = self.ledger_id
        if mark is None or mark.ledger_id == own or over_another:
            last = self.rows("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1") or [(0, GENESIS)]
            self._marker.write(Mark(own, self.engine.place, int(str(last[0][0])), str(last[0][1])))

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        if self._wrote:
            self._wrote = False
            with contextlib.suppress(MpesaError):
                self.leave_mark()
        self.engine.close()
