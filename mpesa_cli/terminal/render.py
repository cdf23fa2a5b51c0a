"""One result, many faces: JSON here, words for people in the files beside it."""

from typing import Any

from mpesa_cli.terminal.streams import Streams


def print_json(streams: Streams, document: object) -> None:
    """Print exactly one JSON document on stdout."""
    import json

    streams.out(json.dumps(document, indent=2, ensure_ascii=False))


def print_json_line(streams: Streams, document: object) -> None:
    """Print one JSON object on one line, flushed: for streams of events."""
    import json

    streams.out(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def plain_rows(streams: Streams, rows: list[list[str]]) -> None:
    """Tab-separated full values, one row a line: what a pipe gets instead of a table."""
    for row in rows:
        streams.out("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))


def table(streams: Streams, headings: list[str], rows: list[list[str]], *, numbers: tuple[int, ...] = ()) -> None:
    """A table for people on a terminal; plain full rows in a pipe."""
    if not streams.is_terminal(streams.stdout):
        plain_rows(streams, rows)
        return
    from rich import box
    from rich.table import Table

    drawn: Any = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, heading in enumerate(headings):
        drawn.add_column(heading, justify="right" if index in numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    streams.console(streams.stdout).print(drawn)
