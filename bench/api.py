"""The HTTP API: prompts a second against a Daraja that answers at once, and a million payments paged to the end.

    python bench/api.py [--seconds 10] [--clients 8] [--payments 1000000]

One `mpesa listen --api` process is asked by several clients at once; every call is another order and phone, and is
answered once its three commits are on disk. The server's processor time per call is what one core can do; the
ledger's share of it is that of the same three commits alone, in one thread of this process. The history is read
by following its Link headers, and the server's memory is looked at on the way.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import multiprocessing
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from timing import ROOT, machine

sys.path.insert(0, str(ROOT))

import history as bench_history
from push import AtOnce

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = 500


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--clients", type=int, default=8)
    arguments.add_argument("--payments", type=int, default=1_000_000)
    asked = arguments.parse_args()
    print(machine())
    daraja = AtOnce()
    serving = multiprocessing.Process(target=daraja.serve, daemon=True)
    serving.start()
    with tempfile.TemporaryDirectory() as folder:
        prompts(Path(folder) / "a", daraja.url, asked.seconds, asked.clients)
        pages(Path(folder) / "b", asked.payments)
    serving.terminate()


def prompts(home: Path, daraja: str, seconds: float, clients: int) -> None:
    """POST /payments/initiate for so long, and what it cost the server."""
    more = {
        "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": daraja, "MPESA_CONSUMER_KEY": "bench",
        "MPESA_CONSUMER_SECRET": "bench", "APP_URL": "https://pay.example.co.ke",
    }
    with serving_api(home, more) as (port, token, process):
        numbers, taken, until = itertools.count(), [], time.monotonic() + seconds
        before_s = processor_s(process.pid)

        def client() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            while time.monotonic() < until:
                number = next(numbers)
                body = {"orderId": number, "phoneNumber": f"2547{number:08d}", "amount": 100}
                began = time.perf_counter()
                connection.request("POST", "/payments/initiate", json.dumps(body), headers_of(token))
                answer = connection.getresponse()
                answer.read()
                taken.append(time.perf_counter() - began)
                if answer.status != 202:
                    raise SystemExit(f"initiate was answered {answer.status}")

        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        each_ms = (processor_s(process.pid) - before_s) / len(taken) * 1000
    quantiles = statistics.quantiles(taken, n=100)
    ledger_ms = commits_ms(home / "ledger-alone.db")
    print(f"initiate, {clients} clients: {len(taken) / seconds:.0f}/s, p50 {quantiles[49] * 1000:.0f} ms, "
          f"p99 {quantiles[98] * 1000:.0f} ms")
    print(f"the server's processor time for one: {each_ms:.2f} ms, so {1000 / each_ms:.0f}/s a core; "
          f"the ledger's three commits alone: {ledger_ms:.2f} ms ({ledger_ms / each_ms:.0%})")


def commits_ms(path: Path, count: int = 500) -> float:
    """Processor time of what one prompt writes: the intent, that it leaves, the answer."""
    with contextlib.closing(Ledger(path, environment="sandbox", token_hex=secrets.token_hex)) as ledger:
        began = time.process_time()
        for n in range(count):
            intent = Intent(f"PAY-{n}", str(n), "x", "174379", 10_000, f"2547{n:08d}", str(n), "Payment", f"{n:064x}")
            with ledger.write() as tx:
                ref = tx.open_payment(Start(intent), n).last.ref
            with ledger.write() as tx:
                tx.append(ref, ev.Sending(n, 1))
            with ledger.write() as tx:
                tx.append(ref, ev.Accepted(n, 1, f"m-{n}", f"ws_CO_{n}"))
        return (time.process_time() - began) / count * 1000


def pages(home: Path, payments: int) -> None:
    """GET /payments/history to its end."""
    bench_history.fill(home, payments)
    with serving_api(home, {}) as (port, token, process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        path, rows, memory_mb, began = f"/payments/history?limit={PAGE}", 0, [], time.monotonic()
        while path:
            connection.request("GET", path, headers=headers_of(token))
            answer = connection.getresponse()
            rows += len(json.loads(answer.read()))
            path = (answer.headers["link"] or "").partition(">")[0].removeprefix("<")
            if rows % (PAGE * 20) == 0:
                memory_mb.append(resident_mb(process.pid))
        took_s = time.monotonic() - began
    print(f"history of {rows:,} payments in pages of {PAGE}: {took_s:.0f} s ({rows / took_s:,.0f} rows/s); "
          f"memory {memory_mb[0]:.0f} MB at the start, {max(memory_mb):.0f} MB at most")


@contextlib.contextmanager
def serving_api(home: Path, more: dict[str, str]) -> Iterator[tuple[int, str, "subprocess.Popen[bytes]"]]:
    """A server on a free port; yields the port, a token, and the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("MPESA_")}, "PYTHONPATH": str(ROOT),
        "MPESA_HOME": str(home), "MPESA_API_SECRET": secrets.token_hex(24), "MPESA_API_RATE_PER_TOKEN": "1000000",
        **more,
    }
    mpesa = [sys.executable, "-m", "mpesa_cli"]
    scopes = ["--scope", "payments:read", "--scope", "payments:write"]
    issued = subprocess.run([*mpesa, "token", "issue", "--name", "bench", *scopes], env=environ, capture_output=True,
                            text=True, check=True)
    with subprocess.Popen([*mpesa, "listen", "--api", "-q", "--port", str(port)], env=environ) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.05)
            yield port, issued.stdout.strip(), process
        finally:
            process.terminate()


def headers_of(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
