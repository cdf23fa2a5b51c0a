"""The books on SQLite: statement rows by their natural key, the statements they came from, closed days."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mpesa_cli.books.store.values import Scope, StoredStatement
from mpesa_cli.ledger.journal import GENESIS
from mpesa_cli.ledger.rows import ATTEMPT_COLUMNS, OPEN_ATTEMPT, attempt_from
from mpesa_cli.ledger.statement_rows import ROW_COLUMNS, statement_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.books.book_totals import KindTotal
    from mpesa_cli.books.closing import Closing
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules.payment import Attempt
    from mpesa_cli.rules.statement_row import StatementRow

STATEMENT_COLUMNS = (
    "statement_id, source, name, sha256, from_us, until_us, read_us, shortcode, row_count, complete, findings"
)
HOUR_US = 3_600_000_000
CACHE_KB = 131_072
PAGE_ROWS = 2_000
IN_SCOPE = "r.completed_us >= ? AND r.completed_us < ? AND r.shortcode IN (SELECT value FROM json_each(?))"


# The time's index alone answers this; the rows themselves are fetched for what is left.
KEYS_IN_SCOPE = f"SELECT r.receipt, r.kind, r.amount_cents FROM statement_rows r WHERE {IN_SCOPE}"


def bounds(scope: Scope) -> tuple[int, int, str]:
    """The parameters that IN_SCOPE takes."""
    return scope.from_us, scope.until_us, json.dumps(scope.shortcodes)


class Books:
    """Questions to the books: rows as they were stored."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def statement(self, statement_id: str) -> StoredStatement | None:
        """The statement, or None where it never brought anything new."""
        rows: list[Any] = self._reads.rows(
            f"SELECT {STATEMENT_COLUMNS} FROM statements WHERE statement_id=?",
            (statement_id,),
        )
        if not rows:
            return None
        stored = StoredStatement(*rows[0])
        return replace(stored, complete=bool(stored.complete))

    def unsettled_statements(self, shortcodes: Sequence[str]) -> Sequence[StoredStatement]:
        """Statements whose reader was stopped before it had settled by all their rows; from the first to the last
        row that is stored."""
        rows: list[Any] = self._reads.rows(
            f"SELECT {STATEMENT_COLUMNS} FROM statements WHERE settled=0 "
            "AND shortcode IN (SELECT value FROM json_each(?)) ORDER BY read_us",
            (json.dumps(list(shortcodes)),),
        )
        return [self._as_stored(StoredStatement(*row)) for row in rows]

    def _as_stored(self, statement: StoredStatement) -> StoredStatement:
        times: list[Any] = self._reads.rows(
            "SELECT min(completed_us), max(completed_us) + 1 FROM statement_rows WHERE statement_id=?",
            (statement.statement_id,),
        )
        return replace(statement, complete=bool(statement.complete), from_us=times[0][0], until_us=times[0][1])

    def covered_beside(self, scope: Scope, touching_us: int) -> Sequence[tuple[int, int]]:
        """Times that statements read to their end cover, of those that touch or meet this one: from, until."""
        rows: list[Any] = self._reads.rows(
            "SELECT from_us, until_us FROM statements WHERE complete=1 AND source='statement' AND until_us>from_us "
            "AND from_us<=? AND until_us>=? AND shortcode IN (SELECT value FROM json_each(?))",
            (scope.until_us + touching_us, scope.from_us - touching_us, bounds(scope)[2]),
        )
        return [(from_us, until_us) for from_us, until_us in rows]

    def expect_many_rows(self) -> None:
        """Make room in memory for questions that walk over everything: pages are read once, not once a question."""
        self._reads.expect_many_rows(CACHE_KB)

    def rows_without_payment(self, scope: Scope) -> Iterator[StatementRow]:
        """Rows of received money whose receipt pays nothing in this ledger, oldest first, a page at a time."""
        unknown = "NOT EXISTS (SELECT 1 FROM receipts k WHERE k.receipt=r.receipt)"
        return self._rows_of_keys(f"r.kind='received' AND {unknown}", scope)

    def rows_of_nobody(self, scope: Scope, amounts: Sequence[int]) -> Iterator[StatementRow]:
        """Rows of these amounts whose receipt C2B has told of, and which is no order's yet; oldest first."""
        owned = "SELECT 1 FROM receipts k JOIN payments p USING (payment_id) WHERE k.receipt=r.receipt"
        return self._rows_of_keys(
            "r.kind='received' AND r.amount_cents IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) "
            f"AND EXISTS ({owned} AND p.order_id='C2B-'||k.receipt)",
            scope,
            json.dumps(list(amounts)),
        )

    def reversal_rows(self, scope: Scope) -> Iterator[StatementRow]:
        """Rows of reversals, oldest first, a page at a time."""
        return self._rows_of_keys("r.kind='reversal'", scope)

    def _rows_of_keys(self, condition: str, scope: Scope, *parameters: object) -> Iterator[StatementRow]:
        # By key and not by a cursor that stays open: whoever takes a page may write before the next one.
        first_us, receipt, cents = scope.from_us, "", 0
        _, until_us, shortcodes = bounds(scope)
        while True:
            rows: list[Any] = self._reads.rows(
                f"SELECT {ROW_COLUMNS} FROM ({KEYS_IN_SCOPE} AND {condition} "
                "AND (r.completed_us, r.receipt, r.amount_cents) > (?, ?, ?) "
                f"ORDER BY r.completed_us, r.receipt, r.amount_cents LIMIT {PAGE_ROWS}) found "
                "CROSS JOIN statement_rows USING (receipt, kind, amount_cents) "
                "ORDER BY completed_us, receipt, amount_cents",
                (first_us, until_us, shortcodes, *parameters, first_us, receipt, cents),
            )
            yield from map(statement_row, rows)
            if len(rows) < PAGE_ROWS:
                return
            receipt, _, cents, first_us = rows[-1][:4]

    def doubtful_attempts(self, since_us: int, until_us: int) -> Sequence[Attempt]:
        """Attempts without a receipt that money may belong to, or with one that was not believed, asked for then."""
        # Those whose state says so by an index; the others are found in one walk over the attempts of that time.
        rows = self._reads.rows(
            f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE {OPEN_ATTEMPT} "
            "AND created_us BETWEEN ? AND ? AND requested_us IS NOT NULL UNION ALL "
            f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE (state='review' OR (state='paid' AND receipts='') "
            "OR (state='failed' AND flags LIKE '%unconfirmed%')) AND created_us BETWEEN ? AND ?",
            (since_us, until_us, since_us, until_us),
        )
        return [attempt_from(r) for r in rows]

    def shared_references(self, references: Sequence[str]) -> set[str]:
        """Those of these account references that belong to more than one payment."""
        rows = self._reads.rows(
            "SELECT account_reference FROM payments WHERE account_reference IN (SELECT value FROM json_each(?)) "
            "GROUP BY account_reference HAVING count(*) > 1",
            (json.dumps(list(references)),),
        )
        return {str(reference) for (reference,) in rows}

    def totals(self, scope: Scope) -> Sequence[KindTotal]:
        """Rows by kind and hour."""
        return self._by_hour(
            f"SELECT r.kind, r.completed_us / {HOUR_US} * {HOUR_US}, count(*), sum(r.amount_cents) "
            f"FROM statement_rows r WHERE {IN_SCOPE} GROUP BY 1, 2 ORDER BY 2, 1",
            bounds(scope),
        )

    def money_hours(self, scope: Scope) -> Sequence[KindTotal]:
        """The money of the ledger's own payments by hour of their creation; ``kind`` is ``came in`` or ``open``.

        Open is what is asked and may yet come. A payment that ended without money is neither.
        """
        return self._by_hour(
            "SELECT CASE WHEN status IN ('pending', 'unknown', 'review') THEN 'open' ELSE 'came in' END, "
            f"created_us / {HOUR_US} * {HOUR_US}, count(*), sum(CASE WHEN status IN ('pending', 'unknown', 'review') "
            "THEN amount_cents ELSE received_cents + reversed_cents END) FROM payments "
            "WHERE created_us >= ? AND created_us < ? AND shortcode IN (SELECT value FROM json_each(?)) "
            "GROUP BY 1, 2 ORDER BY 2, 1",
            bounds(scope),
        )

    def _by_hour(self, sql: str, parameters: tuple[object, ...]) -> list[KindTotal]:
        from mpesa_cli.books.book_totals import KindTotal

        rows: list[Any] = self._reads.rows(sql, parameters)
        return [KindTotal(*row) for row in rows]

    def closings(self, shortcodes: Sequence[str]) -> Sequence[Closing]:
        """The days that were closed, oldest first."""
        from mpesa_cli.books.closing import Closing, DayTotals

        rows: list[Any] = self._reads.rows(
            "SELECT day, shortcode, closed_us, closed_by, totals, sha256, head FROM closings "
            "WHERE shortcode IN (SELECT value FROM json_each(?)) ORDER BY day",
            (json.dumps(list(shortcodes)),),
        )
        return [Closing(d, c, at, by, DayTotals(**json.loads(t)), s, h) for d, c, at, by, t, s, h in rows]

    def journal_head(self) -> str:
        """The hash of the journal's last row; zeros where there is none."""
        rows = self._reads.rows("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")
        return str(rows[0][0]) if rows else GENESIS
