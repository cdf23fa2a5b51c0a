"""What README.md shows is what one gets: pasted from top to bottom into one shell, on a bare PATH, in a fresh copy.

``INSTALLED_MPESA`` names the ``mpesa`` to use; .ci/run gives the one of the wheel it built. With it, or with one beside
this Python, README's first line only pushes; in .ci/run (`-m long`) it installs too, as for a newcomer.
"""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_blocks import Block, Typed, blocks, missing, on_screen

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK_TIMEOUT_S = 120
BACKGROUND_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
# Printed between commands; it holds the number of the command that ended, and with what.
MARK = re.compile(r"\x1e(\d+) (\d+)\x1e\r?\n?")


class Hangs(AssertionError):
    """A block took too long."""


class Shell:
    """One block typed into bash on a terminal of its own, 100 columns wide."""

    def __init__(self, block: Block, folder: Path, environ: dict[str, str]) -> None:
        self.block = block
        self.raw = ""
        self._terminal, inner = pty.openpty()
        self.process = subprocess.Popen(
            ["bash", "-c", script(block)], cwd=folder, env=environ, stdin=inner, stdout=inner, stderr=inner,
            start_new_session=True,
        )
        os.close(inner)

    def read_until_done(self, timeout_s: float) -> None:
        """Read until the block is over. Raises Hangs when that takes too long."""
        deadline = time.monotonic() + timeout_s
        while self._read(deadline):
            pass
        self.process.wait(max(1.0, deadline - time.monotonic()))

    def read_until_shown(self, timeout_s: float) -> None:
        """Read until all lines that the block shows have appeared."""
        deadline = time.monotonic() + timeout_s
        with contextlib.suppress(Hangs):
            while any(missing(t.shown, seen) for t, seen in zip(self.block.typed, self.screens(), strict=False)):
                if not self._read(deadline):
                    break

    def screens(self) -> list[list[str]]:
        """What was on the screen after each command, the last one's unfinished."""
        parts = MARK.split(self.raw)
        return [on_screen(part) for part in parts[::3]]

    def statuses(self) -> list[int]:
        return [int(status) for _, status in MARK.findall(self.raw)]

    def stop(self) -> None:
        """Ctrl-C, as a person stops a server; then harder."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(Hangs, subprocess.TimeoutExpired):
                self.read_until_done(STOP_TIMEOUT_S)
        os.close(self._terminal)

    def _read(self, deadline: float) -> bool:
        """Read what comes next. False at the end."""
        readable, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise Hangs(f"line {self.block.line} hangs after:\n{self.raw}")
        try:
            part = os.read(self._terminal, 65536)
        except OSError:  # how a terminal says that its last process has left
            return False
        self.raw += part.decode("utf-8", "replace")
        return bool(part)


def script(block: Block) -> str:
    """The block's commands with marks between them; a mark leaves ``$?`` as it found it."""
    mark = "__mark() { local s=$?; printf '\\036%d %d\\036\\n' \"$1\" $s; return $s; }"
    lines = [mark, "trap 'kill $(jobs -p) 2>/dev/null' EXIT"]
    for number, typed in enumerate(block.typed):
        lines += [typed.command, f"__mark {number}"]
    return "\n".join(lines)


@pytest.fixture
def environ(tmp_path: Path, home: Path) -> dict[str, str]:
    """A terminal's environment with ``mpesa`` on PATH and a home of its own."""
    installed = os.environ.get("INSTALLED_MPESA")
    folder = Path(installed).parent if installed else tmp_path / "bin"
    if not installed:
        folder.mkdir()
        (folder / "mpesa").write_text(
            f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m mpesa_cli "$@"\n', encoding="utf-8"
        )
        (folder / "mpesa").chmod(0o755)
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path / "user"), "MPESA_HOME": str(home),
        "TERM": "xterm", "COLUMNS": "100", "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def type_in(tmp_path: Path, environ: dict[str, str]) -> Iterator["Typist"]:
    """Types a page's blocks, and stops its servers at the end."""
    folder = tmp_path / "empty"
    folder.mkdir()
    typist = Typist(folder, environ)
    yield typist
    typist.stop()


