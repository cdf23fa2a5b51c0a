"""The progress of long work, and a countdown. On stderr: redrawn on a terminal, plain lines elsewhere."""

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType

from mpesa_cli.floor.moments import clock_time
from mpesa_cli.floor.progress import Told
from mpesa_cli.terminal.redrawn import RedrawnLine
from mpesa_cli.terminal.streams import Streams

_WIDTH = 20


class Bar:
    """A bar for ``total`` steps, 0 where nobody knows. Use as a context manager; only its own methods draw."""

    def __init__(self, streams: Streams, total: int, title: str) -> None:
        """Off a terminal there is a line for each tenth, and with ``-v`` for each step."""
        self._streams, self._total, self._title = streams, total, title
        self._line = RedrawnLine(streams)
        self._done, self._waits_for, self._words = 0, "", ""

    def __enter__(self) -> "Bar":
        """Draw the empty bar."""
        self._line.__enter__()
        self._redraw("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, whatever happened."""
        self._line.__exit__(kind, error, trace)

    def step(self, words: str, now_us: int, count: int = 1) -> None:
        """Move on by ``count`` steps; ``words`` tell of the last."""
        tenth = self._done * 10 // max(1, self._total)
        self._done, self._waits_for = self._done + count, ""
        if self._line.is_animated:
            self._redraw(words)
        elif self._streams.verbosity or self._done * 10 // max(1, self._total) > tenth:
            self._streams.say(f"{clock_time(now_us)} {self._title} {self._done}/{self._total} {words}")

    def wait(self, words: str, seconds: float, now_us: int) -> None:
        """Show that nothing moves for so long, and why; empty words for the rate between steps."""
        full = f"{words} ({seconds:.0f} s)" if words else self._words
        if self._line.is_animated:
            self._redraw(full)
        elif words and words != self._waits_for:
            self._streams.say(f"{clock_time(now_us)} {self._title} {self._done}/{self._total} {full}")
        self._waits_for = words or self._waits_for

    def say(self, text: str) -> None:
        """Write a line that stays, above the bar."""
        self._line.clear()
        self._streams.say(text)
        self._redraw(self._words)

    def _redraw(self, words: str) -> None:
        self._words = words
        self._line.show(f"{bar_words(self._title, self._done, self._total)} {words}".rstrip())


@contextlib.contextmanager
def telling(streams: Streams) -> Iterator[Told]:
    """A bar for work that tells how far it has come; off a terminal nothing is written."""
    with RedrawnLine(streams) as line:
        yield lambda what, done, count: line.show(bar_words(what, done, count))


@contextlib.contextmanager
def waiting_for_result(streams: Streams, language: str) -> Iterator[Callable[[float], None]]:
    """A line that counts down while M-PESA's result is waited for; off a terminal nothing is written."""
    words, left = (
        ("Tunasubiri jibu la M-PESA …", "  sek {:.0f} zimebaki") if language == "sw"
        else ("Waiting for M-PESA's result …", "  {:.0f} s left")
    )
    with RedrawnLine(streams) as line:
        yield lambda left_s: line.show(words, left.format(left_s))


def bar_words(title: str, done: int, total: int) -> str:
    """The bar in characters: ``Asking ━━━━─────  2/10``; only the number where the total is not known."""
    if total <= 0:
        return f"{title} {done:,}"
    full = _WIDTH * min(done, total) // total
    return f"{title} {'━' * full}{'─' * (_WIDTH - full)} {done:,}/{total:,}"


class Countdown:
    """One line that counts down to the next attempt. Use as a context manager: the line is cleared at the end."""

    def __init__(self, streams: Streams) -> None:
        """Off a terminal, one plain line for each thing that is waited for."""
        self._streams, self._line, self._shown = streams, RedrawnLine(streams), ""

    def __enter__(self) -> "Countdown":
        """Turn the echo off."""
        self._line.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave a clean line behind."""
        self._line.__exit__(kind, error, trace)

    def show(self, words: str, seconds: float, now_us: int) -> None:
        """Show what is waited for and how long."""
        if self._line.is_animated:
            self._line.show(words, f"  {seconds:.0f} s")
        elif words != self._shown:
            self._streams.say(f"{clock_time(now_us)} {words} ({seconds:.0f} s)")
        self._shown = words

    def clear(self) -> None:
        """Take the line away: something else is shown now."""
        self._line.clear()
        self._shown = ""
