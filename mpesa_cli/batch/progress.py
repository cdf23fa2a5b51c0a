"""The progress of a batch, and the countdown of a retry. On stderr: redrawn on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import TYPE_CHECKING

from mpesa_cli.floor.moments import clock_time
from mpesa_cli.terminal.streams import Streams

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_CLEAR = "\r\x1b[K"


class Bar:
    """A progress bar for ``total`` steps. Use as a context manager; nothing draws but its own methods."""

    def __init__(self, streams: Streams, total: int, title: str) -> None:
        """Drawn by Rich on a terminal. Elsewhere a line for each tenth, and with ``-v`` for each step."""
        self._streams, self._total, self._title = streams, total, title
        self._done, self._waits_for = 0, ""
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._animated = _is_animated(streams) and not streams.quiet and total > 0

    def __enter__(self) -> "Bar":
        """Draw the empty bar."""
        if self._animated:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._progress = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[words]}"),
                console=self._streams.console(self._streams.stderr), transient=True, auto_refresh=False,
                redirect_stdout=False, redirect_stderr=False,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._title, total=self._total, words="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, whatever happened."""
        if self._progress is not None:
            self._progress.stop()

    def step(self, words: str, now_us: int, count: int = 1) -> None:
        """Move on by ``count`` steps; ``words`` tell of the last."""
        tenth = self._done * 10 // max(1, self._total)
        self._done, self._waits_for = self._done + count, ""
        if self._redraw(words):
            return
        if self._streams.verbosity or self._done * 10 // max(1, self._total) > tenth:
            self._streams.say(f"{clock_time(now_us)} {self._title} {self._done}/{self._total} {words}")

    def wait(self, words: str, seconds: float, now_us: int) -> None:
        """Show that nothing moves for so long, and why; empty words for the rate between steps."""
        full = f"{words} ({seconds:.0f} s)" if words else None
        if not self._redraw(full) and words and words != self._waits_for:
            self._streams.say(f"{clock_time(now_us)} {self._title} {self._done}/{self._total} {full}")
        self._waits_for = words or self._waits_for

    def say(self, text: str) -> None:
        """Print a line that stays, above the bar."""
        if self._progress is None:
            self._streams.say(text)
        else:
            self._progress.console.print(text)

    def _redraw(self, words: str | None) -> bool:
        if self._progress is None or self._task is None:
            return False
        if words is None:
            self._progress.update(self._task, completed=self._done)
        else:
            self._progress.update(self._task, completed=self._done, words=words)
        self._progress.refresh()
        return True


class Countdown:
    """One line that counts down to the next attempt. Use as a context manager: the line is cleared at the end."""

    def __init__(self, streams: Streams) -> None:
        """Off a terminal, one plain line for each thing that is waited for."""
        self._streams, self._animated, self._shown = streams, _is_animated(streams), ""

    def __enter__(self) -> "Countdown":
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave a clean line behind."""
        self.clear()

    def show(self, words: str, seconds: float, now_us: int) -> None:
        """Show what is waited for and how long."""
        if self._streams.quiet:
            return
        if self._animated:
            self._streams.complain_raw(f"{_CLEAR}{words}  {seconds:.0f} s")
        elif words != self._shown:
            self._streams.say(f"{clock_time(now_us)} {words} ({seconds:.0f} s)")
        self._shown = words

    def clear(self) -> None:
        """Take the line away: something else is shown now."""
        if self._animated and self._shown:
            self._streams.complain_raw(_CLEAR)
        self._shown = ""


def _is_animated(streams: Streams) -> bool:
    return streams.is_terminal(streams.stderr) and streams.environ.get("TERM") != "dumb"