class Typist:
    """Types the blocks of a page in order."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder, self.environ = folder, environ
        self.servers: list[Shell] = []
        self.patience_s = BACKGROUND_TIMEOUT_S

    def __call__(self, page: str) -> int:
        """Type every block; returns how many commands were run. Raises AssertionError at the first difference."""
        ran = 0
        for block in blocks(page):
            if block.remark.startswith("skip"):
                continue
            ran += len(block.typed)
            if block.remark == "background":
                self.start(block)
            else:
                self.run(block)
        return ran

    def run(self, block: Block) -> None:
        shell = Shell(block, self.folder, self.environ)
        try:
            shell.read_until_done(BLOCK_TIMEOUT_S)
        finally:
            shell.stop()
        self._compare(shell)
        for number, (typed, status) in enumerate(zip(block.typed, shell.statuses(), strict=True)):
            following = block.typed[number + 1].command if number + 1 < len(block.typed) else ""
            wanted = block.status if number + 1 == len(block.typed) else 0
            if following != "echo $?":
                assert status == wanted, f"line {typed.line}: {typed.command} exited {status}\n{shell.raw}"

    def start(self, block: Block) -> None:
        self.servers.append(Shell(block, self.folder, self.environ))
        self.servers[-1].read_until_shown(self.patience_s)
        self._compare(self.servers[-1])

    def stop(self) -> None:
        for shell in self.servers:
            shell.stop()

    def _compare(self, shell: Shell) -> None:
        for typed, seen in zip(shell.block.typed, shell.screens(), strict=False):
            lost = missing(typed.shown, seen)
            on = "\n".join(seen)
            assert lost is None, f"line {typed.line}: $ {typed.command}\ndoes not print: {lost}\nbut:\n{on}"


def pasted(page: str, *, installs: bool) -> tuple[Block, list[tuple[int, int]]]:
    """All blocks of a page as one, but for the tests'; and the number and the status of each block's last command.

    The first block is without what installs where that was done already.
    """
    typed, ends = [], []
    for block in blocks(page):
        commands = block.typed
        if commands[0].command == marked("test-command"):
            continue
        if commands[0].command == marked("try-command") and not installs:
            push = commands[0].command.rpartition(" && ")[2]
            commands = (Typed(push, commands[0].shown, commands[0].line),)
        typed += commands
        ends.append((len(typed) - 1, block.status))
    return Block(tuple(typed), "", 1), ends


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """What a newcomer's shell has: the system's programs, a Python, and nothing of ours."""
    tools = tmp_path / "python"
    tools.mkdir()
    (tools / "python3").symlink_to(sys.executable if sys.prefix == sys.base_prefix else sys._base_executable)  # type: ignore[attr-defined]
    return {
        "PATH": os.pathsep.join([str(tools), "/usr/local/bin", "/usr/bin", "/bin"]), "HOME": str(tmp_path / "user"),
        "TERM": "xterm", "COLUMNS": "100", "LANG": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.endswith("_PROXY")},
    }


@pytest.mark.parametrize("installs", [False, pytest.param(True, marks=pytest.mark.long)])
def test_the_readme_pasted_into_one_shell_shows_what_one_gets(
    tmp_path: Path, bare: dict[str, str], installs: bool
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "mpesa_cli", clone / "mpesa_cli", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    if not installs:
        there = Path(os.environ.get("INSTALLED_MPESA") or Path(sys.executable).with_name("mpesa"))
        (clone / ".venv").symlink_to(there.parent.parent)
    (tmp_path / "user").mkdir()
    whole, ends = pasted(README.read_text(encoding="utf-8"), installs=installs)
    shown_as_promised(whole, ends, clone, bare)


def shown_as_promised(whole: Block, ends: list[tuple[int, int]], folder: Path, environ: dict[str, str]) -> None:
    """Paste it, and hold every command to the lines below it and to its exit status."""
    shell = Shell(whole, folder, environ)
    try:
        shell.read_until_done(3 * BLOCK_TIMEOUT_S)
    finally:
        shell.stop()
    screens, statuses = shell.screens(), shell.statuses()
    assert len(statuses) == len(whole.typed), shell.raw[-2000:]
    for number, typed in enumerate(whole.typed):
        # What runs in the background goes on printing below.
        later = screens[number:] if typed.command.endswith("&") else screens[number : number + 1]
        seen = [line for screen in later for line in screen]
        lost = missing(typed.shown, seen)
        assert lost is None, f"line {typed.line}: $ {typed.command}\ndoes not print: {lost}\nbut:\n" + "\n".join(seen)
    for number, wanted in ends:
        command = whole.typed[number]
        assert statuses[number] == wanted, f"line {command.line}: {command.command} exited {statuses[number]}"


@pytest.mark.long
def test_the_first_calls_pasted_into_one_shell_show_what_one_gets(tmp_path: Path, environ: dict[str, str]) -> None:
    """As above for docs/develop/first-calls.md, whose servers and waits take two minutes."""
    whole, ends = pasted((ROOT / "docs" / "develop" / "first-calls.md").read_text(encoding="utf-8"), installs=False)
    (tmp_path / "user").mkdir()
    shown_as_promised(whole, ends, tmp_path, environ)


@pytest.mark.parametrize("mark", ["try-command", "test-command"])
def test_the_readme_has_one_line_that_does_all_its_own_set_up(mark: str) -> None:
    assert marked(mark).startswith("python3 -m venv ")


def test_what_is_shown_below_the_first_line_is_what_its_push_prints(type_in: Typist) -> None:
    push = marked("try-command").rpartition("/bin/")[2]
    shown = README.read_text(encoding="utf-8").partition("<!-- try-command -->")[2].partition("```text\n")[2]
    assert push.startswith("mpesa push ")
    assert shown.count("\n```\n")
    assert type_in(f"```console\n$ {push}\n{shown.partition('```')[0]}```\n") == 1


def marked(mark: str) -> str:
    """The one command of the block below the mark, as .ci/run reads it."""
    lines = re.findall(rf"<!-- {mark} -->\n```console\n\$ (\S.*)\n```\n", README.read_text(encoding="utf-8"))
    assert len(lines) == 1, mark
    return str(lines[0])


GOOD = """
```console
$ mpesa push 254708374149 100 --order demo-1 --no-wait --quiet
WAITING KES 100 for order demo-1
…
$ mpesa simulator clock --advance 60
The simulator's clock is 60 s ahead of the real one.
$ mpesa status demo-1
PAID KES 100 for order demo-1, M-PESA receipt UKO4Q7WX2B
  from 0708•••149, 24 Nov 2026 10:30, payment PAY-CEYTYQB3
  SIMULATOR: no real money moved.
$ mpesa status demo-1 --no-refresh \\
>   --json | grep -c '"status": "paid"'
1
```

