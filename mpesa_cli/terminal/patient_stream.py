"""A stream that nobody waits for: text is queued, and a thread of its own writes it as it is read.

For a program that must go on whatever becomes of its screen: a terminal held with Ctrl-S, a pager that was stopped,
a collector of logs that hangs. Where too much waits, further lines are counted, and their number is written once
there is room again. A closed screen takes no more lines, and that is all.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TextIO, cast

from mpesa_cli.floor import machine
from mpesa_cli.terminal.streams import Streams

LINES_MAX = 1000
AT_THE_END_S = 1.0  # a screen that is read takes the waiting lines in far less; one that is not, never


class PatientStream:
    """A text stream over another one. ``write`` never waits and never raises; any thread may call it."""

    def __init__(self, target: TextIO, unshown: Callable[[int], str], most: int = LINES_MAX) -> None:
        """``unshown`` makes the line that says how many were not shown; ``most`` is how many writes may wait."""
        self._target = target
        self._unshown = unshown
        self._most = most
        self._lines: deque[str] = deque()
        self._missed = 0
        self._gone = False
        self._ending = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="mpesa-screen", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Queue the text, or count it where too much waits."""
        with self._news:
            if self._gone or self._ending:
                return len(text)
            if len(self._lines) >= self._most:
                self._missed += 1
            else:
                self._lines.append(text)
                self._news.notify()
        return len(text)

    def flush(self) -> None:
        """Do nothing: the text is on its way."""

    def isatty(self) -> bool:
        """Whether a person is behind the other stream."""
        return self._target.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def close(self) -> None:
        """Write what waits, if that takes no longer than a moment. Lines that come later are dropped."""
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(AT_THE_END_S)

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._put(text)
            except (OSError, ValueError) as failed:
                with self._news:
                    if not isinstance(failed, ValueError) and not machine.reader_has_gone(failed):
                        self._missed += 1  # a full disk under a log, perhaps for a while
                        continue
                    self._gone = True
                    self._lines.clear()
                return

    def _next(self) -> str | None:
        with self._news:
            self._news.wait_for(lambda: self._lines or self._ending)
            if not self._lines:
                return None
            text = self._lines.popleft()
            if self._missed and len(self._lines) < self._most // 2:
                text += self._unshown(self._missed) + "\n"
                self._missed = 0
            return text

    def _put(self, text: str) -> None:
        """Write past Python's own buffer where there is a descriptor: a thread hung in it would hang the exit too."""
        try:
            self._target.fileno()
        except (OSError, ValueError, AttributeError):
            self._target.write(text)
            self._target.flush()
            return
        left = text.encode(self._target.encoding or "utf-8", "replace")
        while left:
            left = left[machine.write_at_once(self._target, left) :]


@contextlib.contextmanager
def patient(
    streams: Streams, unshown_out: Callable[[int], str], unshown_err: Callable[[int], str]
) -> Iterator[Streams]:
    """The same streams, which nobody waits for until the block is left."""
    for each in (streams.stdout, streams.stderr):
        with contextlib.suppress(OSError, ValueError):
            each.flush()
    out, err = PatientStream(streams.stdout, unshown_out), PatientStream(streams.stderr, unshown_err)
    try:
        yield replace(streams, stdout=cast(TextIO, out), stderr=cast(TextIO, err))
    finally:
        out.close()
        err.close()
