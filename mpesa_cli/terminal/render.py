"""Rendering of one result: JSON here, words for people in the files beside it."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from mpesa_cli.terminal.streams import Streams
from mpesa_cli.terminal.table import Table, aligned

LIST_PART = 500


def json_text(document: object) -> str:
    """A JSON document as it is printed."""
    import json

    return json.dumps(document, indent=2, ensure_ascii=False)


def print_json(streams: Streams, document: object) -> None:
    """Print exactly one JSON document on stdout."""
    streams.out(json_text(document))


def print_json_with_list(streams: Streams, document: dict[str, Any], name: str, items: Iterable[object]) -> None:
    """Print one JSON document whose last field ``name`` is a list of any length, a part at a time."""
    import json

    head = json.dumps(document, indent=2, ensure_ascii=False).removesuffix("\n}")
    opening, left = f'{head},\n  "{name}": [', iter(items)
    before = opening
    while part := list(islice(left, LIST_PART)):
        texts = (json.dumps(item, indent=2, ensure_ascii=False).replace("\n", "\n    ") for item in part)
        streams.out(before + ",".join(f"\n    {text}" for text in texts))
        before = ","
    streams.out(f"{opening}]\n}}" if before is opening else "  ]\n}")


def print_json_line(streams: Streams, document: object) -> None:
    """Print one JSON object on one line, flushed: for streams of events."""
    streams.out(json_line(document))


def json_line(document: object) -> str:
    """A JSON object as one line."""
    import json

    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def plain_rows(streams: Streams, rows: Iterable[Iterable[str]]) -> None:
    """Print tab-separated full values, one row a line, for a pipe in place of a table."""
    for row in rows:
        streams.out("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))


def print_table(streams: Streams, table: Table) -> None:
    """Print a table for people on a terminal; plain full rows in a pipe."""
    if not streams.is_terminal(streams.stdout):
        plain_rows(streams, [table.headings, *table.rows] if table.named else table.rows)
        return
    for line in aligned(table, streams.columns(streams.stdout)):
        streams.out(line)