<!-- test: exits 2 -->
```console
$ mpesa status nosuch
mpesa: No payment 'nosuch' in the ledger of profile simulator (simulator).
…
```
"""


def test_a_page_that_tells_the_truth_passes(type_in: Typist) -> None:
    assert type_in(GOOD) == 5


@pytest.mark.parametrize(
    ("said", "told"),
    [("KES 100 for", "KES 1,000 for"), ("receipt UKO4Q7WX2B", "receipt none"), ("exits 2", "exits 3"),
     ("\n1\n", "\n2\n"), ("  SIMULATOR", "  PRODUCTION")],
)
def test_a_page_that_does_not_is_caught(type_in: Typist, said: str, told: str) -> None:
    assert said in GOOD
    with pytest.raises(AssertionError):
        type_in(GOOD.replace(said, told))


def test_a_server_runs_beside_the_blocks_below_it(type_in: Typist) -> None:
    page = """
<!-- test: background -->
```console
$ mpesa simulator serve --port 0
Simulator ready on http://127.0.0.1:1 — no money moves here. In another terminal:
```
"""
    type_in.patience_s = 2
    with pytest.raises(AssertionError, match="does not print"):
        type_in(page)  # it says another port
    type_in.patience_s = BACKGROUND_TIMEOUT_S
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    there = f"""
<!-- test: background -->
```console
$ mpesa simulator serve --port {port}
Simulator ready on http://127.0.0.1:{port} — no money moves here. In another terminal:
```

```console
$ export MPESA_BASE_URL=http://127.0.0.1:{port} MPESA_ENVIRONMENT=simulator
$ export MPESA_CONSUMER_KEY=any MPESA_CONSUMER_SECRET=any APP_URL=http://127.0.0.1:{port}
$ mpesa push 254708374149 100 --order demo-1 --no-wait
WAITING KES 100 for order demo-1
```
"""
    assert type_in(there) == 4


@pytest.mark.parametrize("remark", ["in the background", "skip", "skip because", "exits three"])
def test_a_remark_that_means_nothing_is_refused(remark: str) -> None:
    with pytest.raises(ValueError, match="no block is run as"):
        blocks(f"<!-- test: {remark} -->\n```console\n$ true\n```\n")
