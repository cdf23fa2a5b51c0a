"""Appending one row to the journal's chain: the one place that does, in a write transaction or a migration."""

import sqlite3
from collections.abc import Callable

from mpesa_cli.ledger.journal import GENESIS, canonical, private_digest, row_hash
from mpesa_cli.rules import evidence as ev


def chain_row(
    connection: sqlite3.Connection, record: ev.Record, payment_id: str, attempt: int | None,
    token_hex: Callable[[int], str],
) -> None:  # fmt: skip
    """Append one row to the journal, inside the transaction that ``connection`` has open."""
    last = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    facts = canonical(record.facts)
    key = token_hex(16) if record.private else ""
    digest = private_digest(key, record.private)
    hashed = row_hash(
        seq=seq, at_us=record.at_us, kind=record.kind, payment_id=payment_id, attempt=attempt,
        facts=facts, digest=digest, previous=previous,
    )  # fmt: skip
    connection.execute(
        "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)",
        (seq, record.at_us, record.kind, payment_id, attempt, facts, digest, previous, hashed),
    )
    if record.private:
        connection.execute("INSERT INTO journal_private VALUES (?,?,?)", (seq, key, canonical(record.private)))
