"""Callbacks a second through the whole listener, every 200 durable, against the disk's own flush rate.

    python bench/listener.py [--seconds 3] [--connections 32] [--rounds 3]

The server runs in a process of its own; a client keeps one request in flight on each connection. Each body is
new, each token is valid. Afterwards the rows on disk are counted: there may be no fewer than there were
answers. Figures are ratios, because disks and machines differ: the disk is measured before and after each run,
when nothing waits to be settled. What other work on the machine can't change is the processor time of an answer.
"""

import argparse
import contextlib
import hashlib
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from listener_clients import Answered, Client, client

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import serve
from mpesa_cli.rules.evidence import Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

PROMPTS = 50_000  # as many as are answered, nearly: one callback each, as in life
SETTLED_WITHIN_S = 60


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--folder", type=Path, help="where to put the ledger: another disk, another figure")
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    wanted = arguments.parse_args()
    if wanted.serve:
        listen(wanted.serve)
        return
    with tempfile.TemporaryDirectory(dir=wanted.folder) as name:
        folder = Path(name)
        path = folder / "ledger.db"
        tokens = make_prompts(path)
        said, press = client(folder)
        print(f"pressed by {said}")
        with server(path) as (port, pid):
            pressed = Pressed(folder, port, pid, tokens, press)
            pressed.run(wanted.connections, 1)  # to warm up
            for connections in (wanted.connections, 2):
                report(connections, [pressed.run(connections, wanted.seconds) for _ in range(wanted.rounds)])
        rows, settled = counted(path)
        print(f"on disk after the end: {rows:,} bodies of {pressed.answered:,} answered 200; {settled:,} settled")
        if rows < pressed.answered:
            raise SystemExit(f"{pressed.answered - rows} answered bodies are missing")


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what was answered, what an answer cost the server, and what the disk did around it."""

    said: Answered
    cpu_us: float
    flushes_per_s: float

    @property
    def per_s(self) -> float:
        return self.said.count / self.said.took_s

    @property
    def ratio(self) -> float:
        return self.per_s / self.flushes_per_s


@dataclass(slots=True)
class Pressed:
    """One listener that is pressed again and again, never with the same callback."""

    folder: Path
    port: int
    pid: int
    tokens: list[str]
    press: Client
    number: int = 0
    answered: int = 0

    def run(self, connections: int, seconds: float) -> Run:
        self.until_settled()
        flushes, cpu = flushes_per_s(self.folder), cpu_s(self.pid)
        said = self.press(self.port, self.tokens, self.number, connections, seconds)
        cpu = cpu_s(self.pid) - cpu
        self.number += said.count + 2 * connections
        self.answered += said.count
        self.until_settled()
        return Run(said, cpu / said.count * 1e6, (flushes + flushes_per_s(self.folder)) / 2)

    def until_settled(self) -> None:
        """Wait until the listener has nothing to do, since it writes to the same disk."""
        until = time.monotonic() + SETTLED_WITHIN_S
        with contextlib.closing(sqlite3.connect(self.folder / "ledger.db")) as db:
            while db.execute("SELECT 1 FROM callbacks WHERE verdict='' LIMIT 1").fetchone():
                if time.monotonic() > until:
                    raise SystemExit(f"the listener did not settle everything within {SETTLED_WITHIN_S} s")
                time.sleep(0.1)


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, its threads and the kernel's work for it included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listen(path: Path) -> None:
    ledger = Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    parts = Parts(lambda: ledger, World(), lambda event: None)
    serve(ListenerOptions(port=0), parts, lambda ready: print(ready.port, flush=True))


@contextlib.contextmanager
def server(path: Path) -> Iterator[tuple[int, int]]:
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(path)], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait()


def make_prompts(path: Path, count: int = PROMPTS) -> list[str]:
    tokens = [secrets.token_hex(16) for _ in range(count)]
    ledger = Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    with contextlib.closing(ledger), ledger.write() as tx:
        for number, token in enumerate(tokens):
            digest = hashlib.sha256(token.encode()).hexdigest()
            intent = Intent(f"PAY-{number}", f"o-{number}", "bench", "174379", 15_000, "254708374149", "B", "B", digest)
            tx.append(tx.open_payment(Start(intent), 1).last.ref, Sending(1, 1))
    return tokens


def flushes_per_s(folder: Path, seconds: float = 0.5) -> float:
    """How often 4 KiB reach the disk in a second, one after the other."""
    path = folder / "flushed"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        done, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            os.pwrite(descriptor, b"x" * 4096, 4096 * (done % 256))
            os.fdatasync(descriptor)
            done += 1
        return done / seconds
    finally:
        os.close(descriptor)
        path.unlink()


def report(connections: int, runs: list[Run]) -> None:
    for each in runs:
        print(
            f"{connections:3d} connections: {each.per_s:7,.0f} answers/s = {each.ratio:4.2f} x "
            f"{each.flushes_per_s:6,.0f} fdatasync/s; p50 {each.said.p50_ms:5.1f} ms, p99 {each.said.p99_ms:5.1f} ms; "
            f"{each.cpu_us:4.0f} us of processor each"
        )
    middle = sorted(runs, key=lambda each: each.ratio)[len(runs) // 2]
    print(f"{'':15}middle of {len(runs)}: {middle.ratio:.2f} x, p99 {middle.said.p99_ms:.1f} ms")


def counted(path: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT count(*), sum(verdict <> '') FROM callbacks").fetchone()


if __name__ == "__main__":
    main()
