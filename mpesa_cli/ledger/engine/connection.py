"""Opening the SQLite file: private, durable, migrated, and every failure in words.

WAL with ``synchronous=FULL``: a commit that returned is on disk. Automatic checkpoints are off (checkpoint.py).
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.floor.files.lock import locked
from mpesa_cli.floor.installation import upgrading
from mpesa_cli.ledger.engine.failures import explained, held_by_another
from mpesa_cli.ledger.engine.file_mode import is_on_read_only_disk, open_to_look, set_up

BUSY_TIMEOUT_S = 10.0
LOOK_AGAIN_S = 0.001
UNSAID_S = 1.0  # a wait that is over sooner needs no words


Tell: TypeAlias = Callable[[str], object]
"""A function that is told what is waited for."""


class Schema(NamedTuple):
    """The tables that a ledger must have: the number of the last migration, and all of them, loaded when needed."""

    latest: int
    migrations: Callable[[], Sequence[Callable[[sqlite3.Connection], None]]]


def open_connection(
    path: Path, schema: Schema, *, environment: str, busy_timeout_s: float = BUSY_TIMEOUT_S, keep_copy: bool = True,
    tell: Tell = lambda _: None,
) -> sqlite3.Connection:
    """A connection to the ledger at ``path``, created and migrated as needed; ``keep_copy``: copied before that.

    Raises LedgerUnusable (another environment's, too new, corrupt, read-only) or LedgerBusy.
    """
    with explained(path):
        can_write = not is_on_read_only_disk(path)
        if can_write:
            _create_private(path)
            connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False)
        else:
            connection = open_to_look(path)
        try:
            if can_write:
                set_up(connection, busy_timeout_s)
            if _version(connection) != schema.latest:
                _migrate(connection, path, schema, environment, keep_copy=keep_copy, wait_s=busy_timeout_s, tell=tell)
            _check_environment(connection, path, environment)
        except BaseException:
            connection.close()
            raise
        return connection


def begin(
    connection: sqlite3.Connection, may_wait_s: float, tell: Tell = lambda _: None
) -> None:
    """Begin a write transaction, waiting for others as long as the connection may, in small steps.

    SQLite's own waiting grows to steps of 100 ms, in which the file is free again and again: measured with
    five writers, one commit in a hundred waited for 178 ms. A wait of more than a second is told. Raises what SQLite
    does.
    """
    until = time.monotonic() + may_wait_s
    told_at = time.monotonic() + UNSAID_S
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
                if time.monotonic() >= told_at:
                    told_at = until
                    tell(f"Another program is writing in the ledger. Waiting for it, {may_wait_s:.0f} s at most.")
                time.sleep(LOOK_AGAIN_S)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout={may_wait_s * 1000:.0f}")


def _create_private(path: Path) -> None:
    if path.exists():
        return
    machine.make_private_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        os.close(machine.open_private(path, new=True))
    machine.sync_folder(path.parent)  # the name of a new ledger must survive a power cut as its rows do


@contextlib.contextmanager
def lock(path: Path, *, wait_s: float, tell: Tell = lambda _: None) -> Iterator[None]:
    """The lock beside the ledger. The kernel frees it on any death, so it can't go stale.

    Raises LedgerBusy where another process holds it for longer than ``wait_s``: it may be frozen, which frees nothing.
    """
    beside, soon_s = path.with_name(path.name + ".lock"), min(wait_s, UNSAID_S)
    with contextlib.ExitStack() as stack:
        handle = stack.enter_context(locked(beside, wait_s=soon_s))
        if handle is None and wait_s > soon_s:
            tell(f"Another program is preparing the ledger. Waiting for it, {wait_s:.0f} s at most.")
            handle = stack.enter_context(locked(beside, wait_s=wait_s - soon_s))
        if handle is None:
            raise held_by_another(path)
        yield


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(
    connection: sqlite3.Connection, path: Path, schema: Schema, environment: str, *, keep_copy: bool, wait_s: float,
    tell: Tell,
) -> None:
    if (found := _version(connection)) > schema.latest:
        raise LedgerUnusable(
            f"The ledger {path} was written by a newer mpesa (format {found}; this one knows {schema.latest}).",
            hint=f"Nothing was sent or changed. Upgrade: {upgrading()}",
            code="ledger-too-new",
        )
    migrations = schema.migrations()
    with lock(path, wait_s=wait_s, tell=tell):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if keep_copy and _version(connection):
                tell("Bringing the ledger up to this version, once; a copy of it as it was is kept …")
                from mpesa_cli.ledger.engine.migration_copy import copy_before_migration

                copy_before_migration(path, _version(connection))
            for number in range(_version(connection), schema.latest):
                migrations[number](connection)
                connection.execute(f"PRAGMA user_version={number + 1}")
            connection.execute(
                "INSERT INTO meta (key, value) VALUES ('environment', ?) ON CONFLICT (key) DO NOTHING", (environment,)
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _check_environment(connection: sqlite3.Connection, path: Path, environment: str) -> None:
    found = connection.execute("SELECT value FROM meta WHERE key = 'environment'").fetchone()[0]
    if found != environment:
        raise LedgerUnusable(
            f"The ledger {path} holds {found} payments, and this profile is {environment}.",
            hint="Nothing was sent. A ledger belongs to one environment for ever: give each profile its own "
            "(key 'ledger'), then see: mpesa config show",
            code="ledger-other-environment",
        )
