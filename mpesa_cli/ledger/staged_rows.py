"""Rows that a payment's change puts into the outbox: written in the transaction of the evidence."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mpesa_cli.rules.staging import Staged

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection


def put(
    connection: "Connection", rows: Sequence[Staged], payment_id: str, at_us: int
) -> None:
    """Add rows inside an open transaction; what was staged before stays as it is.

    The id follows from what happened: the same thing has the same id on every try, for receivers to fold.
    """
    for row in rows:
        connection.execute(
            "INSERT INTO outbox (event_id, queue, event_type, once, payment_id, body, created_us, due_us) "
            "VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (once) DO NOTHING",
            (event_id(row.once), row.queue, row.event_type, row.once, payment_id, row.body, at_us, at_us),
        )


def event_id(once: str) -> str:
    """One id for one thing that happened once."""
    return "evt_" + hashlib.sha256(once.encode()).hexdigest()[:24]


def merge(connection: "Connection", other: str, into: str, detail: str, now_us: int) -> None:
    """Two payments turned out to be one: what was staged once for each of them in ``sms`` is due once."""
    mine, theirs = f"sms.receipt/{into}", f"sms.receipt/{other}"
    connection.execute("UPDATE outbox SET payment_id=? WHERE queue='sms' AND payment_id=?", (into, other))
    states = dict(connection.execute("SELECT once, state FROM outbox WHERE once IN (?,?)", (mine, theirs)).fetchall())
    if mine in states and theirs in states:
        spare = theirs if states[theirs] == "waiting" else mine
        connection.execute(
            "UPDATE outbox SET state='given_up', detail=?, settled_us=? WHERE once=? AND state='waiting'",
            (detail, now_us, spare),
        )
    elif theirs in states:
        connection.execute("UPDATE outbox SET once=? WHERE once=?", (mine, theirs))
