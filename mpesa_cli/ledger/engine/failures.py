"""Failures of SQLite and of the file system in our words, their cause kept."""

import sqlite3
from pathlib import Path

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable, MpesaError
from mpesa_cli.ledger.engine.sqlite_dialect import MOVED


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
    from mpesa_cli.floor.machine import commands

    return LedgerUnusable(
        f"The ledger {path} can't be opened: {error.strerror}.",
        hint=f"Nothing was sent. Make the folder writable for you, or name another place: "
        f"{commands.with_variable('MPESA_HOME', '<folder>', 'mpesa …')} (now: {commands.look_at_folder(path.parent)})",
        code="ledger-read-only" if isinstance(error, PermissionError) else "ledger-unusable",
    )


def held_by_another(path: Path) -> LedgerBusy:
    """The error where another process keeps the ledger to itself."""
    from mpesa_cli.floor.machine import commands

    return LedgerBusy(
        f"Another process has kept the ledger {path} locked for too long.",
        hint="Try the same command again in a moment; if it stays so, see who holds it: "
        + commands.who_holds(path),
        code="ledger-locked",
    )


def moved(said: str) -> LedgerUnusable:
    """The error where a ledger's payments were moved elsewhere; ``said`` names the place."""
    return LedgerUnusable(
        f"Nothing can be written here: {said}.",
        hint="Nothing was stored or sent. Name that place in the profile (key 'ledger'), then: mpesa config check",
        code="ledger-moved",
    )


def _in_words(error: sqlite3.Error, path: Path) -> MpesaError:
    from mpesa_cli.floor.machine import commands

    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return held_by_another(path)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return LedgerBusy(
            f"The ledger {path} could not be written: {error}.",
            hint=f"Free some space, then run the same command again: {commands.room(path.parent)}",
            code="disk-full" if code == sqlite3.SQLITE_FULL else "disk-error",
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return LedgerUnusable(
            f"The ledger {path} is damaged: {error}.",
            hint="Nothing was sent. Do not delete it: copy it aside, then restore the last backup: "
            f"{commands.copy(path, f'{path}.damaged')}",
            code="ledger-corrupt",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return LedgerUnusable(
            f"The ledger {path} can't be written: {error}.",
            hint=f"Make it writable for you: {commands.look(path.parent)}",
            code="ledger-read-only",
        )
    if str(error).startswith(MOVED):
        return moved(str(error))
    if str(error).startswith("no such"):
        kept = sorted(path.parent.glob(f"{path.name}.v*.bak"))
        return LedgerUnusable(
            f"The ledger {path} is not made as this program expects: {error}.",
            hint="Nothing more was stored. "
            + (f"It was copied before the last upgrade. To go back, move it aside, then: mpesa restore {kept[-1]}"
               if kept else "Restore the last backup: mpesa restore FILE"),
            code="ledger-shape",
        )
    return LedgerUnusable(
        f"The ledger {path} failed: {error}.",
        hint="Nothing more was stored. See: mpesa config show",
        code="ledger-failed",
    )
