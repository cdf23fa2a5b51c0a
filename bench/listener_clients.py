"""Clients that press a listener, for bench/listener.py: wrk where it is installed, and one in Python.

Both keep one request in flight on each connection. The Python one takes as much of a processor as the
listener does, and so measures itself on a machine with two of them.
"""

import selectors
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("callbacks.lua")
BODY = (
    '{"Body":{"stkCallback":{"MerchantRequestID":"6f2a-4d1b-%d","CheckoutRequestID":"ws_CO_24112026103001482708374149",'
    '"ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":['
    '{"Name":"Amount","Value":150.0},{"Name":"MpesaReceiptNumber","Value":"UKO%08d"},{"Name":"Balance"},'
    '{"Name":"TransactionDate","Value":20261124103018},{"Name":"PhoneNumber","Value":254708374149}]}}}}'
)


@dataclass(frozen=True, slots=True)
class Answered:
    """How many were answered 200, in how many seconds, and how long each took."""

    count: int
    took_s: float
    p50_ms: float
    p99_ms: float


# Presses the listener at a port: tokens, number of the first callback, connections, seconds.
Client = Callable[[int, list[str], int, int, float], Answered]


def client(folder: Path) -> tuple[str, Client]:
    """The best client there is, and its name."""
    if not shutil.which("wrk"):
        return "a client in Python (install wrk for a lighter one)", in_python

    def wrk(port: int, tokens: list[str], first: int, connections: int, seconds: float) -> Answered:
        listed = folder / "tokens"
        listed.write_text("\n".join(tokens))
        argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", SCRIPT, f"http://127.0.0.1:{port}/"]
        done = subprocess.run([*argv, "--", listed, str(first)], capture_output=True, text=True, check=True)
        count, wrong, took_us, p50_us, p99_us = map(int, done.stdout.splitlines()[-1].split())
        if wrong:
            raise SystemExit(done.stdout)
        return Answered(count, took_us / 1e6, p50_us / 1e3, p99_us / 1e3)

    return "wrk", wrk


def in_python(port: int, tokens: list[str], first: int, connections: int, seconds: float) -> Answered:
    """The same with a selector."""
    selector = selectors.DefaultSelector()
    sent_at: dict[socket.socket, float] = {}
    number = first

    def send(sock: socket.socket) -> None:
        nonlocal number
        sent_at[sock] = time.perf_counter()
        sock.send(request(tokens[number % len(tokens)], number))
        number += 1

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
    cuts = statistics.quantiles(latencies_s, n=100)
    return Answered(len(latencies_s), took_s, cuts[49] * 1e3, cuts[98] * 1e3)


def request(token: str, number: int) -> bytes:
    """One callback on a token, as bench/callbacks.lua writes it."""
    body = BODY % (number, number)
    head = f"POST /hooks/stk/{token} HTTP/1.1\r\nHost: pay.example\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
