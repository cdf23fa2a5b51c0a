"""Callbacks a second through the whole listener, every 200 durable, against the disk's own flush rate.

    python bench/listener.py [--seconds 4] [--connections 32]

The server runs in a process of its own; the client, here, keeps one request in flight on each connection.
Each body is new, each token is valid. Afterwards the rows on disk are counted: there may be no fewer than
there were answers. Figures are ratios, because disks and machines differ.
"""

import argparse
import contextlib
import hashlib
import json
import os
import secrets
import selectors
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mpesa_cli.domain.evidence import Sending
from mpesa_cli.domain.payment import Intent
from mpesa_cli.ledger.sqlite import SqliteLedger
from mpesa_cli.listener.options import ListenerOptions, Parts
from mpesa_cli.listener.server import serve

PROMPTS = 10_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=4.0)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--folder", type=Path, help="where to put the ledger: another disk, another figure")
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    wanted = arguments.parse_args()
    if wanted.serve:
        listen(wanted.serve)
        return
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        path = Path(folder) / "ledger.db"
        tokens = make_prompts(path)
        before = flushes_per_s(Path(folder))
        with server(path) as port:
            for connections in (2, wanted.connections):
                answered, latencies_s, took_s = drive(port, tokens, connections, wanted.seconds)
                report(connections, answered, latencies_s, took_s, (before + flushes_per_s(Path(folder))) / 2)
        rows, settled = counted(path)
        print(f"on disk after the end: {rows:,} bodies, {settled:,} of them settled before the listener ended")


def listen(path: Path) -> None:
    ledger = SqliteLedger(path, environment="simulator", token_hex=secrets.token_hex)
    parts = Parts(lambda: ledger, lambda: time.time_ns() // 1000, lambda event: None)
    serve(ListenerOptions(port=0), parts, lambda ready: print(ready.port, flush=True))


@contextlib.contextmanager
def server(path: Path):
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(path)], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def make_prompts(path: Path) -> list[str]:
    tokens = [secrets.token_hex(16) for _ in range(PROMPTS)]
    ledger = SqliteLedger(path, environment="simulator", token_hex=secrets.token_hex)
    with contextlib.closing(ledger), ledger.write() as tx:
        for number, token in enumerate(tokens):
            digest = hashlib.sha256(token.encode()).hexdigest()
            intent = Intent(f"PAY-{number}", f"o-{number}", "bench", "174379", 15_000, "254708374149", "B", "B", digest)
            tx.append(tx.open_payment(intent, 1).last.ref, Sending(1, 1))
    return tokens


def flushes_per_s(folder: Path, seconds: float = 1.0) -> float:
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


def drive(port: int, tokens: list[str], connections: int, seconds: float) -> tuple[int, list[float], float]:
    """Keep one request in flight on each connection. Returns answers, their latencies, and the time it took."""
    selector = selectors.DefaultSelector()
    sent_at: dict[socket.socket, float] = {}
    number = 0

    def send(sock: socket.socket) -> None:
        nonlocal number
        number += 1
        sent_at[sock] = time.perf_counter()
        sock.send(request(tokens[number % len(tokens)], number))

    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ)
        send(sock)
    latencies_s: list[float] = []
    received = dict.fromkeys(sent_at, b"")
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for key, _ in selector.select(1):
            sock = key.fileobj
            received[sock] += sock.recv(4096)
            if not received[sock].endswith(b'"Accepted"}'):
                continue
            if not received[sock].startswith(b"HTTP/1.1 200 "):
                raise SystemExit(received[sock].decode())
            received[sock] = b""
            latencies_s.append(time.perf_counter() - sent_at[sock])
            send(sock)
    took_s = time.perf_counter() - start
    for sock in sent_at:
        sock.close()
    return len(latencies_s), latencies_s, took_s


def request(token: str, number: int) -> bytes:
    body = json.dumps(
        {"Body": {"stkCallback": {
            "MerchantRequestID": f"6f2a-4d1b-{number}-{time.time_ns()}",
            "CheckoutRequestID": "ws_CO_24112026103001482708374149",
            "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
            "CallbackMetadata": {"Item": [
                {"Name": "Amount", "Value": 150.0}, {"Name": "MpesaReceiptNumber", "Value": f"UKO{number:07d}"},
                {"Name": "Balance"}, {"Name": "TransactionDate", "Value": 20261124103018},
                {"Name": "PhoneNumber", "Value": 254708374149}]}}}}
    ).encode()  # fmt: skip
    head = f"POST /hooks/stk/{token} HTTP/1.1\r\nHost: pay.example\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def report(connections: int, answered: int, latencies_s: list[float], took_s: float, flushes: float) -> None:
    cuts = statistics.quantiles(latencies_s, n=100)
    rate = answered / took_s
    print(
        f"{connections:3d} connections: {answered:7,} answered 200, {rate:8,.0f}/s = {rate / flushes:.2f} x the disk's "
        f"{flushes:,.0f} fdatasync/s; p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"
    )


def counted(path: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT count(*), sum(verdict <> '') FROM callbacks").fetchone()


if __name__ == "__main__":
    main()
