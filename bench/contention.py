"""Two listeners, a cron and a till on one ledger (B10): nobody is locked out, and commits stay quick.

    python bench/contention.py [--seconds 60] [--per-second 100]

Two ``mpesa listen`` take callbacks at a steady rate each, ``mpesa reconcile`` and ``mpesa push --no-wait`` run
one after the other without a pause, as processes of their own, against a simulator. How long a commit takes is
measured where it is waited for: by what an answer takes at the listeners, and by a fifth writer here, which
stores a body as a listener does, 20 times a second. Exits 1 where a promise is broken.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

TESTS = Path(__file__).parents[1] / "tests"
sys.path[0] = str(TESTS)  # in the place of this folder, whose listener.py would hide the tests' folder

from cli.loop_parts import Listening, listening
from listener.listening import answer, now_us, open_ledger, prompts, request
from listener.pressing import BODIES_OF_A_TOKEN, Callbacks, bodies_on_disk, connect

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.bodies import Bodies, BodyWrites
from mpesa_cli.simulator.server.server import running
from mpesa_cli.simulator.state import Rules

COMMIT_P99_MS = 50


@dataclass
class Heard:
    """What everybody said and how long each took, in milliseconds."""

    latencies_ms: dict[str, list[float]] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    answered: set[bytes] = field(default_factory=set)

    def took(self, who: str, since: float) -> None:
        self.latencies_ms.setdefault(who, []).append((time.perf_counter() - since) * 1e3)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--per-second", type=int, default=100)
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(rules=Rules(speed=20.0)) as simulator:
        environ = {
            "MPESA_HOME": folder, "MPESA_BASE_URL": simulator.base_url, "MPESA_ENVIRONMENT": "simulator",
            "MPESA_CONSUMER_KEY": "any", "MPESA_CONSUMER_SECRET": "any",
        }
        home, heard = Path(folder), Heard()
        with listening(home, environ, "--port", "0") as first, listening(home, environ, "--port", "0") as second:
            path = ledger_with_prompts(home, (first, second), int(wanted.seconds * wanted.per_second * 2) + 1000)
            everybody(path, (first, second), environ, wanted.seconds, wanted.per_second, heard)
            stops = (first.stop(), second.stop())
            lines = [*first.lines, *first.said, *second.lines, *second.said]
        bad = ("locked", '"unstored"', '"unsettled"')
        heard.complaints += [line for line in lines if any(word in line for word in bad)]
        sys.exit("; ".join(report(path, heard, stops)) or 0)


TOKENS: list[str] = []


def ledger_with_prompts(home: Path, listens: tuple[Listening, ...], callbacks: int) -> Path:
    assert all(listen.url for listen in listens)  # each has made or opened it by then
    path = next(home.rglob("*.db"))
    with contextlib.closing(open_ledger(path)) as ledger:
        TOKENS.extend(token for token, _ in prompts(ledger, 1 + callbacks // BODIES_OF_A_TOKEN))
    return path


def everybody(
    path: Path, listens: tuple[Listening, ...], environ: dict[str, str], seconds: float, per_s: int, heard: Heard
) -> None:
    until, callbacks = time.perf_counter() + seconds, Callbacks(TOKENS)
    url = listens[0].url
    threads = [
        *(threading.Thread(target=sender, args=(each, callbacks, until, per_s, heard)) for each in listens),
        threading.Thread(target=repeated, args=("reconcile", ["reconcile", "-q"], environ, until, heard)),
        threading.Thread(target=repeated, args=("push", [], {**environ, "APP_URL": url}, until, heard)),
        threading.Thread(target=fifth_writer, args=(path, until, heard)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sender(listen: Listening, callbacks: Callbacks, until: float, per_s: int, heard: Heard) -> None:
    port, due_at = int(urlsplit(listen.url).port or 0), time.perf_counter()
    with connect(port) as sock:
        while time.perf_counter() < until:
            time.sleep(max(0.0, due_at - time.perf_counter()))
            due_at += 1 / per_s
            token, body = callbacks.next()
            began = time.perf_counter()
            sock.sendall(request(f"/hooks/stk/{token}", body))
            status, _ = answer(sock)
            heard.took("answer of a listener", began)
            heard.answers[status] += 1
            if status == 200:
                heard.answered.add(body)


def repeated(name: str, argv: list[str], environ: dict[str, str], until: float, heard: Heard) -> None:
    number = 0
    while time.perf_counter() < until:
        number += 1
        order = ["push", f"25470{number:07d}", "150", "--order", f"till-{number}", "--no-wait", "-q"]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "mpesa_cli", *(argv or order)], capture_output=True, text=True, check=False,
            env={**os.environ, **environ},
        )
        heard.took(f"mpesa {name}", began)
        heard.exits[f"{name} {done.returncode}"] += 1
        if "locked" in done.stderr or "Traceback" in done.stderr:
            heard.complaints.append(done.stderr)


def fifth_writer(path: Path, until: float, heard: Heard) -> None:
    with contextlib.closing(open_ledger(path)) as ledger:
        number = 0
        while time.perf_counter() < until:
            time.sleep(0.05)
            number += 1
            began = time.perf_counter()
            with ledger.write() as tx:
                BodyWrites(tx).store_body("bench", b"%d" % number, "127.0.0.1", now_us())
            heard.took("commit of a fifth", began)


def report(path: Path, heard: Heard, stops: tuple[int, ...]) -> list[str]:
    broken = [f"{len(heard.complaints)} complaints, as: {heard.complaints[0]}"] if heard.complaints else []
    for who, all_ms in heard.latencies_ms.items():
        cuts = statistics.quantiles(all_ms, n=100)
        p50, p99 = cuts[49], cuts[98]
        print(f"{who:21} {len(all_ms):6,} times; p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, most {max(all_ms):6.1f} ms")
        if not who.startswith("mpesa") and p99 > COMMIT_P99_MS:
            broken.append(f"p99 of {who} is above {COMMIT_P99_MS} ms")
    missing = heard.answered - bodies_on_disk(path)
    with contextlib.closing(open_ledger(path)) as ledger:
        unread = len(Bodies(ledger).unread_callbacks())
        wrong = list(flaws(ledger))
    print(
        f"answers {dict(heard.answers)}, exits {dict(sorted(heard.exits.items()))}; {len(missing)} answered and "
        f"missing, {unread} not settled, {len(wrong)} flaws in the ledger; {len(heard.complaints)} times locked out"
    )
    broken += ["listeners did not end with 0"] if set(stops) != {0} else []
    broken += ["an answer was not 200"] if set(heard.answers) != {200} else []
    return broken + (["the ledger is wrong"] if missing or unread or wrong else [])


if __name__ == "__main__":
    main()
