"""Questions to a person: on stderr, so that stdout stays the result; a secret is typed unseen."""

from collections.abc import Callable

from mpesa_cli.floor.errors import Declined
from mpesa_cli.settings.rules import RuleError
from mpesa_cli.terminal.streams import Streams


def ask(streams: Streams, question: str, default: str | None, check: Callable[[str], str]) -> str:
    """Ask until the answer passes ``check``. An empty answer means the default. Raises Declined at the end of input.

    ``check`` returns the answer, tidied, or raises RuleError.
    """
    shown = f" [{default}]" if default else ""
    while True:
        answer = _line(streams, f"{question}{shown}: ")
        try:
            return check(answer or default or "")
        except RuleError as broken:
            streams.complain(f"  It {broken.needs}.")


def ask_secret(streams: Streams, question: str) -> str:
    """Ask for a secret; what is typed is not shown. Raises Declined at the end of input."""
    from mpesa_cli.floor.machine import typed_unseen, write_no_core

    write_no_core()
    with typed_unseen(streams.stdin):
        try:
            return _line(streams, f"{question} (not shown): ")
        finally:
            streams.complain("")


def ask_yes(streams: Streams, question: str) -> bool:
    """One question whose default is No."""
    return _line(streams, f"{question} [y/N]: ").lower() in {"y", "yes"}


def _line(streams: Streams, prompt: str) -> str:
    from mpesa_cli.floor.machine import drop_typed_ahead

    drop_typed_ahead(streams.stdin)  # a key that was pressed before the question was read is no answer to it
    *above, last = streams.laid(prompt.rstrip(" "), streams.stderr).split("\n")
    for line in above:
        streams.complain(line)
    streams.complain_raw(f"{last} ")
    line = streams.stdin.readline()
    if not line:
        raise Declined(
            "The questions were not answered to the end.", hint="Nothing was written or sent. Start again:  mpesa init"
        )
    return line.strip()
