"""A restore, as the ledger that was put back remembers it: its gaps, who told of them, what a person named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mpesa_cli.ledger.statement_rows import ROW_COLUMNS, statement_row
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.restored import LOST_CODE, Gap, InTheGap, Restored, Told, Word, may_be_its
from mpesa_cli.rules.values.spans import Span, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.ledger.writes import Write
    from mpesa_cli.rules.statement_row import StatementRow

# What somebody has said for certain about an order. What a query or a late callback tells is about one prompt, and
# there may have been others; what we withdraw ourselves is no news at all.
_WORDS = "('attempt_created', 'decided', 'not_paid_since_backup')"
# What the copy knew of as its latest time stands in the journal alone; an older version did not note it.
_GAPS = """
    SELECT g.known_until_us, g.restored_us, g.seq, coalesce(CAST(json_extract(j.facts, '$.latest_us') AS INTEGER), 0)
    FROM gaps g LEFT JOIN journal j USING (seq) ORDER BY g.seq"""
# The row of the last restore; 0 in a ledger that never was restored.
_LAST_GAP = "(SELECT coalesce(max(seq), 0) FROM gaps)"
# The latest time that a copy knows of, by our clock and by M-PESA's: a record of a time is made when it is over.
_LATEST = """
    SELECT coalesce(max(latest_us), 0) FROM (
        SELECT max(at_us) AS latest_us FROM journal UNION ALL SELECT max(completed_us) FROM statement_rows
        UNION ALL SELECT max(until_us) FROM told_times) known"""
# Whether a receipt is free: nothing pays with it but what C2B opened for no order, and it did not go back.
_FREE = """
    NOT EXISTS (SELECT 1 FROM receipts k JOIN payments p USING (payment_id)
                WHERE k.receipt = r.receipt AND p.order_id <> 'C2B-' || r.receipt)
    AND NOT EXISTS (SELECT 1 FROM named_receipts n WHERE n.receipt = r.receipt)
    AND NOT EXISTS (SELECT 1 FROM statement_rows b WHERE b.linked = r.receipt AND b.kind = 'reversal')"""
_BY_HAND = """
    SELECT k.receipt, 'received', p.received_cents, coalesce(p.paid_us, p.created_us), NULL, p.account_reference,
           p.msisdn, '', 0
    FROM payments p JOIN receipts k USING (payment_id)
    WHERE p.created_us >= ? AND coalesce(p.paid_us, p.created_us) BETWEEN ? AND ? AND p.received_cents = ?
      AND p.order_id = 'C2B-' || k.receipt
      AND NOT EXISTS (SELECT 1 FROM named_receipts n WHERE n.receipt = k.receipt)
      AND p.shortcode IN (SELECT value FROM json_each(?))
      AND p.status IN ('paid', 'overpaid', 'partial', 'review')"""


class Restores:
    """Questions about restores."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def restored(self) -> Restored | None:
        """The gaps of this ledger and what M-PESA's record has told; None in a ledger that never was restored."""
        found: list[Any] = self._reads.rows(_GAPS)
        if not found:
            return None
        told: dict[str, list[Told]] = {}
        spans: list[Any] = self._reads.rows(
            "SELECT shortcode, from_us, until_us, gap_seq FROM told_times ORDER BY from_us"
        )
        for shortcode, from_us, until_us, gap_seq in spans:
            told.setdefault(shortcode, []).append(Told((from_us, until_us), gap_seq))
        return Restored(tuple(Gap(*row) for row in found), told)

    def told_spans(self, shortcode: str) -> tuple[Span, ...]:
        """The time of which M-PESA's own record of a shortcode was read whole since the last restore, oldest first, as
        few spans as it takes."""
        rows: list[Any] = self._reads.rows(
            f"SELECT from_us, until_us FROM told_times WHERE shortcode=? AND gap_seq={_LAST_GAP}", (shortcode,)
        )
        return union((from_us, until_us) for from_us, until_us in rows)

    def in_the_gap(
        self, order_id: str, amount_cents: int, msisdn: str, shortcodes: Sequence[str]
    ) -> InTheGap | None:
        """The ledger's knowledge of an order and the time that it lacks; None where it lacks none.

        ``shortcodes`` are all on which the profile takes money.
        """
        restored = self.restored()
        if restored is None:
            return None
        free = [row for gap in restored.gaps for row in self._free_money(gap, amount_cents, shortcodes)]
        once = {row.receipt: row for row in free}
        fitting = may_be_its(list(once.values()), amount_cents, msisdn)
        return InTheGap(restored, tuple(shortcodes), self._last_word(order_id), fitting)

    def last_restore_us(self) -> int | None:
        """The time at which this ledger was last put back from a copy, or None."""
        found: list[Any] = self._reads.rows("SELECT max(restored_us) FROM gaps")
        return None if found[0][0] is None else int(found[0][0])

    def lost_senders(self, since_us: int) -> Sequence[str]:
        """The addresses of the callbacks that are held since, on addresses that this ledger does not know."""
        rows = self._reads.rows(
            "SELECT peer FROM held_messages WHERE code = ? AND received_us >= ?", (LOST_CODE, since_us)
        )
        return [str(peer) for (peer,) in rows]

    def is_named(self, receipt: str) -> bool:
        """Whether a person has said that this receipt pays no order here."""
        return bool(self._reads.rows("SELECT 1 FROM named_receipts WHERE receipt=?", (receipt,)))

    def _last_word(self, order_id: str) -> Word | None:
        rows: list[Any] = self._reads.rows(
            "SELECT j.at_us, j.seq FROM payments p JOIN journal j USING (payment_id) "
            f"WHERE p.order_id=? AND j.kind IN {_WORDS} ORDER BY j.seq DESC LIMIT 1",
            (order_id,),
        )
        return Word(*rows[0]) if rows else None

    def _free_money(self, gap: Gap, amount_cents: int, shortcodes: Sequence[str]) -> list[StatementRow]:
        from_us, until_us = gap.span
        ours = json.dumps(list(shortcodes))
        told = self._reads.rows(
            f"SELECT {ROW_COLUMNS} FROM statement_rows r "
            "WHERE r.completed_us BETWEEN ? AND ? AND r.shortcode IN (SELECT value FROM json_each(?)) "
            f"AND r.kind='received' AND r.amount_cents=? AND {_FREE} ORDER BY r.completed_us",
            (from_us, until_us, ours, amount_cents),
        )
        by_hand = self._reads.rows(_BY_HAND, (from_us, from_us, until_us, amount_cents, ours))
        return list(map(statement_row, [*told, *by_hand]))


