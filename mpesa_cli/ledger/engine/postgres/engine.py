"""The engine on PostgreSQL: one schema, many machines, every write behind the lock of the chain's head.

A write begins by locking one row, so that what it reads is the newest and the chain has one writer. What it stores is
kept for certain when the block has been left (commit.py). Where the answer to COMMIT is lost, the engine connects to
whichever server takes writes now, locks the head, and looks for the mark that the transaction left: there, it was kept;
not there, it was not and never will be, since whatever follows on that server follows without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
import uuid
from math import inf
from typing import TYPE_CHECKING, Any

import psycopg

from mpesa_cli.floor.errors import LedgerBusy, MpesaError, Temporary
from mpesa_cli.ledger.engine.postgres.attentive import WRITING
from mpesa_cli.ledger.engine.postgres.commit import commit, signals_kept
from mpesa_cli.ledger.engine.postgres.connecting import (
    BACK_WITHIN_S,
    CLOCK,
    LOOK_AGAIN_S,
    TIMELINE,
    UNSAID_S,
    Connecting,
)
from mpesa_cli.ledger.engine.postgres.connection import PostgresConnection
from mpesa_cli.ledger.engine.postgres.exchange import exchanged
from mpesa_cli.ledger.engine.postgres.failures import NOT_KEPT, in_words, is_lost, unknown
from mpesa_cli.ledger.engine.postgres.shared_notes import SharedNote
from mpesa_cli.ledger.engine.postgres.tables import make_ready, too_new
from mpesa_cli.ledger.engine.postgres.timeline import Timeline
from mpesa_cli.ledger.engine.scrubbing import SCRUB_DUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.floor.world import SharedClock
    from mpesa_cli.ledger.engine.connection import Schema
    from mpesa_cli.rules.values.database import Database

LOCK_WAIT_S = 10.0
_SWEEP = "DELETE FROM commit_marks WHERE made < now() - interval '7 days'"
_DURABLE = "SELECT set_config('lock_timeout', %s, true), set_config('synchronous_commit', 'on', true)"


class PostgresEngine:
    """One schema of a database. One connection per thread; closed by :meth:`close`."""

    is_there = True  # a connection to it is open
    only_to_look = False

    def __init__(
        self, database: Database, password: Secret | None, schema: Schema, *, environment: str, timeline: Path,
        may_create: bool = True, back_within_s: float = BACK_WITHIN_S, clock: SharedClock | None = None,
    ) -> None:
        """Connect, making tables as needed. ``timeline`` is the file that remembers how new a server this machine
        has written to; ``clock`` is set right by the server's, at every write.

        Raises LedgerUnusable, LedgerBusy; LedgerUnusable ``no-ledger`` where there is none and none may be made.
        """
        self.database = database
        self.place = str(database)
        self._schema = schema
        self._timeline = Timeline(timeline)
        self._to = Connecting(database, password, self._timeline, clock, back_within_s)
        self._local = threading.local()
        self._opened: list[PostgresConnection] = []
        self._swept = False
        try:
            first = PostgresConnection(self._to.connect(), self._to.connect_again, database)
        except psycopg.Error as error:
            raise in_words(error, database) from error
        self._keep(first)
        try:
            make_ready(first, schema, environment, may_create=may_create)
        except BaseException:
            self.close()
            raise

    def told_to(self, tell: Callable[[str], object]) -> None:
        """Have ``tell`` hear of long waits."""
        self._to.tell = tell

    def connection(self) -> PostgresConnection:
        """This thread's connection, opened where it has none yet. Raises LedgerUnusable or LedgerBusy."""
        found: PostgresConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._keep(PostgresConnection(self._to.connect_again(), self._to.connect_again, self.database))
        return found

    @contextlib.contextmanager
    def transaction(self, within_s: float = inf) -> Iterator[PostgresConnection]:
        """One durable write transaction: all of it is kept when the block has been left, or none of it.

        ``within_s``: seconds to wait for other writers, if that is less than the engine would. Raises LedgerBusy or
        LedgerUnusable, and nothing was kept; LedgerUnknown where nobody could say for 30 s.
        """
        connection = self.connection()
        mark = uuid.uuid4()
        self._begin(connection, mark, min(within_s, LOCK_WAIT_S))
        connection.writes = True
        try:
            yield connection
            with signals_kept():
                self._commit(connection, mark)
                self._timeline.wrote(connection.raw.timeline)
        except BaseException:
            connection.roll_back()
            raise
        finally:
            connection.writes = False

    def _begin(self, connection: PostgresConnection, mark: uuid.UUID, may_wait_s: float) -> None:
        """Lock the head, on another server where this one went away. Nothing was written yet, so that is safe."""
        if connection.in_transaction:
            raise LedgerBusy(
                f"The ledger {self.database} is being written by this very command.",
                hint="Nothing was kept. This is a mistake of the program: please report it, with: mpesa doctor",
                code="ledger-locked",
            )
        begun, wait_s, left_s = False, min(may_wait_s, UNSAID_S), max(0.0, may_wait_s - UNSAID_S)
        until = time.monotonic() + LOCK_WAIT_S + self._to.back_within_s
        while not begun:
            try:
                self._lock(connection, mark, wait_s)
                begun = True
            except psycopg.Error as error:
                connection.roll_back()
                if isinstance(error, psycopg.errors.LockNotAvailable) and left_s:
                    self._to.tell(f"Others are writing in the ledger. Waiting for them, {may_wait_s:.0f} s at most.")
                    wait_s, left_s = left_s, 0.0
                elif not is_lost(error) or time.monotonic() >= until:
                    raise in_words(error, self.database) from error
                else:
                    connection.reopen()
            except LedgerBusy:  # its server is an old one by now
                connection.roll_back()
                connection.reopen()
            except BaseException:
                connection.roll_back()
                raise

    def _lock(self, connection: PostgresConnection, mark: uuid.UUID, may_wait_s: float) -> None:
        raw, asked_us = connection.raw, self._to.asked_us()
        # One way to the server and back. The first statement that sees a table is the lock's: what follows is newer.
        before: list[tuple[str, Any]] = [
            (f"BEGIN {WRITING}", None), *([(f"SELECT {raw.settings}", None)] if raw.settings else ()),
            (_DURABLE, (f"{max(1, round(may_wait_s * 1000))}ms",)),
        ]
        begun = exchanged(raw, [
            *before,
            ("SELECT version FROM chain_head FOR UPDATE", ()),
            (f"INSERT INTO commit_marks (mark) VALUES (%s) RETURNING {CLOCK}, {TIMELINE if raw.timeline else 0}",
             (mark,)),
            *(() if self._swept else [(_SWEEP, None)]),
        ])  # fmt: skip
        self._swept = True
        found, told = begun[len(before)].fetchone(), begun[len(before) + 1].fetchone()
        if found is None or found[0] > self._schema.latest:
            connection.roll_back()
            raise too_new(connection, found[0] if found else 0, self._schema.latest)
        assert told is not None
        server_us, raw.timeline = told
        self._timeline.check(raw.timeline, self.database)
        self._to.told(asked_us, server_us)

    def _commit(self, connection: PostgresConnection, mark: uuid.UUID) -> None:
        try:
            if commit(connection.raw, connection.held()):
                return
        except psycopg.Error as error:
            raise in_words(error, self.database) from error
        if not self._was_kept(mark):
            raise LedgerBusy(
                f"The ledger {self.database} went away while it stored something, and is back without it.",
                hint=f"{NOT_KEPT} Run the same command again",
                code="ledger-unreachable",
            )

    def _was_kept(self, mark: uuid.UUID) -> bool:
        """Whether a transaction whose COMMIT was not answered is there, once and for all. Raises LedgerUnknown."""
        until = time.monotonic() + self._to.back_within_s
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.Error, MpesaError), contextlib.closing(self._to.connect()) as raw:
                left_ms = max(1, round((until - time.monotonic()) * 1000))
                raw.begin()
                raw.execute(f"SET LOCAL lock_timeout = {left_ms}")
                raw.execute("SET LOCAL synchronous_commit = on")
                # Whoever is still waiting to commit holds this lock: who has it sees what was decided.
                raw.execute("SELECT 1 FROM chain_head FOR UPDATE")
                found = raw.execute("SELECT 1 FROM commit_marks WHERE mark = %s", (mark,)).fetchone()
                # Proves that this server may decide: one that was cut off from its standby could not keep it.
                raw.execute("INSERT INTO commit_marks (mark) VALUES (%s)", (uuid.uuid4(),))
                if commit(raw, wait_s=until - time.monotonic()):
                    self._timeline.wrote(raw.timeline)
                    return found is not None
            time.sleep(LOOK_AGAIN_S)
        raise unknown(self.database, self._to.back_within_s)

    def _keep(self, connection: PostgresConnection) -> PostgresConnection:
        self._local.connection = connection
        self._opened.append(connection)
        return connection

    def note(self, kind: str, owner: Secret, host: str) -> SharedNote:
        """A note that all machines on this database share."""
        return SharedNote(self._to.connect, kind, owner, host)

    @contextlib.contextmanager
    def alone(self, kind: str) -> Iterator[None]:
        """Be the only one, on whichever machine, who does this kind of work on the ledger. Ends with the connection.

        Raises Temporary (``batch-running``) where another does.
        """
        name = f"{self.database.schema}/{kind}"
        lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with contextlib.closing(self._to.connect_again()) as raw:
            raw.begin()  # a lock of a transaction: behind a pooler a session is not ours for longer
            raw.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            row = raw.execute("SELECT pg_try_advisory_xact_lock(%s)", (lock,)).fetchone()
            if not row or not row[0]:
                raise Temporary(
                    f"Another {kind} is at work on this ledger, on this machine or another.",
                    hint="Nothing was sent by this one. When the other has ended, run the same command again.",
                    code="batch-running",
                )
            yield

    def check_room(self) -> None:
        """Nothing: the server says so where it has no room."""

    def scrub(self) -> None:
        """Write anew every table, so that nothing is left in their files of what was erased. Waits for whoever reads.

        Raises LedgerBusy.
        """
        connection = self.connection()
        for table in connection.dialect.tables(connection):
            connection.alone(f'VACUUM FULL "{self.database.schema}"."{table}"')
        if connection.execute_once("SELECT pg_has_role(current_user, 'pg_checkpoint', 'USAGE')").fetchone()[0]:
            connection.alone("CHECKPOINT")  # else the old pages go with the server's next one, within minutes
        connection.execute_once("DELETE FROM meta WHERE key = %s", (SCRUB_DUE,))

    def search(self, digits: str) -> dict[str, int]:
        """The tables that hold these digits, each with their number. Reads all of them. Raises LedgerBusy."""
        connection = self.connection()
        counted = {table: connection.dialect.occurrences(connection, table, digits)
                   for table in connection.dialect.tables(connection)}
        return {f"{self.place}, table {table}": count for table, count in counted.items() if count}

    def free_bytes(self) -> int:
        """The room for what is stored: the server's business, who says so when it is full."""
        return 1 << 62

    def close(self) -> None:
        """Close every connection. Safe to call twice."""
        while self._opened:
            self._opened.pop().close()
        self._local = threading.local()
