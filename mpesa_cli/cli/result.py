"""The result of a command, and the one place that prints it: a document for programs, lines for people."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mpesa_cli.terminal.streams import Streams
    from mpesa_cli.terminal.table import Table


class Note(NamedTuple):
    """A line about the work, for stderr; ``loud`` where quiet too."""

    text: str
    loud: bool = False


class Result(NamedTuple):
    """The result of a command, whole.

    ``document`` is what --json prints. Without it people get ``lines`` on stdout and ``notes`` on stderr; ``told`` are
    notes with either. Nothing is printed of what is None or empty. ``status`` is the exit status, whatever becomes of
    stdout. ``then`` is work that must not keep the result waiting, done once it is printed.
    """

    document: object = None
    lines: "Iterable[str] | Table" = ()
    notes: Iterable[Note] = ()
    told: Iterable[Note] = ()
    status: int = 0
    then: Callable[[], object] | None = None


def render(streams: "Streams", result: Result) -> int:
    """Print a result. Returns its exit status. A list raises StdoutClosed or StdoutFailed."""
    from mpesa_cli.terminal.render import print_json, print_table
    from mpesa_cli.terminal.table import Table

    if streams.as_json:
        if result.document is not None:
            print_json(streams, result.document)
    else:
        if isinstance(result.lines, Table):
            print_table(streams, result.lines)
        else:
            for line in result.lines:
                streams.out_words(line)
        _tell(streams, result.notes)
    _tell(streams, result.told)
    if result.then is not None:
        result.then()
    return int(result.status)


def _tell(streams: "Streams", notes: Iterable[Note]) -> None:
    for note in notes:
        (streams.complain if note.loud else streams.say)(note.text)


def request_only(body: dict[str, str]) -> Result:
    """The request of a registration, in place of sending it."""
    from mpesa_cli.terminal.render import json_text

    document = {"dry_run": True, "method": "POST", "body": body}
    return Result(
        document, [json_text(document)], told=[Note("Dry run: nothing was sent and nothing was stored.")]
    )
