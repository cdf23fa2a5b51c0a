"""Opening the SQLite file: private, durable, migrated, and every failure in words.

WAL with ``synchronous=FULL``: a commit that returned is on disk. Automatic checkpoints are off (checkpoint.py).
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable, MpesaError
from mpesa_cli.floor.files.lock import locked
from mpesa_cli.floor.installation import upgrading
from mpesa_cli.ledger.engine.file_mode import is_on_read_only_disk, open_to_look, set_up
from mpesa_cli.ledger.schema.migrations import LATEST, MIGRATIONS

BUSY_TIMEOUT_S = 10.0
LOOK_AGAIN_S = 0.001


def open_connection(
    path: Path, *, environment: str, busy_timeout_s: float = BUSY_TIMEOUT_S, keep_copy: bool = True
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
            if _version(connection) != LATEST:
                _migrate(connection, path, environment, keep_copy=keep_copy, wait_s=busy_timeout_s)
            _check_environment(connection, path, environment)
        except BaseException:
            connection.close()
            raise
        return connection


def begin(connection: sqlite3.Connection, may_wait_s: float) -> None:
    """Begin a write transaction, waiting for others as long as the connection may, in small steps.

    SQLite's own waiting grows to steps of 100 ms, in which the file is free again and again: measured with
    five writers, one commit in a hundred waited for 178 ms. Raises what SQLite does.
    """
    until = time.monotonic() + may_wait_s
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
                time.sleep(LOOK_AGAIN_S)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout={may_wait_s * 1000:.0f}")


class explained:  # noqa: N801 - used as a function is
    """Turn SQLite's and the file system's failures into ours, cause kept, for the length of a block.

    A class, because a generator costs four times as much, and every question to the ledger goes through here.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        """``path`` is the ledger's, for the words."""
        self._path = path

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Raise LedgerBusy or LedgerUnusable in the place of what SQLite or the system raised."""
        if isinstance(error, sqlite3.Error):
            raise _in_words(error, self._path) from error
        if isinstance(error, OSError):
            raise _not_opened(error, self._path) from error


def _not_opened(error: OSError, path: Path) -> MpesaError:
    return LedgerUnusable(
        f"The ledger {path} can't be opened: {error.strerror}.",
        hint=f"Nothing was sent. Make the folder writable for you, or name another place: "
        f"MPESA_HOME=<folder> mpesa … (now: ls -ld {path.parent})",
        code="ledger-read-only" if isinstance(error, PermissionError) else "ledger-unusable",
    )


def _create_private(path: Path) -> None:
    if path.exists():
        return
    machine.make_private_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        os.close(machine.open_private(path, new=True))
    machine.sync_file(path.parent)  # the name of a new ledger must survive a power cut as its rows do


@contextlib.contextmanager
def lock(path: Path, *, wait_s: float) -> Iterator[None]:
    """The lock beside the ledger. The kernel frees it on any death, so it can't go stale.

    Raises LedgerBusy where another process holds it for longer than ``wait_s``: it may be frozen, which frees nothing.
    """
    with locked(path.with_name(path.name + ".lock"), wait_s=wait_s) as handle:
        if handle is None:
            raise _held(path)
        yield


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(
    connection: sqlite3.Connection, path: Path, environment: str, *, keep_copy: bool, wait_s: float
) -> None:
    if (found := _version(connection)) > LATEST:
        raise LedgerUnusable(
            f"The ledger {path} was written by a newer mpesa (format {found}; this one knows {LATEST}).",
            hint=f"Nothing was sent or changed. Upgrade: {upgrading()}",
            code="ledger-too-new",
        )
    with lock(path, wait_s=wait_s):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if keep_copy and _version(connection):
                from mpesa_cli.ledger.engine.migration_copy import copy_before_migration

                copy_before_migration(path, _version(connection))
            for number in range(_version(connection), LATEST):
                MIGRATIONS[number](connection)
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


def _held(path: Path) -> LedgerBusy:
    return LedgerBusy(
        f"Another process has kept the ledger {path} locked for too long.",
        hint="Try the same command again in a moment; if it stays so, see who holds it: fuser " + str(path),
        code="ledger-locked",
    )


def _in_words(error: sqlite3.Error, path: Path) -> MpesaError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return _held(path)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return LedgerBusy(
            f"The ledger {path} could not be written: {error}.",
            hint=f"Free some space, then run the same command again: df -h {path.parent}",
            code="disk-full" if code == sqlite3.SQLITE_FULL else "disk-error",
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return LedgerUnusable(
            f"The ledger {path} is damaged: {error}.",
            hint="Nothing was sent. Do not delete it: copy it aside, then restore the last backup: "
            f"cp {path} {path}.damaged",
            code="ledger-corrupt",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return LedgerUnusable(
            f"The ledger {path} can't be written: {error}.",
            hint=f"Make it writable for you: ls -l {path.parent}",
            code="ledger-read-only",
        )
    if str(error).startswith("no such"):
        kept = sorted(path.parent.glob(f"{path.name}.v*.bak"))
        return LedgerUnusable(
            f"The ledger {path} is not made as this program expects: {error}.",
            hint="Nothing more was stored. "
            + (f"It was copied before the last upgrade. To go back, move it aside, then: mpesa restore {kept[-1]}"
               if kept else "Restore the last backup: mpesa restore FILE"),
            code="ledger-shape",
        )  # fmt: skip
    return LedgerUnusable(
        f"The ledger {path} failed: {error}.",
        hint="Nothing more was stored. See: mpesa config show",
        code="ledger-failed",
    )
