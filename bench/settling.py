"""Whether settling keeps up with what comes: callbacks at a steady rate, how soon each is answered and settled.

    python bench/settling.py [--rates 300,500,1000,1500] [--seconds 60] [--alone 10000]

First what settling does alone: bodies that are stored already, settled as fast as it goes. Then the whole listener
in a process of its own, and callbacks that come when their time has come, whether or not those before them were
answered (32 connections; a callback's time counts from when it was due). Each body is new and each token valid.
How late each was settled is taken in the listener, from its being on disk to the end of the transaction that
applied it. Afterwards the rows are counted: there may be none that was answered and is not on disk and settled.
"""

import argparse
import collections
import contextlib
import hashlib
import json
import secrets
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from listener import counted, cpu_s, flushes_per_s, make_prompts
from listener_clients import BODY, request

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import StkDelivery
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import serve

CONNECTIONS = 32
SETTLED_WITHIN_S = 600
P99_MS, LAG_S = 25, 1.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--rates", type=lambda text: [int(each) for each in text.split(",")], default=[300, 500, 1000, 1500]
    )
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--alone", type=int, default=10_000)
    arguments.add_argument("--folder", type=Path, help="where to put the ledger: another disk, another figure")
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    wanted = arguments.parse_args()
    if wanted.serve:
        listen(wanted.serve)
        return
    late = []
    for rate in wanted.rates:
        with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
            folder = Path(name)
            flushes = flushes_per_s(folder)
            print(f"settling alone: {alone(folder, wanted.alone):,.0f}/s; the disk: {flushes:,.0f} fdatasync/s")
            run = at_rate(folder, rate, wanted.seconds)
            print(run)
            if rate <= 1500 and not run.keeps_up:
                late.append(rate)
    sys.exit(f"settling did not keep up at {late} a second" if late else 0)


@dataclass(frozen=True, slots=True)
class Run:
    """One rate: how fast callbacks were answered, and how late settled."""

    rate: int
    answered: int
    p50_ms: float
    p99_ms: float
    most_ms: float
    lag_p50_s: float
    lag_most_s: float
    unsettled_most: int
    after_s: float
    cpu_us: float

    @property
    def keeps_up(self) -> bool:
        return self.lag_most_s <= LAG_S and self.p99_ms <= P99_MS

    def __str__(self) -> str:
        return (
            f"{self.rate:5,}/s: {self.answered:,} answered, p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, most "
            f"{self.most_ms:.0f} ms; settled after {self.lag_p50_s * 1e3:.0f} ms (middle), {self.lag_most_s:.2f} s at "
            f"most, {self.unsettled_most:,} unsettled at most, all of them {self.after_s:.2f} s after the last; "
            f"{self.cpu_us:.0f} us of processor each"
        )


def alone(folder: Path, count: int) -> float:
    """How many bodies a second are settled where nothing else is to do."""
    path = folder / "alone.db"
    tokens = make_prompts(path, count)
    with contextlib.closing(open_ledger(path)) as ledger:
        intake = Intake(ledger, World(), lambda event: None)
        deliveries = [
            StkDelivery(hashlib.sha256(token.encode()).hexdigest(), (BODY % (number, number)).encode(), "127.0.0.1")
            for number, token in enumerate(tokens)
        ]
        for first in range(0, count, 64):
            intake.receive(deliveries[first : first + 64])
        began = time.perf_counter()
        while len(intake.settling):
            intake.settling.settle(32)
        return count / (time.perf_counter() - began)