class RestoreWrites(Restores):
    """Notes about restores, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def note_restored(self, known_until_us: int, at_us: int) -> None:
        """Note that this ledger has just been put back from a copy whose last row is of ``known_until_us``."""
        found: list[Any] = self._reads.rows(_LATEST)
        facts = {"known_until_us": known_until_us, "latest_us": found[0][0]}
        self._tx.chain(ev.Record("restored", at_us, facts, {}), "", None)
        self._tx.execute(
            "INSERT INTO gaps SELECT max(seq), ?, ? FROM journal", (known_until_us, at_us)
        )

    def note_begun(self, before: str, *, by: str, reason: str, at_us: int) -> None:
        """Note that a person makes this ledger the shop's, in place of the one with the id ``before``."""
        self._tx.chain(ev.Record("ledger_begun", at_us, {"before": before, "by": by, "reason": reason}, {}), "", None)

    def note_told(self, shortcode: str, from_us: int, until_us: int) -> None:
        """Note that M-PESA's own record of a shortcode was read whole from ``from_us`` up to ``until_us``."""
        spans = union([*self.told_spans(shortcode), (from_us, until_us)])
        self._tx.execute(
            f"DELETE FROM told_times WHERE shortcode=? AND gap_seq={_LAST_GAP}", (shortcode,)
        )
        self._tx.executemany(
            f"INSERT INTO told_times SELECT ?, {_LAST_GAP}, ?, ?",
            [(shortcode, *span) for span in spans],
        )

    def name_receipt(self, receipt: str, *, by: str, reason: str, at_us: int) -> bool:
        """Note that a person says that a receipt pays no order here. False where that was said before."""
        if self.is_named(receipt):
            return False
        self._tx.execute("INSERT INTO named_receipts VALUES (?,?,?,?)", (receipt, by, reason, at_us))
        self._tx.chain(
            ev.Record("receipt_named", at_us, {"receipt": receipt, "by": by, "reason": reason}, {}), "", None
        )
        return True
