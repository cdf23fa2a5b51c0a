"""Fixtures for all rooms: a home of its own for every test, the command in-process on a virtual clock, and for real."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from transports import taken

from mpesa_cli.floor.world import World
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

START_US = 1_795_505_400_000_000  # 24 November 2026, 10:30 in Nairobi
SECOND_US = 1_000_000

# How long a machine that others use too takes for an example says nothing about the program.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


LONG_S = 3600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is marked long may take long."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(LONG_S))


@dataclass
class Clock:
    """A clock that only moves when somebody sleeps, or a test says so."""

    now: int = START_US
    slept: list[float] = field(default_factory=list)

    def now_us(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += int(seconds * SECOND_US)

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * SECOND_US)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str


class Terminal(io.StringIO):
    """A stream with a person behind it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and no test reaches the user's own folders."""
    for name in list(os.environ):
        if name.startswith("MPESA_") or name in {
            "APP_URL", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CREDENTIALS_DIRECTORY",
            "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy",
        }:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder that MPESA_HOME names: configuration, ledgers, state and cache of this test."""
    return tmp_path / "home"


@pytest.fixture
def clock() -> Clock:
    """The virtual clock of in-process commands."""
    return Clock()


@pytest.fixture
def mpesa(home: Path, clock: Clock) -> Callable[..., Result]:
    """Run a command in this process, on the virtual clock. ``tty=True`` puts a person at every stream."""

    def run(
        *argv: str, stdin: str = "", env: Mapping[str, str] | None = None, tty: bool = False,
        transport: object | None = None, columns: str = "120", stdout: io.StringIO | None = None,
    ) -> Result:
        stream = Terminal if tty else io.StringIO
        environ = {"MPESA_HOME": str(home), "TERM": "xterm", "COLUMNS": columns, **(env or {})}
        streams = Streams(stdin=stream(stdin), stdout=stdout or stream(), stderr=stream(), environ=environ)
        runtime = Runtime(
            streams=streams, environ=environ,
            # A clock that only moves by hand is not set right by a server's.
            world=World(clock.now_us, clock.sleep, random=lambda: 0.5, is_set_right=False),
            transport=taken(transport),  # type: ignore[arg-type]
        )
        captured_out, captured_err = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = streams.stdout, streams.stderr  # Typer writes its help to these
        try:
            from mpesa_cli.cli.app import main

            status = main(list(argv), runtime)
        finally:
            sys.stdout, sys.stderr = captured_out, captured_err
        return Result(status, streams.stdout.getvalue(), streams.stderr.getvalue())  # type: ignore[attr-defined]

    return run


@pytest.fixture
def cli(home: Path) -> Callable[..., Result]:
    """Run the real command in a process of its own."""

    def run(*argv: str, stdin: str = "", env: Mapping[str, str] | None = None, timeout_s: float = 60) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "mpesa_cli", *argv],
            input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False,
            env={**os.environ, "MPESA_HOME": str(home), **(env or {})},
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run
