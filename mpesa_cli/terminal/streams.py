"""Streams: stdin, stdout and stderr, known in this one place only: whether they are terminals, wide, coloured.

stdout is the result and nothing else; everything said about the work goes to stderr.
"""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, TextIO

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.records import dataclass

if TYPE_CHECKING:
    from rich.console import Console


CLEAR_LINE = "\r\x1b[K"


class StdoutClosed(Exception):
    """A stdout whose reader has gone (``mpesa history | head -1``). Not an error: leave quietly."""


class StdoutFailed(MpesaError):
    """A result that could not be written (``> file`` on a full disk). The command's work stands."""

    def __init__(self, failed: OSError) -> None:
        """``failed`` is why."""
        super().__init__(
            f"The result could not be written to standard output: {failed.strerror or failed}.",
            hint="What was done is in the ledger all the same. Look before you run it again: mpesa history",
            code="stdout-failed",
        )


@dataclass(slots=True)
class Streams:
    """The streams for results and words. ``quiet`` silences words about the work, never results or errors.

    A stdout that nobody reads, or that is full, ends no command: its exit status is its verdict all the same. Only
    a command that prints a list stops there (``ends_with_reader``), since only its lines are wanted. ``failed`` is
    the first failure to write a result, for the code that ends the command.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    quiet: bool = False
    verbosity: int = 0
    as_json: bool = False  # a program reads stdout, and takes one document
    ends_with_reader: bool = False
    failed: StdoutFailed | None = None
    heading: str = ""  # a line that stands before the next of the result, if there is one
    redrawn: bool = False  # a line on stderr that is drawn again and again: what else is written takes it away first

    @classmethod
    def of_process(cls) -> "Streams":
        """The streams of this process. A stream that was closed before we started becomes a sink."""
        for each in (sys.stdin, sys.stdout, sys.stderr):
            machine.prepare(each)
        return cls(
            stdin=sys.stdin or _null_device("r"),
            stdout=sys.stdout or _null_device("w"),
            stderr=sys.stderr or _null_device("w"),
            environ=os.environ,
        )

    def out(self, text: str) -> None:
        """Write one line of the result to stdout, flushed. A list raises StdoutClosed or StdoutFailed."""
        self._make_way()
        if self.heading:
            text, self.heading = f"{self.heading}\n{text}", ""
        with self._result():
            self.stdout.write(self.spelt(text + "\n", self.stdout))
            self.stdout.flush()

    def out_words(self, text: str) -> None:
        """Write a line of the result that people read: on a terminal it is broken at words. Raises as ``out`` does."""
        self.out(self.laid(text, self.stdout))

    def out_bytes(self, data: bytes) -> None:
        """Write a result that is no text to stdout, flushed."""
        with self._result():
            self.stdout.buffer.write(data)
            self.stdout.flush()

    @contextlib.contextmanager
    def _result(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as failed:
            if isinstance(failed, ValueError) or machine.reader_has_gone(failed):
                if self.ends_with_reader:
                    raise StdoutClosed from failed
                return
            self.failed = self.failed or StdoutFailed(failed)
            if self.ends_with_reader:
                raise self.failed from failed

    def say(self, text: str) -> None:
        """Write one line about the work to stderr, unless quiet."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Write one line to stderr even where quiet: errors and warnings about money."""
        self._make_way()
        self.complain_raw(self.laid(text, self.stderr) + "\n")

    def complain_raw(self, text: str) -> None:
        """Write to stderr as it is, without a line's end: for a line that is redrawn."""
        try:
            self.stderr.write(self.spelt(text, self.stderr))
            self.stderr.flush()
        except (OSError, ValueError):  # nobody reads it; the exit status still tells
            return

    def _make_way(self) -> None:
        if self.redrawn:
            self.redrawn = False
            self.complain_raw(CLEAR_LINE)

    def is_terminal(self, stream: TextIO) -> bool:
        """Whether a person is behind this stream. ``MPESA_FORCE_TTY`` says yes, for screenshots."""
        if self.environ.get("MPESA_FORCE_TTY"):
            return stream is not self.stdin
        try:
            return stream.isatty()
        except ValueError:
            return False

    def may_prompt(self) -> bool:
        """Whether a question can be asked: a person at both ends."""
        return self.is_terminal(self.stdin) and self.is_terminal(self.stderr)

    def columns(self, stream: TextIO) -> int:
        """The width of the terminal behind this stream, in characters."""
        from mpesa_cli.terminal.width import columns_of

        return columns_of(stream, self.environ)

    def shows_utf8(self, stream: TextIO) -> bool:
        """Whether the terminal behind this stream shows more than ASCII; a pipe always takes it."""
        from mpesa_cli.terminal.width import shows_utf8

        return not self.is_terminal(stream) or shows_utf8(stream, self.environ)

    def laid(self, text: str, stream: TextIO) -> str:
        """The text broken at words, where a terminal is narrower than a line of it. Rows with tabs and JSON stay."""
        if not self.is_terminal(stream) or "\t" in text or text.startswith(("{", "[")):
            return text
        from mpesa_cli.terminal.width import wrapped

        columns = self.columns(stream)
        return "\n".join(piece for line in self.spelt(text, stream).split("\n") for piece in wrapped(line, columns))

    def spelt(self, text: str, stream: TextIO) -> str:
        """The text in characters that the stream's terminal shows: to be measured only then, since some take three."""
        if text.isascii() or self.shows_utf8(stream):
            return text
        from mpesa_cli.terminal.width import in_ascii

        return in_ascii(text)

    def console(self, stream: TextIO) -> "Console":
        """A Rich console for a terminal stream. Colour: NO_COLOR, then FORCE_COLOR, then TERM, then isatty."""
        from rich.console import Console

        return Console(
            file=stream,
            force_terminal=self.is_terminal(stream),
            no_color=not self.has_colour(stream),
            highlight=False,
            emoji=False,
            markup=False,
        )

    def has_colour(self, stream: TextIO) -> bool:
        """Whether colour may be used on this stream."""
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR") or self.environ.get("CLICOLOR_FORCE"):
            return True
        return self.environ.get("TERM") != "dumb" and self.is_terminal(stream)


def _null_device(mode: Literal["r", "w"]) -> TextIO:
    """The null device, for a stream that does not exist."""
    return open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123
