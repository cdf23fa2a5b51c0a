"""Listeners in processes of their own, and clients that press them and remember what was answered."""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daraja.callbacks.callback_bodies import encode, paid
from listener.listening import ACCEPTED_BODY, answer, request
from raw_ledger import asked

SCRIPT = Path(__file__).parent / "listening_process.py"
BODIES_OF_A_TOKEN = 24


@contextlib.contextmanager
def process(
    ledger: Path, port: int = 0, descriptors: int | None = None, head_and_body_s: float = 10.0
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``serve`` on a ledger; the process and its port, 0 where it did not start. ``descriptors`` is all it may have."""
    kept = os.environ.get("PYTHONPATH", "")
    env = os.environ | {"PYTHONPATH": f"{Path(__file__).parents[2]}{os.pathsep}{kept}"}
    limited = [] if descriptors is None else ["prlimit", f"--nofile={descriptors}:{descriptors}"]
    started = subprocess.Popen(
        [*limited, sys.executable, SCRIPT, ledger, str(port), str(head_and_body_s)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    )
    try:
        assert started.stdout is not None
        yield started, int(started.stdout.readline() or 0)
    finally:
        started.kill()
        started.communicate()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


@dataclass
class Callbacks:
    """Different callbacks, a few on each token, for any number of threads."""

    tokens: Sequence[str]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def next(self) -> tuple[str, bytes]:
        """A token, and a body on it that never was before."""
        number = next(self._numbers)
        return self.tokens[number // BODIES_OF_A_TOKEN], encode(paid(receipt=f"UKP{number:07d}"))


@dataclass
class Pressed:
    """What was answered so far."""

    answered: set[bytes] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    _heard: threading.Condition = field(default_factory=threading.Condition)

    def note(self, status: int, said: bytes, body: bytes) -> None:
        with self._heard:
            self.statuses[status] += 1
            if (status, said) == (200, ACCEPTED_BODY):
                self.answered.add(body)
            self._heard.notify_all()

    def until(self, count: int) -> None:
        """Wait for so many answers of 200."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.answered) >= count, 60), f"stuck at {len(self.answered)}"


@contextlib.contextmanager
def pressing(
    port: int, callbacks: Callbacks, pressed: Pressed, *, clients: int = 4, pause_s: float = 0
) -> Iterator[None]:
    """Clients that each keep one request in flight, until the block is left or the listener is gone."""
    over = threading.Event()

    def press() -> None:
        with contextlib.suppress(OSError), connect(port) as sock:
            while not over.wait(pause_s):
                token, body = callbacks.next()
                sock.sendall(request(f"/hooks/stk/{token}", body))
                status, said = answer(sock)
                if not status:
                    return
                pressed.note(status, said, body)

    threads = [threading.Thread(target=press) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def bodies_on_disk(path: Path) -> set[bytes]:
    return {bytes(body) for (body,) in asked(path, "SELECT body FROM callbacks")}


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait for what comes by itself; fail after a time that no machine needs."""
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited in vain for: {what}")
