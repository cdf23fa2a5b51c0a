"""Bodies that came while the ledger's database was away: on this machine's disk, answered, and handed in later.

Daraja sends a callback once, and a database takes half a minute to put a standby in its place. What is handed in
twice, or was stored after all, is folded into the first as any repeat is.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from typing import TYPE_CHECKING, TypeAlias

from mpesa_cli.floor import machine
from mpesa_cli.listener.intake.deliveries import C2bDelivery, ResultDelivery, SmsReport, StkDelivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mpesa_cli.listener.intake.deliveries import Delivery

MAX_BYTES = 64 << 20
SHARE_BYTES = 16 << 20
"""What one address may fill: anybody can make up an address that looks like ours."""
ROW_BYTES = 512  # what a row takes besides its body
HANDED_IN_AT_ONCE = 64

Kept: TypeAlias = "tuple[int, Delivery]"
"""A delivery with its number in the spool."""


class Spool:
    """The spool of one ledger on this machine. Made where something is to be kept; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """``path`` is a file that need not exist."""
        self._path = path
        self._turn = threading.Lock()

    def keep(self, deliveries: Sequence[Delivery], now_us: int) -> list[bool]:
        """Keep deliveries in one durable transaction; of each whether it is on disk now.

        A validation is not kept: it asks, and nobody waits for a later answer.
        """
        rows = [_row(each) for each in deliveries]
        try:
            with self._turn, contextlib.closing(self._opened()) as spool:
                spool.execute("BEGIN IMMEDIATE")
                kept = [row is not None and self._add(spool, row, now_us) for row in rows]
                spool.execute("COMMIT")
                return kept
        except (sqlite3.Error, OSError):
            return [False] * len(rows)

    def waiting(self) -> list[Kept]:
        """The oldest that are kept, some at a time."""
        if not self._path.exists():
            return []
        with contextlib.suppress(sqlite3.Error, OSError), self._turn, contextlib.closing(self._opened()) as spool:
            rows = spool.execute(
                "SELECT number, kind, channel, secret_hash, body, peer FROM kept ORDER BY number LIMIT ?",
                (HANDED_IN_AT_ONCE,),
            ).fetchall()
            return [(number, _delivery(*rest)) for number, *rest in rows]
        return []

    def count(self) -> int:
        """The number that is kept; 0 where there is no spool."""
        if not self._path.exists():
            return 0
        with contextlib.suppress(sqlite3.Error, OSError), self._turn, contextlib.closing(self._opened()) as spool:
            return int(spool.execute("SELECT count(*) FROM kept").fetchone()[0])
        return 0

    def remove(self, numbers: Sequence[int]) -> bool:
        """Take away those that the ledger has. Where that fails they are handed in again, which changes nothing."""
        with contextlib.suppress(sqlite3.Error, OSError), self._turn, contextlib.closing(self._opened()) as spool:
            spool.execute("BEGIN IMMEDIATE")
            spool.executemany("DELETE FROM kept WHERE number = ?", [(number,) for number in numbers])
            spool.execute("COMMIT")
            return True
        return False

    def _add(self, spool: sqlite3.Connection, row: tuple[str, str, str, bytes, str], now_us: int) -> bool:
        size, peer = len(row[3]) + ROW_BYTES, row[4]
        used, of_peer = spool.execute(
            "SELECT coalesce(sum(size), 0), coalesce(sum(size) FILTER (WHERE peer = ?), 0) FROM kept", (peer,)
        ).fetchone()
        if used + size > MAX_BYTES or of_peer + size > SHARE_BYTES:
            return False
        spool.execute(
            "INSERT INTO kept (kind, channel, secret_hash, body, peer, size, kept_us) VALUES (?,?,?,?,?,?,?)",
            (*row, size, now_us),
        )
        return True

    def _opened(self) -> sqlite3.Connection:
        machine.make_private_folder(self._path.parent)
        with contextlib.suppress(FileExistsError):
            os.close(machine.open_private(self._path, new=True))
        spool = sqlite3.connect(self._path, timeout=2.0, isolation_level=None)
        try:
            # A rollback journal: what was handed in is then overwritten, and customers' numbers do not stay.
            for setting in ("journal_mode=DELETE", "synchronous=EXTRA", "secure_delete=ON"):
                spool.execute(f"PRAGMA {setting}").fetchall()
            spool.execute(
                "CREATE TABLE IF NOT EXISTS kept (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
                "channel TEXT NOT NULL, secret_hash TEXT NOT NULL, body BLOB NOT NULL, peer TEXT NOT NULL, "
                "size INTEGER NOT NULL, kept_us INTEGER NOT NULL) STRICT"
            )
        except BaseException:
            spool.close()
            raise
        return spool


def _row(delivery: Delivery) -> tuple[str, str, str, bytes, str] | None:
    match delivery:
        case StkDelivery(token_hash, body, peer):
            return "stk", "", token_hash, body, peer
        case C2bDelivery("confirmation", secret_hash, body, peer):
            return "c2b", "confirmation", secret_hash, body, peer
        case ResultDelivery(channel, token_hash, body, peer):
            return "result", channel, token_hash, body, peer
        case SmsReport(secret_hash, body, peer):
            return "sms", "", secret_hash, body, peer
        case _:
            return None  # a validation, or somebody without our secret


def _delivery(kind: str, channel: str, secret_hash: str, body: bytes, peer: str) -> Delivery:
    match kind:
        case "stk":
            return StkDelivery(secret_hash, body, peer)
        case "c2b":
            return C2bDelivery("confirmation", secret_hash, body, peer)
        case "result":
            return ResultDelivery("timeout" if channel == "timeout" else "result", secret_hash, body, peer)
        case _:
            return SmsReport(secret_hash, body, peer)
