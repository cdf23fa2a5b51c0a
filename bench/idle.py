"""Callbacks at 50 a second beside more idle connections than ``mpesa listen`` has file descriptors.

    python bench/idle.py [--idle 2500] [--soft 1024] [--hard 1024] [--seconds 30]

The command itself, in a process of its own with these limits, its stdout and stderr in files. The idle connections come
from one address, are opened as fast as they are cut off, and send nothing. Exits 1 where a callback was not
answered 200, or the log is larger than 100 kB without the line that each payment has.
"""

import argparse
import contextlib
import os
import re
import resource
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hostile import BODIES_OF_A_TOKEN, Callbacks, connect, good, open_ledger, prompts, rss_mb

if TYPE_CHECKING:
    import socket

LOG_MAX_KB = 100


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--idle", type=int, default=2500)
    arguments.add_argument("--soft", type=int, default=1024)
    arguments.add_argument("--hard", type=int, default=1024)
    arguments.add_argument("--seconds", type=float, default=30)
    wanted = arguments.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted.idle + 500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with listening(folder, wanted.soft, wanted.hard) as (process, port):
            path = next(folder.rglob("*.db"))
            with contextlib.closing(open_ledger(path)) as ledger:
                count = 2 + int(50 * wanted.seconds) // BODIES_OF_A_TOKEN
                callbacks = Callbacks([token for token, _ in prompts(ledger, count)])
            over, opened = threading.Event(), [0]
            crowd = threading.Thread(target=idle, args=(port, wanted.idle, over, opened))
            crowd.start()
            while opened[0] < wanted.idle:
                time.sleep(0.05)
            cpu, began = cpu_s(process.pid), time.perf_counter()
            latencies_ms, statuses = good(port, callbacks, wanted.seconds)
            load = (cpu_s(process.pid) - cpu) / (time.perf_counter() - began)
            memory = rss_mb(process.pid)
            over.set()
            crowd.join()
        lines = (folder / "out").read_bytes().splitlines(keepends=True)
        payments_kb = sum(len(line) for line in lines if b" order order-" in line) / 1000
        log_kb = sum((folder / log).stat().st_size for log in ("out", "err")) / 1000 - payments_kb
    latencies_ms.sort()
    p50, p99 = (latencies_ms[len(latencies_ms) * part // 100] for part in (50, 99))
    print(
        f"{wanted.idle:,} idle connections, {wanted.soft:,} descriptors (hard {wanted.hard:,}), {opened[0]:,} opened "
        f"in all; {len(latencies_ms):,} callbacks at 50/s: {dict(statuses)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"most {latencies_ms[-1]:.0f} ms; log {log_kb:.1f} kB beside {payments_kb:.1f} kB of payments' lines; "
        f"{load:.0%} of a core; {memory:.0f} MB"
    )
    sys.exit("a promise is broken" if set(statuses) != {200} or log_kb > LOG_MAX_KB else 0)


@contextlib.contextmanager
def listening(folder: Path, soft: int, hard: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    environ = {**os.environ, "MPESA_HOME": str(folder), "MPESA_ENVIRONMENT": "simulator"}
    argv = ["prlimit", f"--nofile={soft}:{hard}", sys.executable, "-m", "mpesa_cli", "listen", "--port", "0"]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(argv, stdout=out, stderr=err, env=environ)
        try:
            while (found := re.search(r"Listening on http://127\.0\.0\.1:(\d+)", (folder / "err").read_text())) is None:
                time.sleep(0.05)
            yield process, int(found[1])
        finally:
            process.terminate()
            process.wait()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(port: int, count: int, over: threading.Event, opened: list[int]) -> None:
    """Keep so many connections open that send nothing: whichever is cut off is opened again."""
    selector = selectors.DefaultSelector()
    alive: set[socket.socket] = set()
    while not over.is_set():
        for _ in range(min(50, count - len(alive))):
            with contextlib.suppress(OSError):
                sock = connect(port)
                alive.add(sock)
                selector.register(sock, selectors.EVENT_READ)
                opened[0] += 1
        for key, _ in selector.select(0.02):
            selector.unregister(key.fileobj)
            alive.discard(key.fileobj)
            key.fileobj.close()
    for sock in alive:
        sock.close()


if __name__ == "__main__":
    main()
