"""Failures of PostgreSQL in our words, their cause kept."""

import psycopg

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnknown, LedgerUnusable, MpesaError
from mpesa_cli.ledger.engine.failures import moved
from mpesa_cli.ledger.engine.sqlite_dialect import MOVED
from mpesa_cli.rules.values.database import Database

_BUSY = frozenset({"55P03", "40001", "40P01", "57014", "25P03", "25P04"})
_DISK = frozenset({"53100", "58030"})
_NOT_THE_SAME = ("26000", "42P05", "55000")  # another session than we thought; a standby that is being promoted
_NOT_NOW = ("08", "57P", "53", "25006", *_NOT_THE_SAME)
_NOT_ALLOWED = ("28", "3D000", "42501")
NOT_KEPT = "Nothing was stored just now."
"""What is true of each failure here. What the same command had stored before it, stays."""


def is_lost(error: BaseException) -> bool:
    """Whether the server went away, or is not the one that takes writes: another may take its place in a moment."""
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith(("08", "57P", "25006", "25P03", *_NOT_THE_SAME))


def in_words(error: psycopg.Error, database: Database) -> MpesaError:
    """The error for a person. What was being written when it came was not kept."""
    state = error.sqlstate or ""
    said = (error.diag.message_primary or str(error).partition("\n")[0]).strip().rstrip(".")
    if said.startswith(MOVED):
        return moved(said)
    if state in _BUSY:
        return LedgerBusy(
            f"The ledger {database} was held by others for too long ({said}).",
            hint=f"{NOT_KEPT} Try the same command again in a moment; if it stays so: mpesa doctor",
            code="ledger-locked",
        )
    if state in _DISK:
        return LedgerBusy(
            f"The ledger {database} could not be written: {said}.",
            hint=f"{NOT_KEPT} Free some space on the database's disk, then run the same command again",
            code="disk-full",
        )
    if state.startswith(_NOT_ALLOWED) or "password" in said or "authentication" in said:
        return LedgerUnusable(
            f"The ledger {database} refuses us: {said}.",
            hint="Nothing was sent. Its password is the secret ledger-password: mpesa secrets set ledger-password",
            code="ledger-refused",
        )
    if not state or state.startswith(_NOT_NOW):
        return LedgerBusy(
            f"The ledger {database} can't be reached: {said}.",
            hint=f"{NOT_KEPT} Try the same command again in a minute; if it stays so: mpesa doctor",
            code="ledger-unreachable",
        )
    return LedgerUnusable(
        f"The ledger {database} failed: {said}.",
        hint="Nothing more was stored. See: mpesa config show",
        code="ledger-failed",
    )


def unknown(database: Database, seconds: float) -> LedgerUnknown:
    """The error where nobody could say for so long whether a change was kept."""
    return LedgerUnknown(
        f"The ledger {database} went away while it stored something, and did not come back in {seconds:.0f} s.",
        hint="Whether it was stored is not known; nothing further was sent. When it is back: mpesa doctor",
    )


def is_behind(database: Database, found: int, known: int) -> LedgerBusy:
    """The error where an old primary answers: what was paid since the failover is not in it."""
    return LedgerBusy(
        f"The ledger {database} is an old one: its timeline is {found}, and this machine has written to {known}.",
        hint="Nothing was sent. Another server has taken its place: shut the old one down, then: mpesa doctor",
        code="ledger-old-primary",
    )
