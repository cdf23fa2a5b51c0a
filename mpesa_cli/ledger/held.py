"""Held messages on SQLite: one row each, its body here or in the table of raw callbacks."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mpesa_cli.floor.errors import Conflict, NotFound
from mpesa_cli.ledger.journal import canonical
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.held import HELD_MAX, HeldMessage, HeldState, Holding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.ledger.writes import Write

_COLUMNS = (
    "h.held_id, h.channel, h.received_us, h.held_us, h.code, h.why, h.receipt, h.amount_cents, h.shortcode, h.peer, "
    "h.callback_id, h.source, h.line, h.count, h.state, h.done_by, h.done_reason, h.done_us, h.payment_id, h.seen, "
    "h.removed_us"
)


# The money of a message that is open became a payment; or that of one that was dealt with appeared afterwards.
_BREAK = "'unknown_row-' || substr(h.source, 5, 8) || '-' || h.line"  # books/breaks.py names it so
_PAID_BY_NOW = """
    SELECT h.held_id, r.payment_id FROM held_messages h JOIN receipts r ON r.receipt = h.receipt
    JOIN attempts a ON a.payment_id = r.payment_id AND a.number = r.attempt
    WHERE h.state = 'open' AND h.seen = '' AND h.receipt <> '' AND a.paid_cents = h.amount_cents
    AND h.code <> 'foreign-shortcode'"""
_APPEARED = """
    SELECT h.held_id, 'payment' FROM held_messages h JOIN receipts r ON r.receipt = h.receipt
    WHERE h.state = 'done' AND h.seen = '' AND h.receipt <> ''
    UNION SELECT h.held_id, 'record' FROM held_messages h JOIN statement_rows s ON s.receipt = h.receipt
    JOIN statements f USING (statement_id)
    WHERE h.state = 'done' AND h.seen = '' AND h.receipt <> '' AND s.kind = 'received' AND f.read_us > h.done_us
    AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.receipt = h.receipt)"""


# A row of a file: somebody accepted the difference that names it; or the row came with another file.
_ACCEPTED = f"""
    SELECT h.held_id, a.accepted_by, a.reason FROM held_messages h JOIN accepted_breaks a ON a.break_id = {_BREAK}
    WHERE h.state = 'open' AND h.channel = 'statement'"""
_READ_BY_NOW = """
    SELECT h.held_id FROM held_messages h JOIN statement_rows s ON s.receipt = h.receipt
    WHERE h.state = 'open' AND h.channel IN ('statement', 'pull') AND h.receipt <> ''
    AND s.amount_cents = h.amount_cents"""

ALL = 1 << 62
"""More than there can be: a limit that is none."""


class Held:
    """Questions about held messages."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def message(self, held_id: str) -> HeldMessage | None:
        """The message with its body, or None."""
        rows = self._reads.rows(
            f"SELECT {_COLUMNS}, CASE WHEN h.removed_us IS NOT NULL THEN x'' "
            "WHEN h.callback_id <> '' THEN c.body ELSE h.body END FROM held_messages h "
            "LEFT JOIN callbacks c ON c.callback_id = h.callback_id AND h.callback_id <> '' WHERE h.held_id = ?",
            (held_id,),
        )
        return _message(rows[0]) if rows else None

    def waiting(self, limit: int = ALL) -> Sequence[HeldMessage]:
        """Messages that wait for somebody, oldest first."""
        return self._held("h.state = 'open' ORDER BY h.received_us, h.held_id LIMIT ?", (limit,))

    def waiting_count(self) -> int:
        """The number of messages that wait, those that were only counted too."""
        return int(
            str(self._reads.rows("SELECT coalesce(sum(count), 0) FROM held_messages WHERE state = 'open'")[0][0])
        )

    def about(self, receipt: str) -> Sequence[HeldMessage]:
        """Messages that show this receipt (in capitals), dealt with or not, oldest first."""
        if not receipt:
            return []
        return self._held("h.receipt = ? AND h.receipt <> '' ORDER BY h.received_us, h.held_id", (receipt,))

    def was_read_late(self, payment_id: str) -> bool:
        """Whether a message of this payment had been held, and was applied when it was read again."""
        sql = "SELECT 1 FROM held_messages WHERE payment_id = ? AND payment_id <> '' AND done_reason = 'read again'"
        return bool(self._reads.rows(sql, (payment_id,)))

    def of(self, source: str) -> Sequence[HeldMessage]:
        """Messages of one statement, payment, request or event that wait for somebody."""
        return self._held("h.source = ? AND h.state = 'open' ORDER BY h.line", (source,))

    def unnamed(self) -> Sequence[HeldMessage]:
        """Those that wait and that no difference names: rows of a file are differences as well."""
        return self._held(
            f"h.state = 'open' AND NOT (h.channel = 'statement' AND EXISTS (SELECT 1 FROM differences d "
            f"WHERE d.break_id = {_BREAK})) ORDER BY h.received_us, h.held_id",
            (),
        )

    def listed(self, limit: int = ALL) -> Sequence[HeldMessage]:
        """All of them, dealt with or not, newest first."""
        return self._held("true ORDER BY h.received_us DESC, h.held_id LIMIT ?", (limit,))

    def _held(self, condition: str, parameters: tuple[object, ...]) -> list[HeldMessage]:
        rows = self._reads.rows(f"SELECT {_COLUMNS} FROM held_messages h WHERE {condition}", parameters)
        return [_message(row) for row in rows]


