"""The history of payments, newest first, in pages by key: a million rows stream in flat memory.

Every page is a read of its own, so a slow reader holds nothing up; a payment that changes meanwhile shows
as it stands when its page is read, and one that is added meanwhile is not shown.
"""

from collections.abc import Iterator

from mpesa_cli.history.query import OPEN_STATUSES, HistoryFilter, HistoryRow
from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.rows import ATTEMPT_COLUMNS, PAYMENT_COLUMNS, attempt_from, payment_from
from mpesa_cli.rules.payment import Attempt, Payment

PAGE_ROWS = 500  # larger pages were measured slower: they leave the processor's cache
PAYMENTS_PER_PAGE = 200

_ROW_COLUMNS = ", ".join(HistoryRow._fields)


class History:
    """Questions of `history`."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def pages(self, wanted: HistoryFilter, page_rows: int = PAGE_ROWS) -> Iterator[list[HistoryRow]]:
        """The payments as flat rows, newest first, a page at a time; no page is empty."""
        for page in self._pages(_ROW_COLUMNS, wanted, page_rows):
            yield list(map(HistoryRow._make, page))

    def payments(self, wanted: HistoryFilter) -> Iterator[Payment]:
        """The payments whole, with all their attempts, newest first."""
        for page in self._pages(PAYMENT_COLUMNS, wanted, PAYMENTS_PER_PAGE):
            attempts = self._attempts_of([str(row[0]) for row in page])
            for row in page:
                yield Claims(self._reads).with_claims(
                    payment_from(row, attempts.get(str(row[0]), ()), self._reads.environment)
                )

    def _attempts_of(self, payment_ids: list[str]) -> dict[str, list[Attempt]]:
        marks = ",".join("?" * len(payment_ids))
        rows = self._reads.rows(
            f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE payment_id IN ({marks}) "
            "ORDER BY payment_id, number",
            tuple(payment_ids),
        )
        found: dict[str, list[Attempt]] = {}
        for attempt in map(attempt_from, rows):
            found.setdefault(attempt.ref.payment_id, []).append(attempt)
        return found

    def _pages(
        self, columns: str, wanted: HistoryFilter, page_rows: int
    ) -> Iterator[list[tuple[object, ...]]]:
        """Rows of ``columns`` of payments, which are to hold ``payment_id`` and ``created_us``."""
        created, payment = (columns.split(", ").index(name) for name in ("created_us", "payment_id"))
        after: tuple[object, object] | None = wanted.after
        left = wanted.limit
        while left is None or left > 0:
            size = page_rows if left is None else min(page_rows, left)
            condition, parameters, key = _condition(wanted, after)
            rows = self._reads.rows(
                f"SELECT {columns} FROM payments WHERE {condition} "
                f"ORDER BY {key} LIMIT ?",
                (*parameters, size),
            )
            if rows:
                after = (rows[-1][created], rows[-1][payment])
                yield rows
            if len(rows) < size:
                return
            left = None if left is None else left - size


def _condition(wanted: HistoryFilter, after: tuple[object, object] | None) -> tuple[str, list[object], str]:
    """SQL for the rows behind ``after``, its parameters, and the order to read them in."""
    # Few payments belong to one phone or order: the plus keeps SQLite from walking all that are paid, or all
    # in the order of time, which it can't know to be slower.
    few = wanted.msisdn is not None or wanted.msisdn_shown is not None or wanted.unclaimed
    few = few or wanted.order_id is not None or wanted.order_prefix is not None
    plus = "+" if few else ""
    created, payment, status = f"{plus}created_us", f"{plus}payment_id", f"{plus}status"
    conditions: list[str] = []
    parameters: list[object] = []

    def need(condition: str, *values: object) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if wanted.since_us is not None:
        need(f"{created} >= ?", wanted.since_us)
    if wanted.until_us is not None:
        need(f"{created} < ?", wanted.until_us)
    if wanted.status is not None:
        need(f"{status} = ?", str(wanted.status))
    if wanted.open_only:
        need(f"{status} IN ({','.join('?' * len(OPEN_STATUSES))})", *map(str, OPEN_STATUSES))
    if wanted.msisdn is not None:
        need("payment_id IN (SELECT payment_id FROM attempts WHERE msisdn = ?)", wanted.msisdn)
    if wanted.msisdn_shown is not None:
        head, tail = wanted.msisdn_shown
        need("payment_id IN (SELECT payment_id FROM attempts WHERE msisdn GLOB ?)", f"{head}*{tail}")
    if wanted.amount_cents is not None:
        need("amount_cents = ?", wanted.amount_cents)
    if wanted.unclaimed:
        need("order_id GLOB 'C2B-*' AND order_id = 'C2B-' || receipt AND received_cents > 0 AND attempt_count = 1")
        need("receipt NOT IN (SELECT receipt FROM named_receipts)")
    if wanted.order_id is not None:
        need("order_id = ?", wanted.order_id)
    if wanted.order_prefix is not None:
        need("order_id >= ? AND order_id < ?", wanted.order_prefix, wanted.order_prefix + "\U0010ffff")
    if after is not None:
        need(f"({created}, {payment}) < (?, ?)", *after)
    return " AND ".join(conditions) or "1=1", parameters, f"{created} DESC, {payment} DESC"
