"""The real program in a real terminal (tmux): five customers at once, killed while three wait, and started again."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


class Window:
    """One terminal of 80 by 24, and what a clerk does at it."""

    def __init__(self, folder: Path, home: Path, **env: str) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in {"MPESA_HOME": str(home), **env}.items())
        self._start = f"exec env {words} {shlex.quote(sys.executable)} -m mpesa_cli counter --by Amina"
        self.open()

    def open(self) -> None:
        self._run("new-session", "-d", "-x", "80", "-y", "24", self._start)
        self._run("set-option", "remain-on-exit", "on")
        self.until("Customers")

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True, timeout=20)
        return done.stdout

    def keys(self, *names: str) -> None:
        for name in names:
            self._run("send-keys", name)
            time.sleep(0.035)  # slower than a scanner

    def ask(self, phone: str, amount: str) -> None:
        self.keys(phone, "Enter", amount, "Enter")  # the digits at once, and Enter later than a scanner's

    @property
    def text(self) -> str:
        return self._run("capture-pane", "-p", "-S", "-")  # also what the end of the program has scrolled away

    def until(self, words: str, count: int = 1, within_s: float = 30) -> str:
        end = time.monotonic() + within_s
        while len(re.findall(words, text := self.text)) < count:
            assert time.monotonic() < end, text
            time.sleep(0.05)
        return text

    def kill(self) -> None:
        os.kill(int(self._run("list-panes", "-F", "#{pane_pid}")), 9)
        self.end()

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False, timeout=20)
        time.sleep(0.2)


@pytest.fixture
def window(tmp_path: Path, home: Path) -> Iterator[Callable[..., Window]]:
    made: list[Window] = []

    def opened(**env: str) -> Window:
        made.append(Window(tmp_path, home, **env))
        return made[-1]

    yield opened
    for each in made:
        each.end()


WAIT = ("0700004999", "0722200005", "0722200014")


def prompts(home: Path) -> set[str]:
    """The CheckoutRequestIDs of all prompts that the simulator ever took."""
    return set(re.findall(r"ws_CO_\w+", next(home.rglob("simulator.json")).read_text(encoding="utf-8")))


def orders(text: str) -> list[str]:
    return re.findall(r"(?:WAITING|PAID \*\*\*) .*order (\w+)", text)


def test_killed_while_three_of_five_wait_the_board_comes_back_and_nobody_is_asked_twice(
    window: Callable[..., Window], home: Path
) -> None:
    at = window(LC_ALL="C", NO_COLOR="1")
    for phone in ("0708374149", "0700001032", *WAIT):
        at.ask(phone, "150")
    text = at.until("receipt U")
    assert text.isascii()
    at.until("r asks again")
    at.keys("F8")  # what is paid or not paid is put away
    before = orders(at.until(r"Customers \(3\)"))
    assert len(before) == 3
    at.ask(WAIT[0], "150")  # a moment after the last: refused in words
    at.until("NOT SENT .*asked a moment ago")
    at.keys("Escape")
    at.kill()
    asked = prompts(home)
    assert len(asked) == 5
    at.open()
    text = at.until(r"Customers \(3\)")
    assert orders(text) == before
    assert "Today 1 paid, KES 150" in text
    assert prompts(home) == asked
    at.keys("F10")
    at.until("3 still open: mpesa status")
