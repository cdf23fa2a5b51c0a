"""Differences on SQLite: what comparing found, until somebody accepted it or it is gone. Read as a stream."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from mpesa_cli.books.break_values import KINDS, Accepted, Break, BreakKind
from mpesa_cli.books.store.values import Counted
from mpesa_cli.ledger.values import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.books.store.values import Scope
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules.payment import Payment

PAGE_ROWS = 1_000
BOOKS_BEGIN = "books_begin_us"
COLUMNS = "kind, ref, at_us, amount_cents, receipt, payment_id, order_id, account, detail, suggested"
_IS_ACCEPTED = (
    "EXISTS (SELECT 1 FROM accepted_breaks a WHERE a.break_id=d.break_id AND coalesce(a.basis, d.basis)=d.basis)"
)
# What was before the books began is not compared; what the payments themselves show stays.
OURS = (
    "d.shortcode IN (SELECT value FROM json_each(:shortcodes)) "
    "AND NOT (d.origin IN ('record', 'given_back', 'balance') AND d.at_us < "
    f"coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key='{BOOKS_BEGIN}'), d.at_us))"
)
OPEN = f"{OURS} AND NOT {_IS_ACCEPTED}"
_LISTED = (
    f"{OURS} AND (NOT {_IS_ACCEPTED} OR d.origin='day' OR EXISTS (SELECT 1 FROM json_each(:scopes) s "
    "WHERE d.from_us < CAST(json_extract(s.value, '$[1]') AS INTEGER) "
    "AND d.until_us > CAST(json_extract(s.value, '$[0]') AS INTEGER)))"
)
_UNTOLD = "(:untold_on='' OR d.told_day<>:untold_on)"


class Differences:
    """Questions about differences."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def listed(
        self, shortcodes: Sequence[str], scopes: Sequence[Scope] = (), *, kind: BreakKind | None = None,
        open_only: bool = False, untold_on: str = "",
    ) -> Iterator[Break]:
        """Those that wait for somebody, and the accepted ones of ``scopes``; the worst class first, then by time."""
        wanted = OPEN if open_only else _LISTED
        for each in KINDS if kind is None else (kind,):
            yield from self._of_kind(each, _asked(shortcodes, scopes, untold_on), f"{wanted} AND {_UNTOLD}")

    def _of_kind(self, kind: BreakKind, asked: dict[str, str], wanted: str) -> Iterator[Break]:
        after: tuple[int, str] = (-(1 << 62), "")
        while True:
            rows: list[Any] = self._asked_rows(
                f"SELECT {_prefixed(COLUMNS)}, a.accepted_by, a.reason, a.accepted_us FROM differences d "
                "LEFT JOIN accepted_breaks a ON a.break_id=d.break_id AND coalesce(a.basis, d.basis)=d.basis "
                f"WHERE d.kind=:kind AND (d.at_us, d.ref) > (:at_us, :ref) AND {wanted} "
                f"ORDER BY d.at_us, d.ref LIMIT {PAGE_ROWS}",
                {**asked, "kind": kind, "at_us": after[0], "ref": after[1]},
            )
            for row in rows:
                accepted = None if row[10] is None else Accepted(row[10], row[11], row[12])
                yield replace(Break(*row[:10]), accepted=accepted)
            if len(rows) < PAGE_ROWS:
                return
            after = (rows[-1][2], rows[-1][1])

    def counts(
        self, shortcodes: Sequence[str], scopes: Sequence[Scope] = (), *, untold_on: str = ""
    ) -> Sequence[Counted]:
        """Counts of each class, of those that ``listed`` gives."""
        rows: list[Any] = self._asked_rows(
            f"SELECT d.kind, {_number_of('NOT ' + _IS_ACCEPTED)}, {_number_of(_IS_ACCEPTED)} FROM differences d "
            f"WHERE {_LISTED} AND {_UNTOLD} GROUP BY d.kind",
            _asked(shortcodes, scopes, untold_on),
        )
        found = {kind: Counted(kind, waiting, accepted) for kind, waiting, accepted in rows}
        return [found[kind] for kind in KINDS if kind in found]

    def has_open_about(self, payment_id: str, shortcodes: Sequence[str]) -> bool:
        """Whether a difference about this payment waits for somebody."""
        return bool(self._asked_rows(
            f"SELECT 1 FROM differences d WHERE d.payment_id=:payment_id AND {OPEN} LIMIT 1",
            {**_asked(shortcodes), "payment_id": payment_id},
        ))

    def money_that_may_be(self, payment_id: str, shortcodes: Sequence[str]) -> list[Break]:
        """Money of M-PESA's record that no payment has, and that names this one or looks like it, oldest first."""
        rows: list[Any] = self._asked_rows(
            f"SELECT {_prefixed(COLUMNS)} FROM differences d WHERE d.payment_id=:payment_id AND {OPEN} "
            "AND d.kind IN ('missing_in_ledger', 'unmatched_order') "
            "AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.receipt=d.receipt) "
            "AND NOT EXISTS (SELECT 1 FROM named_receipts n WHERE n.receipt=d.receipt) ORDER BY d.at_us, d.ref",
            {**_asked(shortcodes), "payment_id": payment_id},
        )
        return [Break(*row) for row in rows]

    def open_ids(self, shortcodes: Sequence[str], kinds: Sequence[str], before_us: int | None) -> Sequence[str]:
        """The ids of differences of some classes that wait, of what moved before a time where one is given."""
        rows = self._asked_rows(
            f"SELECT d.break_id FROM differences d WHERE {OPEN} "
            "AND d.kind IN (SELECT value FROM json_each(:kinds)) AND d.at_us < coalesce(:before_us, d.at_us + 1)",
            {**_asked(shortcodes), "kinds": json.dumps(list(kinds)), "before_us": before_us},
        )
        return [str(break_id) for (break_id,) in rows]

    def knows(self, break_id: str) -> bool:
        """Whether a difference of this id is kept, accepted or not."""
        return bool(self._reads.rows("SELECT 1 FROM differences WHERE break_id=?", (break_id,)))

    def open_of_file(self, sha256: str) -> int:
        """The number of lines of a file that were not read, and wait for somebody."""
        rows: list[Any] = self._reads.rows(
            f"SELECT count(*) FROM differences d WHERE d.kind='unknown_row' AND d.ref >= ? AND d.ref < ? "
            f"AND NOT {_IS_ACCEPTED}",
            (f"{sha256[:8]}-", f"{sha256[:8]}."),
        )
        return int(rows[0][0])

    def told_on(self, day: str) -> set[str]:
        """Other things that a run has said on this day."""
        return {str(item) for (item,) in self._reads.rows("SELECT item FROM told WHERE day=?", (day,))}

    def compared_until(self, shortcodes: Sequence[str]) -> int | None:
        """The last moment of which M-PESA's record was compared; None where it never was."""
        rows: list[Any] = self._reads.rows(
            "SELECT max(until_us) FROM compared_spans WHERE shortcode IN (SELECT value FROM json_each(?))",
            (json.dumps(list(shortcodes)),),
        )
        found: int | None = rows[0][0]
        return found

    def books_begin_us(self) -> int | None:
        """The first moment that is compared; None where nobody said so."""
        rows = self._reads.rows("SELECT value FROM meta WHERE key=?", (BOOKS_BEGIN,))
        return int(str(rows[0][0])) if rows else None

    def payments_for_a_person(self) -> Sequence[Payment]:
        """Payments that are unknown or for review, oldest first."""
        return self._payments("payments WHERE status IN ('unknown', 'review') ORDER BY created_us")

    def payments_with_conflict(self) -> Sequence[Payment]:
        """Payments with an attempt that is paid and contradicted."""
        return self._payments(
            "(SELECT DISTINCT payment_id FROM attempts WHERE instr(flags, 'conflict') AND state='paid') found"
        )

    def overpaid_payments(self) -> Sequence[Payment]:
        """Payments that got more than was asked, oldest first."""
        return self._payments("payments WHERE status='overpaid' ORDER BY created_us")

    def _payments(self, whose: str) -> list[Payment]:
        rows = self._reads.rows(f"SELECT payment_id FROM {whose}")
        return [p for (payment_id,) in rows if (p := self._reads.payment(str(payment_id)))]

    def rules_changed(self) -> Sequence[JournalEntry]:
        """Payments that an upgrade decided otherwise than the program before, and no run has found yet."""
        rows: list[Any] = self._reads.rows(
            "SELECT seq, at_us, payment_id, facts, hash FROM journal j WHERE kind='rules_changed' AND NOT EXISTS "
            "(SELECT 1 FROM differences d WHERE d.break_id='rules_changed-' || j.payment_id || '-' || j.seq) "
            "ORDER BY seq"
        )
        return [
            JournalEntry(seq, at_us, "rules_changed", payment_id, None, json.loads(facts), hashed)
            for seq, at_us, payment_id, facts, hashed in rows
        ]

    def _asked_rows(self, sql: str, parameters: dict[str, Any]) -> list[Any]:
        return cast("list[Any]", self._reads.rows(sql, cast("Any", parameters)))


def _asked(shortcodes: Sequence[str], scopes: Sequence[Scope] = (), untold_on: str = "") -> dict[str, str]:
    """The parameters that OURS, OPEN and what is listed take."""
    return {
        "untold_on": untold_on,
        "shortcodes": json.dumps(list(shortcodes)),
        "scopes": json.dumps([(s.from_us, s.until_us) for s in scopes]),
    }


def _number_of(condition: str) -> str:
    return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def _prefixed(columns: str) -> str:
    return ", ".join(f"d.{name}" for name in columns.split(", "))