def at_rate(folder: Path, rate: int, seconds: float) -> Run:
    path = folder / "ledger.db"
    count = int(rate * seconds)
    tokens = make_prompts(path, count)
    with server(path) as (port, process):
        cpu = cpu_s(process.pid)
        latencies_ms = paced(port, tokens, rate)
        ended = time.monotonic()
        with contextlib.closing(open_ledger(path)) as ledger:
            while ledger.rows("SELECT 1 FROM callbacks WHERE verdict='' LIMIT 1"):
                if time.monotonic() > ended + SETTLED_WITHIN_S:
                    raise SystemExit(f"not all was settled within {SETTLED_WITHIN_S} s")
                time.sleep(0.01)
        after_s, cpu = time.monotonic() - ended, cpu_s(process.pid) - cpu
        process.send_signal(signal.SIGTERM)
        said = json.loads(process.stdout.readline())
    rows, settled = counted(path)
    if not rows == settled == len(latencies_ms) == count:
        raise SystemExit(f"{count:,} came, {len(latencies_ms):,} were answered; on disk {rows:,}, settled {settled:,}")
    cuts = statistics.quantiles(latencies_ms, n=100)
    return Run(
        rate=rate,
        answered=count,
        p50_ms=cuts[49],
        p99_ms=cuts[98],
        most_ms=max(latencies_ms),
        lag_p50_s=said["lag_p50_s"],
        lag_most_s=said["lag_most_s"],
        unsettled_most=said["unsettled_most"],
        after_s=after_s,
        cpu_us=cpu / count * 1e6,
    )


def paced(port: int, tokens: list[str], rate: int) -> list[float]:
    """One callback for each token, ``rate`` of them a second; milliseconds from when each was due to its answer."""
    selector = selectors.DefaultSelector()
    idle = collections.deque(connected(port, selector) for _ in range(CONNECTIONS))
    due_at: dict[socket.socket, float] = {}
    received = dict.fromkeys(idle, b"")
    latencies_ms: list[float] = []
    start, sent = time.perf_counter(), 0
    while len(latencies_ms) < len(tokens):
        now = time.perf_counter()
        while idle and sent < len(tokens) and start + sent / rate <= now:
            sock = idle.popleft()
            due_at[sock] = start + sent / rate
            sock.send(request(tokens[sent], sent))
            sent += 1
        until = start + sent / rate - time.perf_counter() if idle and sent < len(tokens) else 1.0
        for key, _ in selector.select(max(0.0, until)):
            sock = key.fileobj
            received[sock] += sock.recv(4096)
            if received[sock].endswith(b'"Accepted"}'):
                if not received[sock].startswith(b"HTTP/1.1 200 "):
                    raise SystemExit(received[sock].decode())
                received[sock] = b""
                latencies_ms.append((time.perf_counter() - due_at[sock]) * 1e3)
                idle.append(sock)
            elif b"\r\n\r\n" in received[sock] and not received[sock].startswith(b"HTTP/1.1 200 "):
                raise SystemExit(received[sock].decode())
    return latencies_ms


def connected(port: int, selector: selectors.BaseSelector) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(sock, selectors.EVENT_READ)
    return sock


# ---- in the listener's process


class Lags:
    """How long each body was stored and not settled."""

    def __init__(self) -> None:
        self.lags_s: list[float] = []
        self.most = 0
        self._stored_at: dict[str, float] = {}

    def hear(self, event: Event) -> None:
        if event.kind == "stored":
            self._stored_at[event.callback_id] = time.monotonic()
            self.most = max(self.most, len(self._stored_at))
        elif event.kind == "settled":
            self.lags_s.append(time.monotonic() - self._stored_at.pop(event.callback_id))

    def document(self) -> str:
        middle = statistics.median(self.lags_s)
        return json.dumps({"lag_p50_s": middle, "lag_most_s": max(self.lags_s), "unsettled_most": self.most})


def listen(path: Path) -> None:
    lags = Lags()
    parts = Parts(lambda: open_ledger(path), World(), lags.hear)
    serve(ListenerOptions(port=0, keep_alive_s=60), parts, lambda ready: print(ready.port, flush=True))
    print(lags.document(), flush=True)


def now_us() -> int:
    return time.time_ns() // 1000


def open_ledger(path: Path) -> Ledger:
    return Ledger(path, environment="simulator", token_hex=secrets.token_hex)


@contextlib.contextmanager
def server(path: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(path)], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline()), process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
