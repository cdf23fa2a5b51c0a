"""Printing the history in each format, a page at a time: a million payments need no more room than fifty."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mpesa_cli.history.query import FIELDS, HistoryFilter, HistoryRow, Value, values
from mpesa_cli.terminal.cells import plain_lines
from mpesa_cli.terminal.csv_rows import csv_text
from mpesa_cli.terminal.payment_words import environment_label

if TYPE_CHECKING:
    from mpesa_cli.cli.options import Format
    from mpesa_cli.history.table import Totals
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.terminal.streams import Streams

PIPE_FIELDS = (
    "created_at", "status", "amount", "msisdn", "order_id", "receipt", "result_code", "flags", "payment_id",
)
_NUMBERS = frozenset({"amount", "received", "reversed", "attempt_count"})


class HistoryPrinter:
    """The printer of payments to stdout, in the chosen format; words about it go to stderr."""

    def __init__(
        self, streams: "Streams", ledger: "Reads", now_us: int, format_: "Format", *,
        unmask: bool, ascii_only: bool,
    ) -> None:
        """``unmask`` and ``ascii_only`` are about tables on a terminal."""
        self.streams, self.ledger, self.now_us, self.format = streams, ledger, now_us, format_
        self.unmask, self.ascii_only = unmask, ascii_only

    def payments(self, wanted: HistoryFilter, limit: int | None, fields: Sequence[str] | None) -> None:
        """The payments, newest first, at most ``limit``; says so on stderr where there are more."""
        # One more than wanted tells whether there are more; it is not shown.
        asked = replace(wanted, limit=None if limit is None else limit + 1)
        match self.format:
            case "json":
                shown = self._json(self._documents(asked, fields), limit)
            case "ndjson":
                shown = self._ndjson(self._documents(asked, fields), limit)
            case "csv":
                shown = self._csv(asked, limit, fields or FIELDS)
            case _ if self.streams.is_terminal(self.streams.stdout):
                shown = self._table(asked, limit, fields)
            case _:
                shown = self._plain(asked, limit, fields or PIPE_FIELDS)
        if limit is not None and shown > limit:
            self.streams.say(f"Only the newest are shown, {limit} of more. All of them: --limit all")
        elif not shown and self.format == "table":
            self.streams.say("No payment is open." if wanted.open_only else "No payments match.")
        if self.format == "table" and not self.streams.is_terminal(self.streams.stdout):
            self._label(self.streams.say)

    def _documents(self, asked: HistoryFilter, fields: Sequence[str] | None) -> Iterator[dict[str, Any]]:
        from mpesa_cli.history.store import History
        from mpesa_cli.rules.payment_document import payment_document

        if fields is None:
            return (payment_document(payment, self.now_us) for payment in History(self.ledger).payments(asked))
        if {"attempts", "may_be_orders", "refund"} & set(fields):
            return (self._picked(payment, fields) for payment in History(self.ledger).payments(asked))
        return (
            _named(fields, row)
            for page in History(self.ledger).pages(asked)
            for row in self._values(page, fields)
        )

    def _picked(self, payment: "Payment", fields: Sequence[str]) -> dict[str, Any]:
        from mpesa_cli.rules.payment_document import payment_document

        document = payment_document(payment, self.now_us)
        flags = document["attempts"][payment.telling.ref.number - 1]["flags"]
        whole = {**document, "flags": flags, "attempt_count": len(payment.attempts)}
        return {name: whole[name] for name in fields}

    def _values(self, rows: Sequence[HistoryRow], fields: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        return values(rows, fields, self.ledger.environment, self.now_us)

    def _json(self, documents: Iterator[dict[str, Any]], limit: int | None) -> int:
        import textwrap

        shown = 0
        for document in documents:
            shown += 1
            if limit is not None and shown > limit:
                break
            text = textwrap.indent(json.dumps(document, indent=2, ensure_ascii=False), "  ")
            self.streams.out(f"{'[' if shown == 1 else ','}\n{text}")
        self.streams.out("]" if shown else "[]")
        return shown

    def _ndjson(self, documents: Iterator[dict[str, Any]], limit: int | None) -> int:
        shown = 0
        for document in documents:
            shown += 1
            if limit is not None and shown > limit:
                break
            self.streams.out(_line(document))
        return shown

    def _csv(self, asked: HistoryFilter, limit: int | None, fields: Sequence[str]) -> int:
        from mpesa_cli.history.store import History

        self._csv_out([fields])
        shown = 0
        for page in History(self.ledger).pages(asked):
            rows = page if limit is None else page[: limit - shown]
            if rows:
                self._csv_out(self._values(rows, fields))
            shown += len(page)
        return shown

    def _csv_out(self, rows: Iterable[Sequence[Value]]) -> None:
        self.streams.out(csv_text(rows).removesuffix("\n"))  # out() ends the line

    def _plain(self, asked: HistoryFilter, limit: int | None, fields: Sequence[str]) -> int:
        from mpesa_cli.history.store import History

        shown = 0
        for page in History(self.ledger).pages(asked):
            rows = page if limit is None else page[: limit - shown]
            if rows:
                self.streams.out(plain_lines(self._values(rows, fields)))
                self._claims(rows)
            shown += len(page)
        return shown

    def _table(self, asked: HistoryFilter, limit: int | None, fields: Sequence[str] | None) -> int:
        from mpesa_cli.history.store import History
        from mpesa_cli.history.table import Totals

        shown, totals, waiting = 0, Totals(), None
        for page in History(self.ledger).pages(asked):
            rows = page if limit is None else page[: limit - shown]
            if rows:
                if waiting is not None:
                    self._print_page(waiting, fields, is_first=totals.count == len(waiting))
                waiting = rows
                totals.add(rows)
            shown += len(page)
        if waiting is not None:  # the last page, with what all of them come to
            self._print_page(waiting, fields, is_first=totals.count == len(waiting), totals=totals)
        if shown:
            self._label(self.streams.out)
        return shown

    def _print_page(
        self, rows: Sequence[HistoryRow], fields: Sequence[str] | None, *, is_first: bool,
        totals: "Totals | None" = None,
    ) -> None:
        for line in self._aligned(rows, fields, totals)[0 if is_first else 2 :]:
            self.streams.out(line)
        self._claims(rows)

    def _claims(self, rows: Sequence[HistoryRow]) -> None:
        """Name the orders that money by hand may be for, where no order has it."""
        from mpesa_cli.ledger.claiming import Claims
        from mpesa_cli.rules.by_hand import HandMoney, MayBe
        from mpesa_cli.terminal.claim_words import claim_lines

        for row in rows:
            if row.receipt and row.order_id == f"C2B-{row.receipt}":
                money = HandMoney(row.amount_cents, row.paid_us or row.created_us, row.msisdn)
                orders = Claims(self.ledger).orders_it_may_be(money, row.profile)
                for line in claim_lines(MayBe(row.receipt, order) for order in orders):
                    self.streams.say(line)

    def _aligned(
        self, rows: Sequence[HistoryRow], fields: Sequence[str] | None, totals: "Totals | None"
    ) -> list[str]:
        from mpesa_cli.history import table as of_history
        from mpesa_cli.terminal.table import Table, aligned
        from mpesa_cli.terminal.width import in_ascii

        stdout = self.streams.stdout
        green = of_history.paid_rows(rows) if self.streams.has_colour(stdout) else frozenset()
        if fields is None:
            cells = of_history.history_cells(rows, self.now_us, unmask=self.unmask)
            sums = of_history.history_totals(totals) if totals else ()
            table = Table(of_history.HEADINGS, cells, of_history.NUMBERS, sums)
        else:
            hidden = [row._replace(msisdn=of_history.masked(row.msisdn, unmask=self.unmask)) for row in rows]
            cells = [["" if v is None else str(v) for v in row] for row in self._values(hidden, fields)]
            numbers = tuple(i for i, name in enumerate(fields) if name in _NUMBERS)
            sums = of_history.field_totals(fields, totals) if totals else ()
            table = Table(fields, cells, numbers, sums)
        lines = aligned(table, self.streams.columns(stdout), green=green)
        return [in_ascii(line) for line in lines] if self.ascii_only else lines

    def _label(self, tell: Callable[[str], None]) -> None:
        if label := environment_label(self.ledger.environment):
            tell(label)


def _named(fields: Sequence[str], row: Sequence[Value]) -> dict[str, Any]:
    document: dict[str, Any] = dict(zip(fields, row, strict=True))
    if "flags" in document:
        document["flags"] = str(document["flags"]).split()
    return document


def _line(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
