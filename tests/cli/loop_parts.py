"""The developer's loop as real processes: a simulator over HTTP, ``mpesa listen``, and an app that events go on to."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def until(wanted: Callable[[], Any], what: str, timeout_s: float = 30) -> Any:
    """Wait for something to come true; its value. Fails with ``what`` otherwise."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := wanted():
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for: {what}")


@dataclass
class App:
    """The shop's own app: keeps what was posted, and answers as it is told."""

    url: str = ""
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posts]


@contextmanager
def running_app(answers: list[int] | None = None) -> Iterator[App]:
    app = App(answers=list(answers or []))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            app.posts.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(app.answers.pop(0) if app.answers else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def signature_is_good(headers: dict[str, str], body: bytes) -> bool:
    """Verify as a receiver would, by the Standard Webhooks text alone."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{mac}"


class Listening:
    """``mpesa listen --json`` in a process of its own."""

    def __init__(self, home: Path, environ: dict[str, str], *argv: str) -> None:
        self.lines: list[str] = []
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", "listen", "--json", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "MPESA_HOME": str(home), "MPESA_WEBHOOK_SECRET": SECRET, **environ},
        )
        self._threads = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.said), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _read(stream: Any, into: list[str]) -> None:
        for line in stream:
            into.append(line)  # noqa: PERF402 - others look at it while it grows

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        found = [json.loads(line) for line in list(self.lines)]
        return [e for e in found if not kind or e["type"] == kind]

    @property
    def url(self) -> str:
        line = until(lambda: next((s for s in self.said if s.startswith("Listening on ")), ""), "the ready line")
        return str(line).split()[2]

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(20)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return status


@contextmanager
def listening(home: Path, environ: dict[str, str], *argv: str) -> Iterator[Listening]:
    process = Listening(home, environ, *argv)
    try:
        yield process
    finally:
        process.stop()
