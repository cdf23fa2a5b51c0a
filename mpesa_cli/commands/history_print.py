"""Printing the history in each format, a page at a time: a million payments need no more room than fifty."""

import json
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from mpesa_cli.domain.history import FIELDS, HistoryFilter, HistoryRow, Value, values
from mpesa_cli.domain.payment_document import payment_document
from mpesa_cli.domain.summary import summarise
from mpesa_cli.terminal import chart
from mpesa_cli.terminal.cells import plain_lines
from mpesa_cli.terminal.csv_rows import csv_text
from mpesa_cli.terminal.history_table import HEADINGS, NUMBERS, aligned, history_cells, masked, paid_rows
from mpesa_cli.terminal.payment_words import environment_label
from mpesa_cli.terminal.render import print_json
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from mpesa_cli.domain.payment import Payment
    from mpesa_cli.ledger.history import HistoryReads

PIPE_FIELDS = (
    "created_at",
    "status",
    "amount",
    "msisdn",
    "order_id",
    "receipt",
    "result_code",
    "flags",
    "payment_id",
)
_AMOUNTS = {"amount", "received", "attempt_count"}


@dataclass(slots=True)
class HistoryPrinter:
    """Prints what the ledger has to stdout, in the format chosen; words about it go to stderr."""

    streams: Streams
    ledger: "HistoryReads"
    now_us: int
    format: Literal["table", "json", "ndjson", "csv"]
    unmask: bool
    ascii_only: bool

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
            self.streams.say(f"These are the newest {limit}. All of them: --limit all")
        elif not shown and self.format == "table":
            self.streams.say("No payments match.")
        if self.format == "table" and not self.streams.is_terminal(self.streams.stdout):
            self._label(self.streams.say)

    def summary(self, wanted: HistoryFilter, days_max: int | None) -> None:
        """The payments counted per day, oldest day first."""
        counted = summarise(chain.from_iterable(self.ledger.history_pages(wanted)), days_max)
        rows = [*counted.days, counted.total]
        environment = self.ledger.environment
        match self.format:
            case "json":
                print_json(self.streams, chart.summary_document(counted, environment))
            case "ndjson":
                self.streams.out("\n".join(_line(chart.day_document(day)) for day in rows))
            case "csv":
                self._csv_out(chain([chart.FIELDS], map(chart.summary_row, rows)))
            case _ if self.streams.is_terminal(self.streams.stdout):
                for line in chart.chart_lines(counted, _columns(self.streams), ascii_only=self.ascii_only):
                    self.streams.out(line)
                self._label(self.streams.out)
            case _:
                self.streams.out(plain_lines(map(chart.summary_row, rows)))
                self._label(self.streams.say)
        if counted.cut:
            self.streams.say(f"These are the newest {days_max} days with payments. All of them: --limit all")

    def _documents(self, asked: HistoryFilter, fields: Sequence[str] | None) -> Iterator[dict[str, Any]]:
        if fields is None:
            return (payment_document(payment, self.now_us) for payment in self.ledger.history(asked))
        if "attempts" in fields:
            return (self._picked(payment, fields) for payment in self.ledger.history(asked))
        return (
            _named(fields, row)
            for page in self.ledger.history_pages(asked)
            for row in self._values(page, fields)
        )

    def _picked(self, payment: "Payment", fields: Sequence[str]) -> dict[str, Any]:
        document = payment_document(payment, self.now_us)
        flags = document["attempts"][payment.telling.ref.number - 1]["flags"]
        whole = {**document, "flags": flags, "attempt_count": len(payment.attempts)}
        return {name: whole[name] for name in fields}

    def _values(self, rows: Sequence[HistoryRow], fields: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        return values(rows, fields, self.ledger.environment, self.now_us)

    def _json(self, documents: Iterator[dict[str, Any]], limit: int | None) -> int:
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
        self._csv_out([fields])
        shown = 0
        for page in self.ledger.history_pages(asked):
            rows = page if limit is None else page[: limit - shown]
            if rows:
                self._csv_out(self._values(rows, fields))
            shown += len(page)
        return shown

    def _csv_out(self, rows: Iterable[Sequence[Value]]) -> None:
        self.streams.out(csv_text(rows).removesuffix("\n"))  # out() ends the line

    def _plain(self, asked: HistoryFilter, limit: int | None, fields: Sequence[str]) -> int:
        shown = 0
        for page in self.ledger.history_pages(asked):
            rows = page if limit is None else page[: limit - shown]
            if rows:
                self.streams.out(plain_lines(self._values(rows, fields)))
            shown += len(page)
        return shown

    def _table(self, asked: HistoryFilter, limit: int | None, fields: Sequence[str] | None) -> int:
        shown = 0
        for page in self.ledger.history_pages(asked):
            rows = page if limit is None else page[: limit - shown]
            for line in self._aligned(rows, fields)[0 if shown == 0 else 2 :] if rows else ():
                self.streams.out(line)
            shown += len(page)
        if shown:
            self._label(self.streams.out)
        return shown

    def _aligned(self, rows: Sequence[HistoryRow], fields: Sequence[str] | None) -> list[str]:
        green = paid_rows(rows) if self.streams.has_colour(self.streams.stdout) else frozenset()
        if fields is None:
            cells = history_cells(rows, self.now_us, unmask=self.unmask, ascii_only=self.ascii_only)
            return aligned(HEADINGS, cells, numbers=NUMBERS, ascii_only=self.ascii_only, green=green)
        hidden = [
            row._replace(msisdn=masked(row.msisdn, unmask=self.unmask, ascii_only=self.ascii_only))
            for row in rows
        ]
        cells = [["" if v is None else str(v) for v in row] for row in self._values(hidden, fields)]
        numbers = frozenset(i for i, name in enumerate(fields) if name in _AMOUNTS)
        return aligned(fields, cells, numbers=numbers, ascii_only=self.ascii_only, green=green)

    def _label(self, tell: Any) -> None:
        if label := environment_label(self.ledger.environment):
            tell(label)


def _named(fields: Sequence[str], row: Sequence[Value]) -> dict[str, Any]:
    document: dict[str, Any] = dict(zip(fields, row, strict=True))
    if "flags" in document:
        document["flags"] = str(document["flags"]).split()
    return document


def _columns(streams: Streams) -> int:
    typed = streams.environ.get("COLUMNS", "")
    return int(typed) if typed.isdecimal() and int(typed) else shutil.get_terminal_size().columns


def _line(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
