"""The time at which the whole ledger was found in order last: by `audit verify`, a backup or `doctor --whole`."""

from contextlib import suppress
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.reads import Reads

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger

DUE_AFTER_DAYS = 7
DAY_US = 24 * 3_600 * SECOND_US
_KEY = "whole_checked_us"  # in the table meta


def note_whole(ledger: "Ledger", now_us: int) -> None:
    """Note that a check of the whole ledger passed. Where it can't be written just now, nothing is noted."""
    with suppress(LedgerBusy, LedgerUnusable), ledger.write() as tx:
        tx.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (_KEY, str(now_us)),
        )


def last_whole_us(reads: Reads) -> int | None:
    """The time of the last whole check that passed; None where none ever did."""
    rows = reads.rows("SELECT value FROM meta WHERE key = ?", (_KEY,))
    return int(str(rows[0][0])) if rows else None


def unchecked_days(reads: Reads, now_us: int) -> int:
    """For how many days nobody has checked the whole ledger: since the last check, else since its first row."""
    since = last_whole_us(reads)
    if since is None:
        rows = reads.rows("SELECT at_us FROM journal WHERE seq > 0 ORDER BY seq LIMIT 1")
        since = int(str(rows[0][0])) if rows else now_us
    return max(0, now_us - since) // DAY_US
