"""Backup: a copy of the ledger at one moment, read back and proven before it gets its name."""

import contextlib
import sqlite3
from pathlib import Path

from mpesa_cli.floor.errors import Conflict, InvalidInput, LedgerBusy
from mpesa_cli.floor.machine import commands, give_name
from mpesa_cli.floor.progress import Told, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.anchor import Head, head_of
from mpesa_cli.ledger.engine.copying import copy_into, scratch_for
from mpesa_cli.ledger.engine.sqlite_dialect import SQLITE
from mpesa_cli.ledger.ledger_file import LedgerFile
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.upkeep.audit import Audited, audited


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was written: its size, the head it holds, and the flaws of the ledger it was made of."""

    path: Path
    size_bytes: int
    head: Head
    audit: Audited


def backup(ledger: Reads, target: Path, told: Told = unheard) -> BackedUp:
    """Write a verified copy of the ledger to ``target``, a new file. Payments go on meanwhile.

    Raises Conflict where the file exists, InvalidInput where it can't be written, LedgerBusy where the disk fills up or
    the copy is not what was read. Then there is no file. A ledger that is not whole is copied all the same, and
    ``audit`` says what is wrong: such a copy is evidence.
    """
    if target.exists():
        raise _exists(target)
    try:
        with scratch_for(target) as scratch:
            with ledger.snapshot():
                head = head_of(ledger)
                _written(ledger, scratch, target, told)
            audit = _proven(ledger, scratch, target, head, told)
            size_bytes = scratch.stat().st_size
            give_name(scratch, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError as refused:
        raise InvalidInput(
            f"{target} can't be written: {refused.strerror}.",
            hint="There is no backup. Choose another place: mpesa backup FILE",
            code="file-unwritable",
        ) from refused
    return BackedUp(target, size_bytes, head, audit)


def _written(ledger: Reads, scratch: Path, target: Path, told: Told) -> None:
    try:
        if ledger.dialect is SQLITE:
            copy_into(ledger, scratch, told)
        else:
            from mpesa_cli.ledger.engine.postgres.moving import into_file

            into_file(ledger._connection(), scratch)
    except sqlite3.Error as failed:
        raise LedgerBusy(
            f"{target} could not be written: {failed}.",
            hint=f"There is no backup. Free some space there ({commands.room(target.parent)}), then: mpesa backup FILE",
            code="backup-failed",
        ) from failed


def _proven(ledger: Reads, scratch: Path, target: Path, head: Head, told: Told) -> Audited:
    with contextlib.closing(LedgerFile(scratch)) as copy:
        found, same_head = audited(copy, told=told), head_of(copy) == head
    if same_head and (found.whole or not audited(ledger).whole):
        return found
    what = f" {found.words[0]}" if found.words else ""
    raise LedgerBusy(
        f"What was written to {target} could not be read back as it was.{what}",
        hint="There is no backup, and the ledger is as it was. Try another disk: mpesa backup FILE",
        code="backup-failed",
    )


def _exists(target: Path) -> Conflict:
    return Conflict(
        f"{target} exists already, and was left as it is.",
        hint="A backup never takes the place of another file. Choose another name: mpesa backup FILE",
        code="file-exists",
    )
