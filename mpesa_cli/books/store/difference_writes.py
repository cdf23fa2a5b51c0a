"""Writing differences down: kept, brought up to date, forgotten where they are gone; what a run has told of."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from mpesa_cli.books.store.differences import BOOKS_BEGIN, COLUMNS, Differences
from mpesa_cli.rules import evidence as ev

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mpesa_cli.books.break_values import Accepted, Break
    from mpesa_cli.books.store.values import Origin, Scope, Span
    from mpesa_cli.ledger.writes import Write

_KEPT = f"{COLUMNS}, break_id, origin, basis, shortcode, from_us, until_us, seen"
_CHANGING = [name for name in _KEPT.split(", ") if name not in {"break_id", "kind", "ref"}]
_HELD_BY_REVIEW = "EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id=differences.payment_id AND a.state='review')"
_IN_RECORD = "SELECT 1 FROM statement_rows r WHERE r.receipt=differences.receipt"
# What became true since without any file: money that was attached, a review that was decided, a charge or a payment
# whose row came with the record of another time.
_SETTLED = f"""
    (kind IN ('missing_in_ledger', 'unmatched_order', 'double_payment')
        AND EXISTS (SELECT 1 FROM receipts k WHERE k.receipt=differences.receipt))
    OR (kind='status_conflict' AND NOT {_HELD_BY_REVIEW})
    OR (kind='duplicate_receipt' AND payment_id<>'' AND NOT {_HELD_BY_REVIEW})
    OR (kind='missing_at_provider' AND receipt<>'' AND EXISTS ({_IN_RECORD} AND r.kind='received'))
    OR (kind='fee' AND (EXISTS ({_IN_RECORD} AND r.kind<>'charge')
        OR EXISTS (SELECT 1 FROM receipts k WHERE k.receipt=differences.receipt)))
"""


class DifferenceWrites(Differences):
    """Changes to differences, in one transaction."""

    def __init__(self, tx: Write) -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def next_comparison(self) -> int:
        """A number that no comparison had before."""
        found: list[Any] = self._reads.rows("SELECT coalesce(max(seen), 0) + 1 FROM differences")
        return int(found[0][0])

    def remember(self, found: Iterable[tuple[Break, Scope]], origin: Origin, seen: int) -> None:
        """Keep differences, or bring them up to date; the scope says whose and which time they are about."""
        marks = ",".join("?" * len(_KEPT.split(", ")))
        changes = ", ".join(f"{name}=excluded.{name}" for name in _CHANGING)
        # The same once more is not written: a run that finds nothing new leaves the file alone.
        same = " AND ".join(f"differences.{name} IS excluded.{name}" for name in _CHANGING)
        self._tx.executemany(
            f"INSERT INTO differences ({_KEPT}) VALUES ({marks}) ON CONFLICT (break_id) "
            f"DO UPDATE SET {changes}, told_day=CASE WHEN differences.basis=excluded.basis "
            f"THEN differences.told_day ELSE '' END WHERE NOT ({same})",
            _rows(found, origin, seen),
        )

    def forget_unseen(self, scope: Scope, sure: Scope, seen: int) -> None:
        """Forget what comparing these times did not show any more; ``sure`` is that of what M-PESA has not."""
        for condition, time in (("kind<>'missing_at_provider'", scope), ("kind='missing_at_provider'", sure)):
            self._tx.execute(
                f"DELETE FROM differences WHERE origin='record' AND seen<>? AND {condition} "
                "AND at_us >= ? AND at_us < ? AND shortcode IN (SELECT value FROM json_each(?))",
                (seen, time.from_us, time.until_us, json.dumps(time.shortcodes)),
            )

    def forget_read_again(self, scope: Scope, sha256: str, seen: int, *, whole: bool) -> None:
        """Forget what a file did not show any more; ``whole``, all of it was read, of other files of its time too."""
        self._tx.execute(
            "DELETE FROM differences WHERE origin='file' AND seen<>? AND (ref GLOB ? OR (?=1 AND until_us > from_us "
            "AND from_us >= ? AND until_us <= ?)) AND shortcode IN (SELECT value FROM json_each(?))",
            (seen, f"{sha256[:8]}-*", int(whole), scope.from_us, scope.until_us, json.dumps(scope.shortcodes)),
        )

    def forget_settled(self, shortcodes: Sequence[str]) -> None:
        """Forget what became true meanwhile: money that is attached, a review that was decided, a charge whose
        payment turned up."""
        self._tx.execute(
            f"DELETE FROM differences WHERE origin='record' AND ({_SETTLED}) "
            "AND shortcode IN (SELECT value FROM json_each(?))",
            (json.dumps(list(shortcodes)),),
        )

    def keep_only(self, origin: Origin, shortcodes: Sequence[str], ids: Sequence[str]) -> None:
        """Forget all of an origin but these."""
        self._tx.execute(
            "DELETE FROM differences WHERE origin=? AND shortcode IN (SELECT value FROM json_each(?)) "
            "AND break_id NOT IN (SELECT value FROM json_each(?))",
            (origin, json.dumps(list(shortcodes)), json.dumps(list(ids))),
        )

    def mark_told(self, shortcodes: Sequence[str], items: Iterable[str], day: str) -> None:
        """A run has told of all open differences, and of these other items, on this day."""
        self._tx.execute(
            "UPDATE differences SET told_day=? WHERE told_day<>? AND shortcode IN (SELECT value FROM json_each(?))",
            (day, day, json.dumps(list(shortcodes))),
        )
        self._tx.execute("DELETE FROM told WHERE day<>?", (day,))
        self._tx.executemany("INSERT INTO told VALUES (?, ?) ON CONFLICT DO NOTHING", ((i, day) for i in items))

    def note_compared(self, spans: Iterable[Span], at_us: int) -> None:
        """M-PESA's record of these times was compared."""
        self._tx.executemany(
            "INSERT INTO compared_spans VALUES (?,?,?,?,?) ON CONFLICT (shortcode, source, from_us, until_us) "
            "DO UPDATE SET compared_us=excluded.compared_us",
            ((s.shortcode, s.source, s.from_us, s.until_us, at_us) for s in spans),
        )

    def begin_books(self, begin_us: int, accepted: Accepted) -> bool:
        """Stop comparing what is before; journaled. False where the same was said before."""
        if self.books_begin_us() == begin_us:
            return False
        facts = {"begin_us": begin_us, "by": accepted.by, "reason": accepted.reason}
        self._tx.chain(ev.Record("books_begun", accepted.at_us, facts, {}), "", None)
        self._tx.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
            (BOOKS_BEGIN, str(begin_us)),
        )
        return True


def in_chunks(found: Iterable[tuple[Break, Scope]], size: int = 1_000) -> Iterator[list[tuple[Break, Scope]]]:
    """As many at a time as one transaction should hold."""
    left = iter(found)
    while chunk := list(islice(left, size)):
        yield chunk


def _rows(found: Iterable[tuple[Break, Scope]], origin: str, seen: int) -> Iterator[tuple[object, ...]]:
    for b, scope in found:
        yield (b.kind, b.ref, b.at_us, b.amount_cents, b.receipt, b.payment_id, b.order_id, b.account,
               b.detail, b.suggested, b.id, origin, b.basis, scope.shortcodes[0], scope.from_us, scope.until_us,
               seen)
