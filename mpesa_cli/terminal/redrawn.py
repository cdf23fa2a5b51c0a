"""One line of a terminal that is drawn again and again: cut to its width, with nothing typed shown over it.

It is on stderr. Off a terminal, and with TERM=dumb, nothing is redrawn, and whoever has it writes plain lines.
"""

from contextlib import ExitStack
from types import TracebackType

from mpesa_cli.terminal.streams import CLEAR_LINE, Streams
from mpesa_cli.terminal.width import cut


class RedrawnLine:
    """The line. A context manager: while it lasts what is typed is not shown, and is dropped at its end."""

    def __init__(self, streams: Streams) -> None:
        """``is_animated`` says whether anything is redrawn at all."""
        self._streams = streams
        self.is_animated = (
            streams.is_terminal(streams.stderr) and streams.environ.get("TERM") != "dumb" and not streams.quiet
        )
        self._stack = ExitStack()

    def __enter__(self) -> "RedrawnLine":
        """Turn the echo off where a person is at the keys."""
        from mpesa_cli.floor.machine import typed_unseen

        if self.is_animated and self._streams.is_terminal(self._streams.stdin):
            self._stack.enter_context(typed_unseen(self._streams.stdin))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away, and show again what is typed."""
        self.clear()
        self._stack.close()

    def show(self, words: str, after: str = "") -> None:
        """Draw the line anew; ``after``, as the seconds left, is what may not be cut."""
        if self.is_animated:
            stderr = self._streams.stderr
            room = self._streams.columns(stderr) - len(after)
            spelt = cut(self._streams.spelt(words, stderr), room, self._streams.spelt("…", stderr))
            self._streams.complain_raw(f"{CLEAR_LINE}{spelt}{after}")
            self._streams.redrawn = True

    def settle(self, words: str) -> None:
        """Leave a line that stays in its place."""
        if self._streams.redrawn:
            self._streams.complain(words)

    def clear(self) -> None:
        """Take the line away: something else is written now."""
        if self._streams.redrawn:
            self._streams.complain_raw(CLEAR_LINE)
            self._streams.redrawn = False
