"""Draws the pictures in docs/shop/first-day/: every command of both first-day pages, run on a clock that stands still.

    python docs/first_day_pictures.py

A picture shows the commands above it since the picture before, with what they print on a terminal of 80 columns. In
the pages ``<!-- clock: 2026-11-25 07:00 -->`` sets the clock in Nairobi, ``<!-- typed: a|b -->`` is what a person
answers to the next command, ``<!-- exits 3 -->`` is its exit status where that is not 0, and ``<!-- unseen -->`` leaves
it out of the picture, since it says something else on each machine or with each version.
"""

import contextlib
import gc
import hashlib
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console
from rich.text import Text

from mpesa_cli.floor.world import World
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

SHOP = ROOT / "docs" / "shop"
FOLDER = SHOP / "first-day"
PAGES = ("first-day.md", "first-day-sw.md")
WIDTH = 80
SECOND_US = 1_000_000
BEGIN = "2026-11-24 08:00"
PICTURE = re.compile(r"!\[.*\]\(first-day/(\S+\.svg)\)")
NOTE = re.compile(r"<!-- (?:(clock|typed): (.*)|exits (\d+)|(unseen)) -->")


class Screen(io.StringIO):
    """A terminal's screen, for stdout and stderr together."""

    def isatty(self) -> bool:
        return True


class Keys(io.StringIO):
    """What a person types, shown on the screen as a terminal shows it."""

    def __init__(self, text: str, screen: Screen) -> None:
        super().__init__(text)
        self._screen = screen

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        line = super().readline(-1 if size is None else size)
        self._screen.write(line)
        return line


@dataclass
class Played:
    """What came of a page: the pictures by name, and each command with the status it ended with and should have."""

    pictures: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass
class Day:
    """One shop on one day, from nothing: its folder, its clock, and chance that is none."""

    home: Path
    now_us: int = 0
    made: int = 0

    def sleep(self, seconds: float) -> None:
        self.now_us += int(seconds * SECOND_US)

    def token_hex(self, count: int) -> str:
        self.made += 1
        return hashlib.sha512(str(self.made).encode()).hexdigest()[: 2 * count]

    def run(self, command: str, typed: str) -> tuple[int, str]:
        """Run one command; its status, and the screen after it."""
        from mpesa_cli.cli.app import main
        from mpesa_cli.counter.screen import CounterScreen

        screen = Screen()
        environ = {
            "MPESA_HOME": str(self.home), "TERM": "xterm", "COLUMNS": str(WIDTH), "LANG": "C.UTF-8", "USER": "amina",
        }
        runtime = Runtime(
            streams=Streams(Keys(typed, screen), screen, screen, environ), environ=environ,
            world=World(lambda: self.now_us, self.sleep, self.token_hex, lambda: 0.5),
        )
        usual = gc.get_threshold()
        # Typer prints to the process's own; the counter's screen has a picture and tests of its own.
        with (
            mock.patch.object(sys, "stdout", screen), mock.patch.object(sys, "stderr", screen),
            mock.patch.object(CounterScreen, "run", return_value=None),
        ):
            status = main(command.split()[1:], runtime)
        gc.set_threshold(*usual)
        return status, screen.getvalue().replace(str(self.home), "~/mpesa")


def played(page: str) -> Played:
    """Run every command of a page in order."""
    result, shown, typed, status, seen = Played(), list[str](), "", 0, True
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        day = Day(Path(folder) / "home", _at(BEGIN))
        for line in page.splitlines():
            if note := NOTE.fullmatch(line):
                if note[1] == "clock":
                    day.now_us = _at(note[2])
                elif note[1] == "typed":
                    typed = note[2].replace("|", "\n") + "\n"
                elif note[3]:
                    status = int(note[3])
                else:
                    seen = False
            elif line.startswith("$ mpesa"):
                ended, screen = day.run(line.removeprefix("$ "), typed)
                result.commands.append((line.removeprefix("$ "), ended, status))
                if seen:
                    shown += [line, *_lines(screen.replace(folder, "~"))]
                typed, status, seen = "", 0, True
            elif picture := PICTURE.search(line):
                result.pictures[picture[1]] = _drawn(shown)
                shown = []
    return result


def _at(text: str) -> int:
    """A time in Nairobi as microseconds."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=3)
    return int(moment.timestamp()) * SECOND_US


def _lines(screen: str) -> Iterator[str]:
    """The lines that are left on the screen: of one that was drawn again and again, the last."""
    for line in screen.removesuffix("\n").split("\n"):
        yield line.rpartition("\r\x1b[K")[2]


def _drawn(lines: list[str]) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in lines:
        text = Text(line, "bold") if line.startswith("$ ") else Text.from_ansi(line)
        console.print(text, no_wrap=True, crop=True)
    return console.export_svg(title="mpesa", unique_id="first-day")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for page in PAGES:
        done = played((SHOP / page).read_text(encoding="utf-8"))
        for command, ended, wanted in done.commands:
            if ended != wanted:
                sys.exit(f"{page}: {command} ended with {ended}")
        for name, svg in done.pictures.items():
            (FOLDER / name).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
