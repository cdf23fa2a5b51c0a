"""One POST of a process that is frozen at a system call for longer than its time, and woken. Not a test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SENDER = Path(__file__).with_name("frozen_sender.py")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class Ear:
    """A server that keeps every byte with the moment it came, and answers once the body has."""

    heard: list[tuple[float, bytes]] = field(default_factory=list)
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def body_after(self, moment: float) -> bytes:
        """What came of the body since then."""
        came, late = b"", b""
        for at, part in self.heard:
            had = max(0, len(came.partition(b"\r\n\r\n")[2]))
            came += part
            if at >= moment:
                late += came.partition(b"\r\n\r\n")[2][had:]
        return late

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._listen_to, args=(connection,), daemon=True).start()

    def _listen_to(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while part := connection.recv(65536):
                self.heard.append((time.monotonic(), part))
                if b"".join(each for _, each in self.heard).endswith(b"}"):
                    connection.sendall(ANSWER)


@contextlib.contextmanager
def ear() -> Iterator[Ear]:
    heard = Ear()
    threading.Thread(target=heard.serve, daemon=True).start()
    try:
        yield heard
    finally:
        heard.listening.shutdown(socket.SHUT_RDWR)
        heard.listening.close()


@dataclass(frozen=True)
class Woken:
    """What the exchange came to in words, and what came of its body after the process was woken."""

    outcome: str
    late: bytes


def steps(total_s: float = 5.0) -> list[str]:
    """Every step of one POST at which a process can be frozen."""
    with ear() as server:
        done = subprocess.run(
            [sys.executable, str(SENDER), server.url, str(total_s)], capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()[1:]


def frozen_at(step: str, total_s: float = 0.4) -> Woken:
    """Send with ``total_s`` to do it in, frozen at the step until that is well over."""
    with ear() as server:
        process = subprocess.Popen(
            [sys.executable, str(SENDER), server.url, str(total_s), step], stdout=subprocess.PIPE, text=True
        )
        try:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                raise RuntimeError(f"{step}: it was never reached")
            time.sleep(total_s + 0.2)
            moment = time.monotonic()
            os.kill(process.pid, signal.SIGCONT)
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
        time.sleep(0.05)
        return Woken(said.split("\n")[0], server.body_after(moment))
