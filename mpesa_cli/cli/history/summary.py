"""The totals per day, printed in each format."""

import json
from itertools import chain
from typing import TYPE_CHECKING

from mpesa_cli.history import chart
from mpesa_cli.history.summary import summarise
from mpesa_cli.terminal.cells import plain_lines
from mpesa_cli.terminal.csv_rows import csv_text
from mpesa_cli.terminal.payment_words import environment_label
from mpesa_cli.terminal.render import print_json
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from mpesa_cli.cli.options import Format
    from mpesa_cli.history.query import HistoryFilter
    from mpesa_cli.history.summary import By
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
    from mpesa_cli.history.store import History

    counted = summarise(chain.from_iterable(History(ledger).pages(wanted)), days_max, by)
    rows = [*counted.days, counted.total]
    label = environment_label(ledger.environment)
    match format_:
        case "json":
            print_json(streams, chart.summary_document(counted, ledger.environment, by))
        case "ndjson":
            for day in rows:
                streams.out(json.dumps(chart.day_document(day), ensure_ascii=False, separators=(",", ":")))
        case "csv":
            streams.out(csv_text([chart.FIELDS, *map(chart.summary_row, rows)]).removesuffix("\n"))
        case "table" if streams.is_terminal(streams.stdout):
            plain = ascii_only or not streams.shows_utf8(streams.stdout)
            lines = chart.chart_lines(counted, streams.columns(streams.stdout), ascii_only=plain, by=by)
            streams.out("\n".join([*lines, label] if label else lines))
        case "table":
            streams.out(plain_lines(map(chart.summary_row, rows)))
            if label:
                streams.say(label)
    if counted.cut:
        streams.say(f"Only the newest {by}s are shown, {days_max} of more. All of them: --limit all")
