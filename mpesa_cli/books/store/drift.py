"""Questions behind a balance: M-PESA's rows around its moment, and what may have come since another one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from mpesa_cli.books.drift import MayHaveCome
from mpesa_cli.books.store.books import IN_SCOPE, bounds
from mpesa_cli.books.store.values import Scope
from mpesa_cli.ledger.statement_rows import ROW_COLUMNS, statement_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules.statement_row import StatementRow

HEARD_BEFORE_US = 2 * 86_400_000_000  # an order may be asked for, and paid after a while
_MOVED = "r.kind IN ('received', 'reversal') AND r.balance_cents IS NOT NULL"
# What was paid, or may yet turn out to have been; of a prompt that failed no money is known.
_TOLD = """SELECT a.created_us, a.requested_us, a.settled_us, a.paid_us,
    CASE WHEN a.paid_cents > a.amount_cents THEN a.paid_cents ELSE a.amount_cents END
    FROM {tables} ON a.payment_id=p.payment_id WHERE a.state IN ('paid', 'sending', 'pending', 'unknown', 'review')
    AND {since} AND p.shortcode IN (SELECT value FROM json_each(?))"""
_PAYMENTS = _TOLD.format(tables="payments p CROSS JOIN attempts a", since="p.created_us>=?")
# What was asked again later, or came by hand for an older order.
_FURTHER = _TOLD.format(
    tables="attempts a CROSS JOIN payments p", since="a.number>1 AND a.created_us>=? AND p.created_us<?"
)
# Money of M-PESA's record that no payment has is named already; so is a message that is held.
_ROWS = """SELECT r.completed_us, r.amount_cents FROM statement_rows r WHERE r.completed_us>=? AND r.amount_cents>0
    AND r.shortcode IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM receipts k WHERE k.receipt=r.receipt)"""
_HELD = """SELECT h.received_us, h.amount_cents FROM held_messages h WHERE h.state='open' AND h.received_us>=?
    AND h.amount_cents>0"""


class Drifts:
    """Questions about all that a balance is held against."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def rows_around(
        self, at_us: int, since_us: int, near_us: int, shortcodes: Sequence[str]
    ) -> Sequence[StatementRow]:
        """Rows from the last that moved customers' money before ``at_us - near_us`` to ``at_us + near_us``, oldest
        first; none where there is none since ``since_us``."""
        codes = tuple(shortcodes)
        last: list[Any] = self._reads.rows(
            f"SELECT r.completed_us FROM statement_rows r WHERE {IN_SCOPE} AND {_MOVED} "
            "ORDER BY r.completed_us DESC LIMIT 1",
            bounds(Scope(codes, since_us, at_us - near_us + 1)),
        )
        if not last:
            return []
        rows = self._reads.rows(
            f"SELECT {ROW_COLUMNS} FROM statement_rows r WHERE {IN_SCOPE} ORDER BY r.completed_us, r.line",
            bounds(Scope(codes, last[0][0], at_us + near_us + 1)),
        )
        return [statement_row(row) for row in rows]

    def may_have_come(self, since_us: int, shortcodes: Sequence[str]) -> Iterator[MayHaveCome]:
        """All money that may have come to the shop since then and is known here, whatever became of it."""
        codes, heard_us = json.dumps(list(shortcodes)), since_us - HEARD_BEFORE_US
        for sql, asked in (
            (_PAYMENTS, (heard_us, codes)), (_FURTHER, (heard_us, heard_us, codes)), (_ROWS, (heard_us, codes)),
            (_HELD, (heard_us,)),
        ):
            for *times, cents in cast("list[Any]", self._reads.rows(sql, asked)):
                yield MayHaveCome(tuple(at_us for at_us in times if at_us is not None), cents)
