"""Changes to the books: new rows, statements read to their end, what a person accepted, closed days.

A row is known by receipt, kind and amount, in whichever file it stands (docs/reference/assumptions.md A71).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.books.store.books import STATEMENT_COLUMNS, Books
from mpesa_cli.ledger.statement_rows import ROW_COLUMNS
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.forgotten import awaiting
from mpesa_cli.rules.order_matching import keys_meant, order_key
from mpesa_cli.rules.values.pseudonym import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mpesa_cli.books.break_values import Accepted
    from mpesa_cli.books.closing import DayTotals
    from mpesa_cli.books.store.values import StoredStatement
    from mpesa_cli.ledger.writes import Write
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.statement_row import StatementRow


class BookWrites(Books):
    """Changes to the books, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def add_rows(self, statement: StoredStatement, rows: Sequence[StatementRow]) -> int:
        """Keep rows that are not known yet, and the statement where there are any. Returns how many were new."""
        new = self._tx.executemany(
            f"INSERT INTO statement_rows ({ROW_COLUMNS}, shortcode, statement_id) "
            "VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (receipt, kind, amount_cents) DO NOTHING",
            _with_origin(self._forgetting(rows), statement),
        ).rowcount
        if new:
            self._tx.execute(
                f"INSERT INTO statements ({STATEMENT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,0,?) "
                "ON CONFLICT (statement_id) DO UPDATE "
                "SET row_count = statements.row_count + excluded.row_count, settled = 0",
                (statement.statement_id, statement.source, statement.name, statement.sha256, statement.from_us,
                 statement.until_us, statement.read_us, statement.shortcode, new, statement.findings),
            )
        return new

    def _forgetting(self, rows: Sequence[StatementRow]) -> Sequence[StatementRow]:
        """The rows, without the number of a payment whose number was erased."""
        if not self._reads.rows(
            "SELECT 1 FROM attempts WHERE msisdn >= ? AND msisdn < ? LIMIT 1", (PREFIX, PREFIX + "~")
        ):
            return rows
        found = self._reads.rows(
            "SELECT k.receipt, a.msisdn FROM receipts k JOIN attempts a ON a.payment_id=k.payment_id "
            "AND a.number=k.attempt WHERE a.msisdn GLOB ? AND k.receipt IN (SELECT value FROM json_each(?))",
            (PREFIX + "*", json.dumps([row.receipt for row in rows])),
        )
        erased = self._of_erased_orders(rows) | {str(receipt): str(pseudonym) for receipt, pseudonym in found}
        return [
            replace(row, party=whose)
            if row.party and (whose := erased.get(row.receipt) or erased.get(row.linked)) else row
            for row in rows
        ]

    def _of_erased_orders(self, rows: Sequence[StatementRow]) -> dict[str, str]:
        """Receipts that nobody knew, with the pseudonym of the only order that they name: it awaits money of that
        amount, and its phone is compared with nothing."""
        named = {row.receipt: keys_meant(row.account) for row in rows if row.party and row.kind == "received"}
        orders: dict[str, list[Payment]] = {}
        for payment in self._reads.orders_meant(sorted({key for keys in named.values() for key in keys})):
            orders.setdefault(order_key(payment.order_id), []).append(payment)
        found = {}
        for row in rows:
            meant = next((orders[key] for key in named.get(row.receipt, ()) if key in orders), [])
            if len(meant) == 1 and (prompt := awaiting(meant[0], row.amount_cents)) is not None:
                found[row.receipt] = prompt.msisdn
        return found

    def finish_statement(self, statement: StoredStatement) -> None:
        """Say that a stored statement was read to its end, once; journaled."""
        stored = self.statement(statement.statement_id)
        if stored is None or stored.complete:
            return
        self._tx.execute(
            "UPDATE statements SET complete=1, from_us=?, until_us=?, findings=? WHERE statement_id=?",
            (statement.from_us, statement.until_us, statement.findings, statement.statement_id),
        )
        facts = {
            "statement": statement.statement_id, "source": statement.source, "sha256": statement.sha256,
            "rows": stored.row_count, "from_us": statement.from_us, "until_us": statement.until_us,
        }
        self._tx.chain(ev.Record("statement_read", statement.read_us, facts, {}), "", None)

    def mark_settled(self, statement_ids: Sequence[str]) -> None:
        """Say that everything was settled which rows of these statements can settle."""
        self._tx.execute(
            "UPDATE statements SET settled=1 WHERE statement_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(statement_ids)),),
        )

    def accept_break(self, break_id: str, accepted: Accepted) -> bool:
        """Record that a person took note of what it says now. False where the same was recorded before."""
        listed = self._reads.rows("SELECT basis FROM differences WHERE break_id=?", (break_id,))
        basis = listed[0][0] if listed else None  # None is any: it was named before it was found
        known = self._reads.rows("SELECT accepted_by, reason, basis FROM accepted_breaks WHERE break_id=?", (break_id,))
        if known and known[0][:2] == (accepted.by, accepted.reason) and known[0][2] in {None, basis}:
            return False
        self._tx.execute(
            "INSERT INTO accepted_breaks (break_id, accepted_by, reason, accepted_us, basis) VALUES (?,?,?,?,?) "
            "ON CONFLICT (break_id) DO UPDATE SET accepted_by=excluded.accepted_by, reason=excluded.reason, "
            "accepted_us=excluded.accepted_us, basis=excluded.basis",
            (break_id, accepted.by, accepted.reason, accepted.at_us, basis),
        )
        facts = {"break": break_id, "by": accepted.by, "reason": accepted.reason}
        self._tx.chain(ev.Record("break_accepted", accepted.at_us, facts, {}), "", None)
        return True

    def close_day(
        self, day: str, shortcode: str, totals: DayTotals, *, by: str, reason: str, sha256: str, at_us: int,
        open_breaks: int,
    ) -> None:
        """Record the totals of a day, over those recorded before."""
        facts = {
            "day": day, "shortcode": shortcode, "totals": totals.facts(), "by": by, "reason": reason,
            "sha256": sha256, "open_breaks": open_breaks,
        }
        head = self.journal_head()
        self._tx.chain(ev.Record("day_closed", at_us, facts, {}), "", None)
        self._tx.execute(
            "INSERT INTO closings (day, shortcode, closed_us, closed_by, totals, sha256, head) VALUES (?,?,?,?,?,?,?) "
            "ON CONFLICT (day, shortcode) DO UPDATE SET closed_us=excluded.closed_us, closed_by=excluded.closed_by, "
            "totals=excluded.totals, sha256=excluded.sha256, head=excluded.head",
            (day, shortcode, at_us, by, json.dumps(totals.facts()), sha256, head),
        )


def _with_origin(rows: Iterable[StatementRow], statement: StoredStatement) -> Iterator[tuple[object, ...]]:
    for r in rows:
        yield (r.receipt, r.kind, r.amount_cents, r.completed_us, r.balance_cents, r.account, r.party, r.linked,
               r.line, statement.shortcode, statement.statement_id)
