"""What the owner's page costs the callbacks: answers at a steady rate, without the page, and while ten browsers look.

    python bench/owner.py [--payments 40000] [--rate 100] [--seconds 20] [--viewers 10] [--rounds 3]

A ledger with a fortnight of 2,880 payments a day behind it, and `mpesa listen --owner` as a process. Callbacks come
when their time has come (settling.py); the browsers read the page's stream of events. First what one look takes.
Exits 1 where the page makes the slowest hundredth of the answers later than P99_MS.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from big_ledger import APART_US, fill
from listener import cpu_s
from settling import now_us, open_ledger, paced
from timing import machine

from mpesa_cli.cli.owner.page import _shop
from mpesa_cli.owner.page.parts import parts
from mpesa_cli.owner.page.words import Commands
from mpesa_cli.owner.reading import look
from mpesa_cli.rules.evidence import Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.runtime import Runtime

P99_MS = 25


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("payments", 40_000), ("rate", 100), ("seconds", 20), ("viewers", 10), ("rounds", 3)):
        arguments.add_argument(f"--{name}", type=int, default=usual)
    wanted = arguments.parse_args()
    print(machine())
    late = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        path = fill(home, wanted.payments, now_us() - wanted.payments * APART_US)
        print(f"a look at {wanted.payments:,} payments: {' '.join(f'{ms:.0f}' for ms in looks(home, path))} ms")
        count = wanted.rate * wanted.seconds
        for number in range(wanted.rounds):
            for page, viewers in ((False, 0), (True, wanted.viewers)):
                tokens = prompts(path, count, f"{number}-{int(page)}")
                with listening(home, page=page) as (process, port, url), looking(home, url, viewers) as seen:
                    cpu = cpu_s(process.pid)
                    cuts = statistics.quantiles(taken := paced(port, tokens, wanted.rate), n=100)
                    cpu = (cpu_s(process.pid) - cpu) / wanted.seconds
                what = f"{viewers} browsers, {sum(seen)} events" if page else "without the page"
                took = f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(taken):.0f} ms"
                print(f"{wanted.rate}/s, {what}: {took}, {cpu:.0%} of a core")
                late += [cuts[98]] if page and cuts[98] > P99_MS else []
    sys.exit(f"too late: {late}" if late else 0)


def looks(home: Path, path: Path) -> list[float]:
    """What a look takes, with what makes the page of it, in milliseconds."""
    shop, taken = _shop(Runtime(environ={"MPESA_HOME": str(home)}).profile(None)), []
    with contextlib.closing(open_ledger(path)) as ledger:
        for _ in range(5):
            began = time.perf_counter()
            parts(look(ledger, shop, now_us()), "", Commands())
            taken.append((time.perf_counter() - began) * 1e3)
    return taken


def prompts(path: Path, count: int, name: str) -> list[str]:
    """Prompts of today that wait for their callbacks: the token of each."""
    tokens = [secrets.token_hex(16) for _ in range(count)]
    with contextlib.closing(open_ledger(path)) as ledger, ledger.write() as tx:
        for number, token in enumerate(tokens):
            digest = hashlib.sha256(token.encode()).hexdigest()
            phone = f"2547{number % 10**8:08d}"
            order = f"o-{name}-{number}"
            intent = Intent(f"PAY-{order}", order, "bench", "174379", 15_000, phone, "B", "B", digest)
            tx.append(tx.open_payment(Start(intent), now_us()).last.ref, Sending(now_us(), 1))
    return tokens


@contextlib.contextmanager
def listening(home: Path, *, page: bool) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """The listener's process, its port, and the page's address where there is one."""
    argv = ["listen", "--json", "--port", "0", *(["--owner", "--owner-port", "0"] if page else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "mpesa_cli", *argv], env={**os.environ, "MPESA_HOME": str(home)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:
        said = ""
        while ("owner's page is at" if page else "Callbacks come") not in said:
            said += process.stderr.readline()
        urls = re.findall(r"http://127\.0\.0\.1:\d{4,}", said)
        try:
            yield process, int(urls[0].rpartition(":")[2]), urls[-1]
        finally:
            process.terminate()


@contextlib.contextmanager
def looking(home: Path, url: str, viewers: int) -> Iterator[list[int]]:
    """Browsers that have the page open; the number of events that each got, once they have gone."""
    seen, threads = [0] * viewers, []
    with contextlib.ExitStack() as stack:
        for number in range(viewers):
            if number % 3 == 0:  # a browser may have three pages open
                client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, verify=False, timeout=60))
                environ = {**os.environ, "MPESA_HOME": str(home)}
                told = subprocess.run([sys.executable, "-m", "mpesa_cli", "owner", "pair", "--json"], env=environ,
                                      capture_output=True, check=True).stdout
                client.post("/pair", data={"code": json.loads(told)["code"]}, headers={"origin": url})
            stream = stack.enter_context(client.stream("GET", "/live"))

            def read(stream: httpx.Response = stream, number: int = number) -> None:
                with contextlib.suppress(httpx.HTTPError):
                    for line in stream.iter_lines():
                        seen[number] += line.startswith("event: parts")

            threads.append(threading.Thread(target=read, daemon=True))
            threads[-1].start()
        yield seen


if __name__ == "__main__":
    main()
