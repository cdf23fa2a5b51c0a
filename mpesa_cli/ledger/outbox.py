"""The outbox: what is to be sent after a payment changed, with leases, so that two processes send nothing twice.

States: ``waiting`` (due at ``due_us``) → ``sending`` (claimed until ``lease_us``) → ``done``, ``given_up`` or
``ambiguous``. A claim whose process died becomes due again when its lease is over, unless the queue says that
a try in doubt is never repeated.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from mpesa_cli.rules.staging import Staged


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One thing to send, or sent. ``tries`` is how many tries were begun before this claim."""

    event_id: str
    queue: str
    event_type: str
    payment_id: str
    body: bytes
    created_us: int
    due_us: int
    tries: int
    state: str
    detail: str


_COLUMNS = "event_id, queue, event_type, payment_id, body, created_us, due_us, tries, state, detail"
# SQLite uses a partial index only where the query says its condition word for word.
_OPEN = "state IN ('waiting', 'sending')"
_FAILED = "state IN ('given_up', 'ambiguous')"


def put(
    connection: sqlite3.Connection, rows: Sequence[Staged], payment_id: str, at_us: int
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


def is_due(connection: sqlite3.Connection, queue: str, now_us: int) -> bool:
    """Whether a claim would find anything, without taking the write lock."""
    row = connection.execute(
        f"SELECT 1 FROM outbox WHERE queue=? AND {_OPEN} "  # noqa: S608 - fixed text
        "AND ((state='waiting' AND due_us<=?) OR (state='sending' AND lease_us<=?)) LIMIT 1",
        (queue, now_us, now_us),
    ).fetchone()
    return row is not None


def claim(
    connection: sqlite3.Connection, queue: str, now_us: int, lease_us: int, most: int, *, repeat_lost: bool
) -> list[OutboxRow]:
    """Take up to ``most`` due rows, oldest first. With ``repeat_lost`` a claim whose lease is over counts as due."""
    lost_before_us = now_us if repeat_lost else -1
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE queue=? AND {_OPEN} "  # noqa: S608 - fixed text
        "AND ((state='waiting' AND due_us<=?) OR (state='sending' AND lease_us<=?)) "
        "ORDER BY created_us, event_id LIMIT ?",
        (queue, now_us, lost_before_us, most),
    ).fetchall()
    for row in rows:
        connection.execute(
            "UPDATE outbox SET state='sending', lease_us=?, tries=tries+1 WHERE event_id=?", (now_us + lease_us, row[0])
        )
    return [OutboxRow(*row) for row in rows]


def claim_one(connection: sqlite3.Connection, event_id: str, now_us: int, lease_us: int) -> OutboxRow | None:
    """Take one row by its id, or None where it is no longer waiting and due."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE event_id=? AND state='waiting' AND due_us<=?",  # noqa: S608
        (event_id, now_us),
    ).fetchone()
    if row is None:
        return None
    connection.execute(
        "UPDATE outbox SET state='sending', lease_us=?, tries=tries+1 WHERE event_id=?", (now_us + lease_us, event_id)
    )
    return OutboxRow(*row)


def doubt_lost(connection: sqlite3.Connection, queue: str, now_us: int, detail: str) -> int:
    """Claims whose lease is over become ``ambiguous``: their process died, and nobody knows how far it came."""
    return connection.execute(
        f"UPDATE outbox SET state='ambiguous', detail=?, settled_us=? "  # noqa: S608 - fixed text
        f"WHERE queue=? AND {_OPEN} AND state='sending' AND lease_us<=?",
        (detail, now_us, queue, now_us),
    ).rowcount


def finish(
    connection: sqlite3.Connection, event_id: str, state: str, detail: str, now_us: int, message_id: str = ""
) -> None:
    """A try is over for good: ``done``, ``given_up`` or ``ambiguous``. ``message_id`` is the receiver's own, if any."""
    connection.execute(
        "UPDATE outbox SET state=?, detail=?, settled_us=?, message_id=? WHERE event_id=?",
        (state, detail, now_us, message_id, event_id),
    )


def of_message(connection: sqlite3.Connection, message_id: str) -> OutboxRow | None:
    """The row that the receiver knows under this id, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE message_id=? AND message_id<>''",  # noqa: S608 - fixed text
        (message_id,),
    ).fetchone()
    return None if row is None else OutboxRow(*row)


def merge(connection: sqlite3.Connection, other: str, into: str, detail: str, now_us: int) -> None:
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


def again(connection: sqlite3.Connection, event_id: str, detail: str, due_us: int) -> None:
    """A try failed and may be repeated from ``due_us`` on."""
    connection.execute(
        "UPDATE outbox SET state='waiting', detail=?, due_us=? WHERE event_id=?", (detail, due_us, event_id)
    )


def listed(connection: sqlite3.Connection, queue: str, states: Sequence[str], payment_id: str = "") -> list[OutboxRow]:
    """Rows of a queue in some states, oldest first; of one payment where it is named."""
    marks = ",".join("?" * len(states))
    owner = " AND payment_id=?" if payment_id else _indexed(states)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE queue=? AND state IN ({marks}){owner} ORDER BY created_us",  # noqa: S608
        (queue, *states, *([payment_id] if payment_id else [])),
    ).fetchall()
    return [OutboxRow(*row) for row in rows]


def _indexed(states: Sequence[str]) -> str:
    if set(states) <= {"waiting", "sending"}:
        return f" AND {_OPEN}"
    return f" AND {_FAILED}" if set(states) <= {"given_up", "ambiguous"} else ""
