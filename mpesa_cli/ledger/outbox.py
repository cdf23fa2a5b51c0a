"""The outbox: what is to be sent after a payment changed, with leases, so that two processes send nothing twice.

States: ``waiting`` (due at ``due_us``) → ``sending`` (claimed until ``lease_us``) → ``done``, ``given_up`` or
``ambiguous``. A claim whose process died becomes due again when its lease is over, unless the queue says that
a try in doubt is never repeated.
"""

from collections.abc import Sequence
from typing import Any

from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.staged_rows import put
from mpesa_cli.ledger.writes import Write
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


class Outbox:
    """Questions to the outbox. They never block a writer."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def listed(self, queue: str, states: Sequence[str], payment_id: str = "") -> list[OutboxRow]:
        """Rows of a queue in some states, oldest first; of one payment where it is named."""
        marks = ",".join("?" * len(states))
        owner = " AND payment_id=?" if payment_id else _indexed(states)
        rows = self._reads.rows(
            f"SELECT {_COLUMNS} FROM outbox WHERE queue=? AND state IN ({marks}){owner} ORDER BY created_us",
            (queue, *states, *([payment_id] if payment_id else [])),
        )
        return [_row(row) for row in rows]

    def is_due(self, queue: str, now_us: int) -> bool:
        """Whether a claim would find anything, without taking the write lock."""
        rows = self._reads.rows(
            f"SELECT 1 FROM outbox WHERE queue=? AND {_OPEN} "
            "AND ((state='waiting' AND due_us<=?) OR (state='sending' AND lease_us<=?)) LIMIT 1",
            (queue, now_us, now_us),
        )
        return bool(rows)

    def untold_unpaid(self, profile: str, since_us: int, until_us: int) -> list[str]:
        """Payments of a profile that are failed, were asked for last between the two, and were not told as unpaid;
        oldest first.
        """
        untold = (
            "p.status = 'failed' AND p.profile = ? AND NOT EXISTS (SELECT 1 FROM outbox o "
            "WHERE o.once = 'order.unpaid/' || p.payment_id) AND NOT EXISTS (SELECT 1 FROM attempts later "
            "WHERE later.payment_id = p.payment_id AND later.created_us > ?)"
        )
        rows = self._reads.rows(
            f"SELECT p.payment_id, p.created_us FROM payments p WHERE p.created_us BETWEEN ? AND ? AND {untold} "
            "UNION SELECT p.payment_id, p.created_us FROM attempts a CROSS JOIN payments p USING (payment_id) "
            f"WHERE a.number > 1 AND a.created_us BETWEEN ? AND ? AND {untold} ORDER BY created_us",
            (since_us, until_us, profile, until_us) * 2,
        )
        return [str(payment_id) for payment_id, _ in rows]

    def has_forwarded(self) -> bool:
        """Whether any event ever went to the shop's own system: where none did, nobody misses one."""
        return bool(self._reads.rows("SELECT 1 FROM outbox WHERE queue='webhook' AND state='done' LIMIT 1"))


class OutboxWrites(Outbox):
    """Changes to its rows, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def claim(
        self, queue: str, now_us: int, lease_us: int, most: int, *, repeat_lost: bool
    ) -> list[OutboxRow]:
        """Take up to ``most`` due rows, oldest first; nobody else gets them until the lease is over.

        With ``repeat_lost`` a claim whose lease is over, since its process died, counts as due.
        """
        lost_before_us = now_us if repeat_lost else -1
        rows = self._tx.execute(
            f"SELECT {_COLUMNS} FROM outbox WHERE queue=? AND {_OPEN} "
            "AND ((state='waiting' AND due_us<=?) OR (state='sending' AND lease_us<=?)) "
            "ORDER BY created_us, event_id LIMIT ?",
            (queue, now_us, lost_before_us, most),
        ).fetchall()
        for row in rows:
            self._tx.execute(
                "UPDATE outbox SET state='sending', lease_us=?, tries=tries+1 WHERE event_id=?",
                (now_us + lease_us, row[0]),
            )
        return [OutboxRow(*row) for row in rows]

    def claim_one(self, event_id: str, now_us: int, lease_us: int) -> OutboxRow | None:
        """Take one row by its id, or None where it is no longer waiting and due."""
        row = self._tx.execute(
            f"SELECT {_COLUMNS} FROM outbox WHERE event_id=? AND state='waiting' AND due_us<=?",
            (event_id, now_us),
        ).fetchone()
        if row is None:
            return None
        self._tx.execute(
            "UPDATE outbox SET state='sending', lease_us=?, tries=tries+1 WHERE event_id=?",
            (now_us + lease_us, event_id),
        )
        return OutboxRow(*row)

    def doubt_lost(self, queue: str, now_us: int, detail: str) -> int:
        """Claims whose lease is over become ``ambiguous``: their process died, and nobody knows how far it came."""
        return self._tx.execute(
            f"UPDATE outbox SET state='ambiguous', detail=?, settled_us=? "
            f"WHERE queue=? AND {_OPEN} AND state='sending' AND lease_us<=?",
            (detail, now_us, queue, now_us),
        ).rowcount

    def finish(
        self, event_id: str, state: str, detail: str, now_us: int, message_id: str = ""
    ) -> None:
        """End a row for good: ``done``, ``given_up`` or ``ambiguous``; the receiver calls it ``message_id``."""
        self._tx.execute(
            "UPDATE outbox SET state=?, detail=?, settled_us=?, message_id=? WHERE event_id=?",
            (state, detail, now_us, message_id, event_id),
        )

    def again(self, event_id: str, detail: str, due_us: int) -> None:
        """Have a row tried again from ``due_us`` on, after a try that failed."""
        self._tx.execute(
            "UPDATE outbox SET state='waiting', detail=?, due_us=? WHERE event_id=?", (detail, due_us, event_id)
        )

    def of_message(self, message_id: str) -> OutboxRow | None:
        """The row that the receiver knows under this id, or None."""
        row = self._tx.execute(
            f"SELECT {_COLUMNS} FROM outbox WHERE message_id=? AND message_id<>''",
            (message_id,),
        ).fetchone()
        return None if row is None else OutboxRow(*row)

    def put(self, rows: Sequence[Staged], payment_id: str, at_us: int) -> None:
        """Add rows by hand, as for a receipt that is sent again; what was staged before stays as it is."""
        put(self._tx.connection, rows, payment_id, at_us)


def _row(row: tuple[Any, ...]) -> OutboxRow:
    return OutboxRow(*row)


def _indexed(states: Sequence[str]) -> str:
    if set(states) <= {"waiting", "sending"}:
        return f" AND {_OPEN}"
    return f" AND {_FAILED}" if set(states) <= {"given_up", "ambiguous"} else ""
