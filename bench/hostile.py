"""Clients that are slow (B9) or broken (B8), at full size, against a listener in a process of its own.

    python bench/hostile.py slow [--clients 1000] [--seconds 30]
    python bench/hostile.py broken [--requests 200000] [--seed 1]

``slow``: half heads, half bodies and silence, opened again as they are cut off, while good requests come at
50 a second. ``broken``: requests on raw sockets with their framing damaged, good ones among them; each
connection goes on until it is closed. Exits 1 where a promise is broken.
"""

import argparse
import contextlib
import random
import re
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
HERE = sys.path[0]
sys.path[0] = str(TESTS)  # in the place of this folder, whose listener.py would hide the tests' folder

from listener.listening import ACCEPTED_BODY, answer, open_ledger, prompts, request
from listener.pressing import BODIES_OF_A_TOKEN, Callbacks, bodies_on_disk, connect, process

sys.path.append(HERE)
from damaged_requests import damaged

BROKEN_CLIENTS = 8
GOOD_PER_S = 50
GOOD_P99_MS = 250
RSS_GROWTH_MAX_MB = 20
CLOSED_WITHIN_S = 15
HEAD = b"POST /hooks/stk/00000000000000000000000000000000 HTTP/1.1\r\nHost: shop.example\r\n"
SLOW = (b"", b"POST", HEAD, HEAD + b"Content-Length: 500\r\n\r\n{", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("what", choices=("slow", "broken"))
    arguments.add_argument("--clients", type=int, default=1000)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--requests", type=int, default=200_000)
    arguments.add_argument("--seed", type=int, default=1)
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        many = wanted.requests if wanted.what == "broken" else int(GOOD_PER_S * wanted.seconds)
        with contextlib.closing(open_ledger(path)) as ledger:
            callbacks = Callbacks([token for token, _ in prompts(ledger, 2 + many // BODIES_OF_A_TOKEN)])
        with process(path) as (started, port):
            memory_mb = [rss_mb(started.pid)]
            if wanted.what == "slow":
                broken = slow(port, callbacks, wanted.clients, wanted.seconds)
            else:
                rng, quarter = random.Random(wanted.seed), wanted.requests // 4
                broken = framing(port, path, callbacks, quarter, rng)
                memory_mb.append(rss_mb(started.pid))  # its caches are full by now: from here on it may not grow
                broken += framing(port, path, callbacks, wanted.requests - quarter, rng)
            memory_mb.append(rss_mb(started.pid))
            print("memory of the listener, MB: " + ", ".join(f"{each:.0f}" for each in memory_mb))
            if started.poll() is not None:
                broken.append("the listener died")
            if memory_mb[-1] - memory_mb[-2] > RSS_GROWTH_MAX_MB + (wanted.what == "slow") * 60:
                broken.append("the listener grew")
    sys.exit("; ".join(broken) or 0)


def rss_mb(pid: int) -> float:
    line = next(s for s in Path(f"/proc/{pid}/status").read_text().splitlines() if s.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


# ---- B9: slow


def slow(port: int, callbacks: Callbacks, clients: int, seconds: float) -> list[str]:
    lifetimes_s: list[float] = []
    over = threading.Event()
    annoying = threading.Thread(target=annoy, args=(port, clients, over, lifetimes_s))
    annoying.start()
    latencies_ms, statuses = good(port, callbacks, seconds)
    over.set()
    annoying.join()
    cuts = statistics.quantiles(latencies_ms, n=100)
    print(
        f"{clients:,} slow clients at any time for {seconds:.0f} s, {len(lifetimes_s):,} of them cut off after "
        f"{min(lifetimes_s):.1f} to {max(lifetimes_s):.1f} s; {len(latencies_ms):,} good requests at {GOOD_PER_S}/s: "
        f"{dict(statuses)}, p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(latencies_ms):.0f} ms"
    )
    broken = ["a good request was not answered 200"] if set(statuses) != {200} else []
    broken += ["good requests were slow"] if cuts[98] > GOOD_P99_MS else []
    return broken + (["a slow client was not cut off"] if max(lifetimes_s) > CLOSED_WITHIN_S else [])


def good(port: int, callbacks: Callbacks, seconds: float) -> tuple[list[float], Counter[int]]:
    """Good requests on connections of their own, as from a proxy without keep-alive: the hardest case."""
    latencies_ms, statuses = [], Counter[int]()
    start = time.perf_counter()
    for number in range(int(seconds * GOOD_PER_S)):
        time.sleep(max(0.0, start + number / GOOD_PER_S - time.perf_counter()))
        token, body = callbacks.next()
        began = time.perf_counter()
        with connect(port) as sock:
            sock.sendall(request(f"/hooks/stk/{token}", body))
            statuses[answer(sock)[0]] += 1
        latencies_ms.append((time.perf_counter() - began) * 1e3)
    return latencies_ms, statuses


def annoy(port: int, clients: int, over: threading.Event, lifetimes_s: list[float]) -> None:
    """Keep so many slow clients open: each sends its piece, then a byte every two seconds, until it is cut off."""
    selector = selectors.DefaultSelector()
    born: dict[socket.socket, float] = {}
    drip_at = time.perf_counter()
    while not over.is_set() or born:
        for number in range(0 if over.is_set() else min(100, clients - len(born))):
            with contextlib.suppress(OSError):
                sock = connect(port)
                sock.sendall(SLOW[number % len(SLOW)])
                born[sock] = time.perf_counter()
                selector.register(sock, selectors.EVENT_READ)
        for key, _ in selector.select(0.05):
            lifetimes_s.append(time.perf_counter() - born.pop(key.fileobj))
            selector.unregister(key.fileobj)
            key.fileobj.close()
        if time.perf_counter() > drip_at:
            drip_at += 2
            for number, sock in enumerate(list(born)):
                if number % 2:
                    with contextlib.suppress(OSError):
                        sock.send(b"x")


# ---- B8: broken framing


def framing(port: int, path: Path, callbacks: Callbacks, requests: int, rng: random.Random) -> list[str]:
    statuses: Counter[int] = Counter()
    good_ones: set[bytes] = set()
    start = time.perf_counter()
    with ThreadPoolExecutor(BROKEN_CLIENTS) as pool:
        seeds = [rng.random() for _ in range(BROKEN_CLIENTS)]
        shares = [pool.submit(broken_client, port, callbacks, requests // BROKEN_CLIENTS, seed) for seed in seeds]
        for share in shares:
            counted, good_here = share.result()
            statuses.update(counted)
            good_ones |= good_here
    took_s = time.perf_counter() - start
    missing = good_ones - bodies_on_disk(path)
    print(
        f"{requests:,} requests at {requests / took_s:,.0f}/s, answers {dict(statuses)}; {len(good_ones):,} good ones "
        f"among them answered 200, {len(missing)} of those not on disk"
    )
    broken = ["a 5xx"] if any(status >= 500 for status in statuses) else []
    return broken + (["an answered body is missing"] if missing or not good_ones else [])


def broken_client(port: int, callbacks: Callbacks, requests: int, seed: float) -> tuple[Counter[int], set[bytes]]:
    """Good and damaged requests, as a coin falls; the statuses of their answers, and the good bodies answered 200."""
    rng, statuses, good_ones, sent = random.Random(seed), Counter[int](), set[bytes](), 0
    while sent < requests:
        with contextlib.suppress(OSError), connect(port) as sock:
            ended = False
            while not ended and sent < requests:
                sent += 1
                token, body = callbacks.next()
                whole = request(f"/hooks/stk/{token}", body)
                if rng.random() < 0.5:
                    sock.sendall(whole)
                    status, said = answer(sock)
                    statuses[status] += 1
                    ended = status != 200
                    if (status, said) == (200, ACCEPTED_BODY):
                        good_ones.add(body)
                else:
                    ended = True
                    statuses.update(answers_to(sock, damaged(rng, whole)))
    return statuses, good_ones


def answers_to(sock: socket.socket, sent: bytes) -> list[int]:
    """Send it, and say that nothing more comes; the statuses of all that is answered, 0 for none."""
    received = b""
    with contextlib.suppress(OSError):
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        while chunk := sock.recv(65536):
            received += chunk
    return [int(s) for s in re.findall(rb"HTTP/1\.1 ([0-9]{3})", received)] or [0]


if __name__ == "__main__":
    main()
