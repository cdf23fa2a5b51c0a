"""Restore: a proven backup becomes the ledger, where there is none; and the gap that it leaves is remembered."""

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict, InvalidInput, LedgerBusy, LedgerUnusable
from mpesa_cli.floor.files.private_folder import ensure_private_dir
from mpesa_cli.floor.machine import commands, give_name, sync_file
from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.anchor import Head, head_of
from mpesa_cli.ledger.engine.connection import open_connection
from mpesa_cli.ledger.engine.copying import copy_into, scratch_for, sweep
from mpesa_cli.ledger.ledger_file import LedgerFile
from mpesa_cli.ledger.restoring import RestoreWrites
from mpesa_cli.ledger.schema.current import CURRENT
from mpesa_cli.upkeep.audit import audited

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.ledger.ledger import Ledger

_BESIDE = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class RestoredFrom:
    """The restored backup: its head, the number of its payments, and how many of them are open."""

    head: Head
    payments: int
    open: int


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a profile's ledger. ``opened`` opens a ledger of this profile at another path."""

    ledger: Path
    environment: str
    opened: "Callable[[Path], Ledger]"


def restore(file: Path, place: Place, now_us: int, told: Told = unheard) -> RestoredFrom:
    """Put a backup in the ledger's place. The backup itself is only read.

    Raises Conflict where a ledger, or a part of one, is there; InvalidInput where the file can't be read;
    LedgerUnusable where it is no whole ledger of this environment; LedgerBusy where the disk fills up. Then nothing
    was changed.
    """
    sweep(place.ledger)
    _check_free(place.ledger)
    _check_file(file)
    with contextlib.closing(LedgerFile(file)) as backup:
        if backup.environment != place.environment:
            raise LedgerUnusable(
                f"{file} holds {backup.environment} payments, and this profile is {place.environment}.",
                hint="Nothing was changed. Name the profile it belongs to: mpesa restore FILE -P NAME",
                code="ledger-other-environment",
            )
        ensure_private_dir(place.ledger.parent)
        try:
            with scratch_for(place.ledger) as scratch:
                _copied(backup, scratch, place.ledger, told)
                done = _made_ready(scratch, file, place, now_us, told)
                sync_file(scratch)
                _check_free(place.ledger)  # a listener that starts again by itself may have made a new one
                give_name(scratch, place.ledger)
        except FileExistsError:
            raise _taken(place.ledger, place.ledger) from None
        except OSError as refused:
            raise LedgerUnusable(
                f"{place.ledger} can't be written: {refused.strerror}.",
                hint=f"There is still no ledger. Look at the folder: {commands.look_at_folder(place.ledger.parent)}",
                code="ledger-read-only",
            ) from refused
    return done


def _copied(backup: LedgerFile, scratch: Path, ledger: Path, told: Told) -> None:
    try:
        copy_into(backup, scratch, told)
    except sqlite3.Error as failed:
        raise LedgerBusy(
            f"{ledger} could not be written: {failed}.",
            hint=f"There is still no ledger. Free some space there ({commands.room(ledger.parent)}), "
            "then: mpesa restore FILE",
            code="disk-error",
        ) from failed


def _made_ready(scratch: Path, file: Path, place: Place, now_us: int, told: Told) -> RestoredFrom:
    """Bring the copy up to this program's format, prove it, and note in it that it was restored."""
    open_connection(scratch, CURRENT, environment=place.environment, keep_copy=False).close()
    with contextlib.closing(place.opened(scratch)) as ledger:
        found, head = audited(ledger, told=told), head_of(ledger)
        if not found.whole:
            raise LedgerUnusable(
                f"{file} is not whole: {found.words[0]}",
                hint="Nothing was restored. Take an older backup: mpesa restore FILE",
                code="backup-not-whole",
            )
        with ledger.write() as tx:
            RestoreWrites(tx).note_restored(head.at_us or 0, now_us)
        payments = int(str(ledger.rows("SELECT count(*) FROM payments")[0][0]))
        return RestoredFrom(head, payments, len(ledger.unfinished()))


def _check_file(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            is_sqlite = opened.read(16) == b"SQLite format 3\x00"
    except OSError as refused:
        raise InvalidInput(
            f"{file} can't be read: {refused.strerror}.",
            hint="Nothing was changed. Give the file that a backup wrote: mpesa restore FILE",
            code="file-unreadable",
        ) from refused
    if not is_sqlite:
        raise InvalidInput(
            f"{file} is no backup: it is no SQLite file.",
            hint="Nothing was changed. A backup is made by: mpesa backup FILE",
            code="no-ledger",
        )
    log = Path(f"{file}-wal")
    if log.exists() and log.stat().st_size:
        raise InvalidInput(
            f"{file} is a ledger in use, or a plain copy of one: newer payments are in {log.name} beside it.",
            hint="Nothing was changed. Make a backup of it with the profile it belongs to: mpesa backup FILE",
            code="not-a-backup",
        )


def _check_free(ledger: Path) -> None:
    for end in _BESIDE:
        there = Path(f"{ledger}{end}")
        if there.exists():
            raise _taken(ledger, there)


def _taken(ledger: Path, there: Path) -> Conflict:
    aside = ledger.parent / f"{ledger.stem}-before-restore"
    return Conflict(
        f"{there} is there, and a ledger is never written over.",
        hint="Nothing was changed. Stop everything that uses it (also mpesa listen), and move all of it aside: "
        f"{commands.move_aside(ledger, aside)}",
        code="ledger-exists",
    )
