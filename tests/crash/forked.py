"""The other side of nursery.py: run the real command as a process, and kill it. Not a test."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Ended:
    """How a command ended. ``status`` is negative where a signal ended it; ``points`` counts those it passed."""

    status: int
    stdout: str
    stderr: str
    points: int
    point: str
    now_us: int
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document


class Nursery:
    """One process that forks commands, one after the other. Not for several threads at once."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", str(HERE / "nursery.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        )
        assert self._line() == "ready", "the nursery did not start"

    def run(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        kill_after_s: float | None = None,
        crash_at: int | None = None,
        now_us: int | None = None,
        ahead_us: int = 0,
        mistake: str = "",
    ) -> Ended:
        """One command to its end, or until SIGKILL after ``kill_after_s``, or until it crashes at a point.

        With ``now_us`` its clock is virtual and only sleeping moves it; else the real one, ``ahead_us`` ahead.
        """
        self._ask(
            argv=list(argv), environ=dict(environ), kill_after_s=kill_after_s, crash_at=crash_at, now_us=now_us,
            ahead_us=ahead_us, mistake=mistake, listen=None,
        )
        return Ended(**json.loads(self._line()))

    def listen(self, ledger: Path, port: int, mistake: str = "") -> int:
        """Start a listener; returns its port, 0 where it did not start. End it with :meth:`stop_listening`."""
        self._ask(
            argv=[], environ=dict(os.environ), kill_after_s=None, crash_at=None, now_us=None, ahead_us=0,
            mistake=mistake, listen={"ledger": str(ledger), "port": port},
        )
        return int(self._line())

    def stop_listening(self, signal_number: int) -> Ended:
        """Send the listener a signal and wait for its end."""
        self._write({"signal": int(signal_number)})
        return Ended(**json.loads(self._line()))

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _ask(self, **request: Any) -> None:
        self._write(request)

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the nursery died with {self._process.poll()}"
        return line.strip()


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """A nursery for as long as the block runs."""
    opened = Nursery()
    try:
        yield opened
    finally:
        opened.close()
