"""The totals per day, printed in each format."""

import json
from itertools import chain
from typing import TYPE_CHECKING

from mpesa_cli.history import chart
from mpesa_cli.history.summary import summarise, summarise_tills
from mpesa_cli.terminal.cells import plain_lines
from mpesa_cli.terminal.csv_rows import csv_text
from mpesa_cli.terminal.payment_words import environment_label
from mpesa_cli.terminal.render import print_json
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.cli.options import Format
    from mpesa_cli.history.query import HistoryFilter, HistoryRow
    from mpesa_cli.history.summary import By, Summary
    from mpesa_cli.ledger.reads import Reads


def print_summary(
    streams: Streams,
    ledger: "Reads",
    wanted: "HistoryFilter",
    days_max: int | None,
    format_: "Format",
    *,
    ascii_only: bool,
    by: "By" = "day",
) -> None:
    """The payments counted per day, oldest day first; says on stderr where older days were left out."""
    counted = summarise(_rows(ledger, wanted), days_max, by)
    _print(streams, counted, ledger.environment, format_, ascii_only=ascii_only, by=by)
    if counted.cut:
        streams.say(f"Only the newest {by}s are shown, {days_max} of more. All of them: --limit all")


def print_tills(
    streams: Streams, tills: "Sequence[tuple[str, Reads]]", wanted: "HistoryFilter", format_: "Format", *,
    ascii_only: bool,
) -> None:
    """The payments counted per till, in the order of these profiles and their ledgers."""
    counted = summarise_tills((name, _rows(ledger, wanted)) for name, ledger in tills)
    _print(streams, counted, tills[0][1].environment, format_, ascii_only=ascii_only, by="till")


def _rows(ledger: "Reads", wanted: "HistoryFilter") -> "Iterator[HistoryRow]":
    from mpesa_cli.history.store import History

    return chain.from_iterable(History(ledger).pages(wanted))


def _print(
    streams: Streams, counted: "Summary", environment: str, format_: "Format", *, ascii_only: bool, by: "By"
) -> None:
    rows = [*counted.days, counted.total]
    label = environment_label(environment)
    match format_:
        case "json":
            print_json(streams, chart.summary_document(counted, environment, by))
        case "ndjson":
            for day in rows:
                streams.out(json.dumps(chart.day_document(day, by), ensure_ascii=False, separators=(",", ":")))
        case "csv":
            streams.out(csv_text([chart.fields_by(by), *map(chart.summary_row, rows)]).removesuffix("\n"))
        case "table" if streams.is_terminal(streams.stdout):
            plain = ascii_only or not streams.shows_utf8(streams.stdout)
            lines = chart.chart_lines(counted, streams.columns(streams.stdout), ascii_only=plain, by=by)
            streams.out("\n".join([*lines, label] if label else lines))
        case "table":
            streams.out(plain_lines(map(chart.summary_row, rows)))
            if label:
                streams.say(label)
