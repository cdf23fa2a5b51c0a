"""Questions that compare the books with the payments. Each is one walk by an index, whatever the ledger's size."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mpesa_cli.books.store.books import (
    HOUR_US,
    IN_SCOPE,
    KEYS_IN_SCOPE,
    PAGE_ROWS,
    bounds,
)
from mpesa_cli.books.store.values import KnownRow, Scope
from mpesa_cli.ledger.statement_rows import ROW_COLUMNS, StatementRows, statement_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.books.book_totals import KindTotal
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules.statement_row import StatementRow

_R = ", ".join(f"r.{name}" for name in ROW_COLUMNS.split(", "))
_KNOWN = "a.payment_id, p.order_id, a.number, a.amount_cents"
_NEAR_US = 600_000_000
_DAY_US = 86_400_000_000
# When the money came, as far as it can be true: a callback says its own time, and a forged one any time. Outside
# the prompt's life what it says is not believed, and the time when we heard of it counts instead.
MONEY_CAME = f"""CASE
    WHEN a.source='person' THEN coalesce(a.requested_us, a.settled_us)
    WHEN a.paid_us BETWEEN coalesce(a.requested_us - {_NEAR_US}, a.settled_us - {_DAY_US})
        AND a.settled_us + {_NEAR_US} THEN a.paid_us
    ELSE a.settled_us END"""
# A prompt is paid by the phone that it rang on. Shown digits are compared as shown_number.py does it, and not
# after an erasure; what a person decided was decided knowing it.
_PARTY = "CASE WHEN r.party GLOB '0[17*]*' THEN '254' || substr(r.party, 2) ELSE r.party END"
_OTHER_PHONE = f"""(a.channel='stk' AND a.source<>'person' AND length(a.msisdn)=12
    AND length(r.party)<16 AND r.party NOT GLOB '*[^0-9*]*'
    AND substr(r.party, length(r.party) - 2) GLOB '[0-9][0-9][0-9]'
    AND a.msisdn NOT GLOB CASE length({_PARTY}) WHEN 12 THEN replace({_PARTY}, '*', '?') ELSE {_PARTY} END)"""
_OURS = "p.shortcode IN (SELECT value FROM json_each(?))"


class Breaks:
    """Places where the books and the payments do not say the same."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def rows_in_review(self, scope: Scope) -> Iterator[KnownRow]:
        """Rows whose receipt was reported for an attempt that a person must look at."""
        return self._with_row(
            f"SELECT {_KNOWN}, {_R} FROM attempts a CROSS JOIN statement_rows r ON r.receipt=a.receipt "
            "CROSS JOIN payments p ON p.payment_id=a.payment_id "
            f"WHERE a.state='review' AND r.kind='received' AND {IN_SCOPE} "
            "AND NOT EXISTS (SELECT 1 FROM receipts k WHERE k.receipt=r.receipt) ORDER BY r.completed_us",
            bounds(scope),
        )

    def paid_unlike_rows(self, scope: Scope) -> Iterator[KnownRow]:
        """Paid attempts whose row has another amount or phone, and those of this time that have none (``row`` None)."""
        # One walk for both, in the order in which they lie: it touches every paid attempt.
        after = 0
        while True:
            rows: list[Any] = self._reads.rows(
                f"SELECT {_KNOWN}, {MONEY_CAME}, a.receipts, coalesce(a.receipt, ''), "
                f"max(CASE WHEN {_OTHER_PHONE} THEN 1 ELSE 0 END), a.rowid FROM attempts a "
                "LEFT JOIN statement_rows r ON r.receipt=a.receipt AND r.kind='received' "
                "CROSS JOIN payments p ON p.payment_id=a.payment_id "
                "WHERE a.rowid > ? AND a.state='paid' "
                f"AND (r.amount_cents IS NOT a.amount_cents OR instr(a.receipts, ' ') OR {_OTHER_PHONE}) "
                f"AND {_OURS} GROUP BY a.rowid, a.payment_id, a.number, p.payment_id "
                f"ORDER BY a.rowid LIMIT {PAGE_ROWS}",
                (after, bounds(scope)[2]),
            )
            for row in rows:
                yield from self._unlike(row[:-1], scope)
            if len(rows) < PAGE_ROWS:
                return
            after = rows[-1][-1]

    def _unlike(self, row: Sequence[Any], scope: Scope) -> Iterator[KnownRow]:
        payment_id, order_id, number, cents, at_us, receipts, first, other_phone = row
        for receipt in str(receipts).split() or [first]:
            about = KnownRow(payment_id, order_id, number, cents, at_us, receipt)
            found = [r for r in StatementRows(self._reads).of(receipt) if r.kind == "received"]
            if not found and scope.from_us <= at_us < scope.until_us:
                yield about
            elif found and ((other_phone and receipt == first) or all(r.amount_cents != cents for r in found)):
                unlike = next((r for r in found if scope.from_us <= r.completed_us < scope.until_us), None)
                if unlike is not None:
                    yield replace(about, at_us=unlike.completed_us, row=unlike)

    def claimed_twice(self, scope: Scope) -> Iterator[KnownRow]:
        """Attempts that were reported in this time with a receipt which pays another attempt."""
        rows: list[Any] = self._reads.rows(
            f"SELECT {_KNOWN}, a.settled_us, a.receipt FROM attempts a CROSS JOIN receipts k ON k.receipt=a.receipt "
            "CROSS JOIN payments p ON p.payment_id=a.payment_id "
            f"WHERE a.state='review' AND a.settled_us >= ? AND a.settled_us < ? AND {_OURS} ORDER BY a.settled_us",
            bounds(scope),
        )
        return (KnownRow(*row) for row in rows)

    def reversed_attempts(self, scope: Scope) -> Iterator[KnownRow]:
        """Reversal rows of this time whose original receipt pays an attempt of ours; ``receipt`` is the original."""
        return self._reversals(
            f"({KEYS_IN_SCOPE} AND r.kind='reversal') f CROSS JOIN statement_rows r "
            "ON (r.receipt, r.kind, r.amount_cents)=(f.receipt, f.kind, f.amount_cents)",
            "a.number=k.attempt",
            bounds(scope),
        )

    def reversals_of_ours(self, shortcodes: Sequence[str], *, all_of_them: bool = False) -> Iterator[KnownRow]:
        """Reversal rows of any time whose original receipt pays an attempt of ours; of which not all is known to be
        back, unless all are wanted."""
        left = "" if all_of_them else "AND a.reversed_cents < a.paid_cents "
        return self._reversals(
            "statement_rows r",
            f"a.number=k.attempt {left}AND r.kind='reversal' "
            "AND r.shortcode IN (SELECT value FROM json_each(?))",
            (json.dumps(list(shortcodes)),),
        )

    def _reversals(self, rows_from: str, condition: str, parameters: tuple[object, ...]) -> Iterator[KnownRow]:
        rows: list[Any] = self._reads.rows(
            f"SELECT {_KNOWN}, {_R} FROM {rows_from} "
            "CROSS JOIN receipts k ON k.receipt=CASE WHEN r.linked<>'' THEN r.linked ELSE r.receipt END "
            "CROSS JOIN attempts a ON a.payment_id=k.payment_id "
            "CROSS JOIN payments p ON p.payment_id=a.payment_id "
            f"WHERE {condition} ORDER BY r.completed_us",
            parameters,
        )
        for row in rows:
            back = statement_row(row[4:])
            original = back.linked or back.receipt
            yield KnownRow(row[0], row[1], row[2], -back.amount_cents, back.completed_us, original, back)

    def receipts_on_two_rows(self, scope: Scope) -> Iterator[StatementRow]:
        """Rows of received money that share their receipt with another one of another amount."""
        rows = self._reads.rows(
            f"SELECT {_R} FROM (SELECT receipt FROM statement_rows WHERE kind='received' GROUP BY receipt "
            "HAVING count(*) > 1) twice CROSS JOIN statement_rows r ON r.receipt=twice.receipt "
            f"WHERE {IN_SCOPE} AND r.kind='received' ORDER BY r.completed_us, r.receipt",
            bounds(scope),
        )
        return map(statement_row, rows)

    def lonely_charges(self, scope: Scope) -> Iterator[StatementRow]:
        """Charges on a receipt that nothing else is known of."""
        rows = self._reads.rows(
            f"WITH lonely AS (SELECT r.receipt FROM statement_rows r WHERE {IN_SCOPE} AND r.kind='charge' "
            "AND NOT EXISTS (SELECT 1 FROM statement_rows o WHERE o.receipt=r.receipt AND o.kind<>'charge') "
            "AND NOT EXISTS (SELECT 1 FROM receipts k WHERE k.receipt=r.receipt)) "
            f"SELECT {_R} FROM lonely CROSS JOIN statement_rows r ON r.receipt=lonely.receipt AND r.kind='charge' "
            "WHERE r.linked='' OR NOT EXISTS (SELECT 1 FROM statement_rows o WHERE o.receipt=r.linked) "
            "ORDER BY r.completed_us",
            bounds(scope),
        )
        return map(statement_row, rows)

    def ledger_hours(self, scope: Scope) -> Sequence[KindTotal]:
        """Attempts that the ledger calls paid, by the hour in which their money came, as ``received``."""
        from mpesa_cli.books.book_totals import KindTotal

        rows: list[Any] = self._reads.rows(
            f"SELECT 'received', {MONEY_CAME} / {HOUR_US} * {HOUR_US} AS hour, count(*), sum(a.paid_cents) "
            "FROM attempts a CROSS JOIN payments p ON p.payment_id=a.payment_id "
            f"WHERE a.state='paid' AND {MONEY_CAME} >= ? AND {MONEY_CAME} < ? AND {_OURS} GROUP BY hour ORDER BY hour",
            bounds(scope),
        )
        return [KindTotal(*row) for row in rows]

    def _with_row(self, sql: str, parameters: tuple[object, ...]) -> Iterator[KnownRow]:
        rows: list[Any] = self._reads.rows(sql, parameters)
        for payment_id, order_id, number, cents, *row in rows:
            found = statement_row(row)
            yield KnownRow(payment_id, order_id, number, cents, found.completed_us, found.receipt, found)
