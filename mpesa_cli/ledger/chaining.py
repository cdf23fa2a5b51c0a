"""An open write transaction, and the one way to add to the journal's chain: what all that writes stands on."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from mpesa_cli.ledger.journal_append import Tail, chain_row
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.staging import Staged
from mpesa_cli.rules.state import PaymentStatus

Stage = Callable[[PaymentStatus, Payment, int], Sequence[Staged]]
"""What a change of status sets in motion (rules/staging.py)."""


def _known() -> None:
    """Nothing is noted of this ledger that could contradict it."""


class Chaining(Reads):
    """One open write transaction that can append to the journal. ``check_known`` raises where no prompt may go out."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        environment: str,
        token_hex: Callable[[int], str],
        stage: Stage,
    ) -> None:
        """``connection`` is inside ``BEGIN IMMEDIATE`` and stays there as long as this is used."""
        self._open = connection
        self._path = path
        self._token_hex = token_hex
        self._stage = stage
        self.environment = environment
        self.check_known: Callable[[], None] = _known
        self._late_us: int | None = None
        self._tail: Tail | None = None  # nobody else can append as long as this transaction is open

    def read_late(self, now_us: int) -> None:
        """What is appended in this transaction came long before ``now_us`` (rules/staging.py, ``late``)."""
        self._late_us = now_us

    def _connection(self) -> sqlite3.Connection:
        return self._open

    def _chain(self, record: ev.Record, payment_id: str, attempt: int | None) -> None:
        self._tail = chain_row(self._open, record, payment_id, attempt, self._token_hex, self._tail)