class HeldWrites(Held):
    """Changes to held messages, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def hold(self, new: Holding, at_us: int) -> str | None:
        """Hold what could not be applied; journaled. Returns its id; None where it was held before or is only
        counted, because HELD_MAX wait already and it shows no receipt."""
        once = new.callback_id or (f"{new.source}:{new.line}" if new.source else "")
        if (once and self._reads.rows("SELECT 1 FROM held_messages WHERE once = ?", (once,))) or self._holds_body(new):
            return None
        waiting = self._reads.rows("SELECT count(*) FROM held_messages WHERE state = 'open'")[0][0]
        if not new.receipt and int(str(waiting)) >= HELD_MAX:
            self._count(new, at_us)
            return None
        held_id = "HLD-" + self._tx.token_hex(5)
        self._insert_held(held_id, once or held_id, new, at_us)
        return held_id

    def done(self, held_id: str, *, by: str, reason: str, at_us: int) -> HeldMessage:
        """A person has dealt with it. Raises Conflict ``held-done`` where somebody else had before, NotFound."""
        known = self.message(held_id)
        if known is None:
            raise NotFound(f"No held message {held_id}.", hint="See them all: mpesa held", code="held-unknown")
        if known.state is not HeldState.OPEN:
            who = f"{known.done_by} dealt with it" if known.state is HeldState.DONE else "it was applied"
            raise Conflict(
                f"{held_id} is not open any more: {who}.",
                hint=f"Nothing was changed. See it: mpesa held show {held_id}", code="held-done",
            )
        self._tx.execute(
            "UPDATE held_messages SET state = 'done', done_by = ?, done_reason = ?, done_us = ? WHERE held_id = ?",
            (by, reason, at_us, held_id),
        )
        self._tx.chain(ev.Record("held_done", at_us, {"held": held_id, "by": by, "reason": reason}, {}), "", None)
        done = self.message(held_id)
        assert done is not None  # it was written in the line above
        return done

    def applied(self, held_id: str, payment_id: str, at_us: int, *, how: str) -> None:
        """Note that a message's content is known now; ``payment_id`` is the payment that has its money, or empty."""
        self._tx.execute(
            "UPDATE held_messages SET state = 'applied', payment_id = ?, done_reason = ?, done_us = ? "
            "WHERE held_id = ?",
            (payment_id, how, at_us, held_id),
        )
        facts: dict[str, object] = {"held": held_id, "payment": payment_id, "how": how}
        self._tx.chain(ev.Record("held_applied", at_us, facts, {}), "", None)

    def review(self, at_us: int) -> int:
        """Close open messages whose money became a payment by another way, and open those again that had been dealt
        with before their money appeared. Returns how many changed."""
        for held_id, by, reason in (accepted := self._reads.rows(_ACCEPTED)):
            self.done(str(held_id), by=str(by), reason=str(reason), at_us=at_us)
        for (held_id,) in (read := self._reads.rows(_READ_BY_NOW)):
            self.applied(str(held_id), "", at_us, how="its row can be read now")
        paid, appeared = self._reads.rows(_PAID_BY_NOW), self._reads.rows(_APPEARED)
        for held_id, payment_id in paid:
            self.applied(str(held_id), str(payment_id), at_us, how="its money is a payment")
        for held_id, seen in appeared:
            self._tx.execute("UPDATE held_messages SET state = 'open', seen = ? WHERE held_id = ?", (seen, held_id))
            self._tx.chain(ev.Record("held_reopened", at_us, {"held": held_id, "seen": seen}, {}), "", None)
        return len(accepted) + len(read) + len(paid) + len(appeared)

    def remove_bodies(self, before_us: int, at_us: int) -> int:
        """Take away the bodies of messages that were dealt with before; receipt, amount and time stay."""
        due = self._reads.rows(
            "SELECT held_id, callback_id FROM held_messages WHERE state <> 'open' AND removed_us IS NULL "
            "AND done_us < ? ORDER BY held_id",
            (before_us,),
        )
        if not due:
            return 0
        removal, seen = "RMV-" + self._tx.token_hex(6), hashlib.sha256()
        for held_id, callback_id in due:
            self._tx.execute(
                "UPDATE held_messages SET body = x'', peer = '', removal = ?, removed_us = ? WHERE held_id = ?",
                (removal, at_us, held_id),
            )
            left = canonical({"removed": callback_id}).encode()
            self._tx.execute(
                "UPDATE callbacks SET body = ?, sha256 = ?, peer = '' WHERE callback_id = ? AND callback_id <> ''",
                (left, hashlib.sha256(left).hexdigest(), callback_id),
            )
            seen.update(f"{held_id}\n".encode())
        facts = {"removal": removal, "messages": len(due), "sha256": seen.hexdigest()}
        self._tx.chain(ev.Record("held_removed", at_us, facts, {}), "", None)
        return len(due)

    def _holds_body(self, new: Holding) -> bool:
        """Whether the same row is held already, from another file that holds it too."""
        same = "SELECT 1 FROM held_messages WHERE receipt = ? AND channel = ? AND body = ?"
        return bool(new.body and self._reads.rows(same, (new.receipt, new.channel, new.body)))

    def _insert_held(self, held_id: str, once: str, new: Holding, at_us: int) -> None:
        self._tx.execute(
            "INSERT INTO held_messages (held_id, channel, received_us, held_us, code, why, receipt, amount_cents, "
            "shortcode, peer, callback_id, body, source, line, once) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (held_id, new.channel, new.received_us, at_us, new.code, new.why, new.receipt, new.amount_cents,
             new.shortcode, new.peer, new.callback_id, new.body, new.source, new.line, once),
        )
        facts: dict[str, object] = {
            "held": held_id, "channel": new.channel, "code": new.code, "receipt": new.receipt,
            "amount_cents": new.amount_cents, "received_us": new.received_us,
        }
        self._tx.chain(ev.Record("message_held", at_us, facts, {}), "", None)

    def _count(self, new: Holding, at_us: int) -> None:
        """One more of its kind, for which no row is kept. Whoever dealt with them counts anew."""
        name = f"HLD-more-{new.channel}-{new.code}"
        known = self.message(name)
        if known is None:
            more = Holding(new.channel, new.received_us, new.code, new.why)
            self._insert_held(name, name, more, at_us)
        elif known.state is HeldState.OPEN:
            self._tx.execute("UPDATE held_messages SET count = count + 1 WHERE held_id = ?", (name,))
        else:
            self._tx.execute(
                "UPDATE held_messages SET state = 'open', count = 1, received_us = ? WHERE held_id = ?",
                (new.received_us, name),
            )
            self._tx.chain(ev.Record("held_reopened", at_us, {"held": name, "seen": "more"}, {}), "", None)


def _message(row: tuple[Any, ...]) -> HeldMessage:
    columns = list(row)
    columns[14] = HeldState(columns[14])
    return HeldMessage(*columns)
