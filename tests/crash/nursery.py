"""A process that has the program loaded and forks a child for every command. Not a test.

``python nursery.py`` reads one JSON request a line and answers each with one line once its child is dead, so a
command costs a fork instead of a start of Python, and is still a process of its own that can be killed with
SIGKILL. Nothing is opened before a fork: what SQLite keeps open across one, it may undo.
"""

import gc
import importlib
import json
import mmap
import os
import pkgutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cryptography.hazmat.primitives.asymmetric.padding
import cryptography.x509  # noqa: F401 - as below
import mistakes
import points
import sqlite_utils  # noqa: F401 - loaded once, for every child
import tenacity  # noqa: F401 - as above

import mpesa_cli.books
import mpesa_cli.cli.books
import mpesa_cli.cli.consent
import mpesa_cli.cli.money_out
import mpesa_cli.cli.payments
import mpesa_cli.floor.wire.http
import mpesa_cli.held
import mpesa_cli.history.query
import mpesa_cli.initiator
import mpesa_cli.ledger
import mpesa_cli.payments
import mpesa_cli.rules
import mpesa_cli.settings
import mpesa_cli.simulator.embedded
import mpesa_cli.simulator.initiator_key
import mpesa_cli.sms.ports
import mpesa_cli.terminal.payment_words
import mpesa_cli.terminal.payout_words
import mpesa_cli.terminal.watch
from mpesa_cli.cli.app import main
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import serve
from mpesa_cli.runtime import Runtime

# What the commands load when they need it is loaded here, so that no child spends half of its life on it.
for package in (mpesa_cli.books, mpesa_cli.cli.books, mpesa_cli.cli.consent, mpesa_cli.cli.money_out,
                mpesa_cli.cli.payments, mpesa_cli.held, mpesa_cli.initiator, mpesa_cli.ledger, mpesa_cli.payments,
                mpesa_cli.rules, mpesa_cli.settings):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(found.name)

SECOND_US = 1_000_000
POLL_S = 0.0005


class Shared:
    """Three numbers and a name in memory that outlives the child: points passed, the clock, a listener's port."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4096)

    def get(self, slot: int) -> int:
        return int(struct.unpack_from("q", self._memory, slot * 8)[0])

    def set(self, slot: int, value: int) -> None:
        struct.pack_into("q", self._memory, slot * 8, value)

    @property
    def name(self) -> str:
        return self._memory[100:200].rstrip(b"\0").decode()

    @name.setter
    def name(self, text: str) -> None:
        self._memory[100:200] = text.encode()[:100].ljust(100, b"\0")


POINTS, CLOCK, PORT = 0, 1, 2


def serve_requests() -> None:
    """Answer requests until the other side has gone."""
    gc.freeze()  # a collection in a child would copy every page that it looks at
    shared = Shared()
    with (
        os.fdopen(os.dup(0), "r") as requests,
        os.fdopen(os.dup(1), "w") as answers,
        tempfile.TemporaryDirectory(prefix="mpesa-nursery-") as folder,
    ):
        out, err = Path(folder) / "out", Path(folder) / "err"
        print("ready", file=answers, flush=True)
        for line in requests:
            request: dict[str, Any] = json.loads(line)
            shared.set(POINTS, 0)
            shared.set(CLOCK, request["now_us"] or 0)
            shared.set(PORT, 0)
            shared.name = ""
            for path in (out, err):
                path.write_bytes(b"")
            began = time.monotonic()
            child = os.fork()
            if child == 0:
                _become(request, shared, out, err)
            if request["listen"] is not None:
                _tell_port(shared, child, answers)
            status = _wait(child, request["kill_after_s"], requests if request["listen"] is not None else None)
            answer = {
                "status": status,
                "stdout": out.read_text(),
                "stderr": err.read_text(),
                "points": shared.get(POINTS),
                "point": shared.name,
                "now_us": shared.get(CLOCK),
                "seconds": time.monotonic() - began,
            }
            print(json.dumps(answer), file=answers, flush=True)


def _tell_port(shared: Shared, child: int, answers: Any) -> None:
    while shared.get(PORT) == 0 and os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        time.sleep(POLL_S)
    print(shared.get(PORT), file=answers, flush=True)


def _wait(child: int, kill_after_s: float | None, stop: Any) -> int:
    """Wait for the child, killing it when its time is up, or when a line comes. Only its parent can reap it, so
    the number can't have become another process's."""
    if stop is not None:
        kill = json.loads(stop.readline() or '{"signal": 9}')
        os.kill(child, kill["signal"])
    elif kill_after_s is not None:
        until = time.monotonic() + kill_after_s
        while True:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() >= until:
                os.kill(child, signal.SIGKILL)
                break
            time.sleep(POLL_S)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _become(request: dict[str, Any], shared: Shared, out: Path, err: Path) -> None:
    """In the child: be the command, and never come back."""
    status = 99
    try:
        for path, number in ((out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_WRONLY), number)
        os.environ.clear()
        os.environ.update(request["environ"])
        os.umask(0o077)
        mistakes.make(request["mistake"])
        status = _command(request, shared) if request["listen"] is None else _listen(request["listen"], shared)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - it must not go on as the nursery
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _command(request: dict[str, Any], shared: Shared) -> int:
    if request["crash_at"] is not None:
        points.install(request["crash_at"], _counter(shared))
    runtime = Runtime(world=World(lambda: time.time_ns() // 1000 + request["ahead_us"]))
    if request["now_us"] is not None:
        runtime = Runtime(world=World(lambda: _tick(shared), lambda seconds: _pass(shared, seconds)))
    runtime.interrupts.install()
    return main(request["argv"], runtime)


def _counter(shared: Shared) -> Callable[[str], int]:
    def passed(name: str) -> int:
        shared.set(POINTS, shared.get(POINTS) + 1)
        shared.name = name
        return shared.get(POINTS)

    return passed


def _tick(shared: Shared) -> int:
    """A clock that moves a microsecond a look, so that no two facts have the same time."""
    shared.set(CLOCK, shared.get(CLOCK) + 1)
    return shared.get(CLOCK)


def _pass(shared: Shared, seconds: float) -> None:
    shared.set(CLOCK, shared.get(CLOCK) + int(seconds * SECOND_US))


def _listen(request: dict[str, Any], shared: Shared) -> int:
    import secrets

    path = Path(request["ledger"])
    parts = Parts(
        lambda: Ledger(path, environment="simulator", token_hex=secrets.token_hex),
        World(),
        lambda _event: None,
    )
    serve(ListenerOptions(port=request["port"]), parts, lambda running: shared.set(PORT, running.port))
    return 0


if __name__ == "__main__":
    serve_requests()
