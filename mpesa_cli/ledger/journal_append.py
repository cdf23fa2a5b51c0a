"""Appending one row to the journal's chain: the one place that does, in a write transaction or a migration."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mpesa_cli.ledger.journal import GENESIS, canonical, private_digest, row_hash
from mpesa_cli.rules import evidence as ev

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection

Tail: TypeAlias = tuple[int, str]
"""The number and the hash of the journal's last row."""


def chain_row(
    connection: "Connection", record: ev.Record, payment_id: str, attempt: int | None,
    token_hex: Callable[[int], str], tail: Tail | None = None,
) -> Tail:
    """Append one row to the journal, inside the transaction that ``connection`` has open. Returns the new tail.

    ``tail`` is what the same transaction appended last; where it is None, it is looked up.
    """
    last, previous = tail or _tail_of(connection)
    seq = last + 1
    facts = canonical(record.facts)
    key = token_hex(16) if record.private else ""
    digest = private_digest(key, record.private)
    hashed = row_hash(
        seq=seq, at_us=record.at_us, kind=record.kind, payment_id=payment_id, attempt=attempt,
        facts=facts, digest=digest, previous=previous,
    )
    connection.execute(
        "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?)",
        (seq, record.at_us, record.kind, payment_id, attempt, facts, digest, previous, hashed),
    )
    if record.private:
        connection.execute("INSERT INTO journal_private VALUES (?,?,?)", (seq, key, canonical(record.private)))
    return seq, hashed


def _tail_of(connection: "Connection") -> Tail:
    last = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return (last[0], last[1]) if last else (0, GENESIS)
