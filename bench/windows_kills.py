"""Pushes that are killed by TerminateProcess in the midst of it, and what came of the money. Used by windows.py.

Each push is the real command in a process of its own, which has its modules loaded before its time begins, so that the
kills hit it at work. Daraja is the simulator over HTTP, which loses answers and callbacks; the listener is killed too.
"""

import json
import random
import secrets
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invariants import OPEN, broken, in_doubt, prompts_of

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.simulator.chaos import Chaos
from mpesa_cli.simulator.server.server import RunningSimulator, running
from mpesa_cli.simulator.state import Rules

WARM = 3
EXPECTED = {0, 3, 5, 6, 8, 9}  # each of these says truthfully where the money stands
WORKER = """
import json, os, sys, time
import sqlite_utils, tenacity
import mpesa_cli.floor.wire.http, mpesa_cli.payments.wait, mpesa_cli.rules.outcome, mpesa_cli.rules.payment_document
import mpesa_cli.rules.retry_advice, mpesa_cli.rules.staging, mpesa_cli.settings.sources
import mpesa_cli.cli.payments.push_one, mpesa_cli.cli.payments.status, mpesa_cli.terminal.payment_words
from mpesa_cli.cli.app import main
from mpesa_cli.floor.world import World
from mpesa_cli.runtime import Runtime
print("ready", flush=True)
statuses = []
for line in sys.stdin:
    request = json.loads(line)
    os.environ.update(request["environ"])
    runtime = Runtime(world=World(lambda: time.time_ns() // 1000 + request["ahead_us"]))
    runtime.interrupts.install()
    statuses.append(main(request["argv"], runtime))
    if not request["more"]:
        break
sys.exit(max(statuses, default=0))
"""
LISTENER = """
import secrets, sys
from pathlib import Path
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import serve
parts = Parts(lambda: Ledger(Path(sys.argv[1]), environment="simulator", token_hex=secrets.token_hex),
              World(), lambda _event: None)
serve(ListenerOptions(port=int(sys.argv[2])), parts, lambda running: print(running.port, flush=True))
"""


@dataclass
class Storm:
    """What happened, and what is wrong; ``wrong`` is empty where every invariant held."""

    kills: int = 0
    too_late: int = 0
    listener_kills: int = 0
    orders: list[str] = field(default_factory=list)
    prompts: int = 0
    charged: int = 0
    paid: int = 0
    open_left: int = 0
    push_s: float = 1.0  # how long a push takes just now: most kills are to hit it at work
    seconds: float = 0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, object]]:
        """The summary, as name and figure."""
        lost = sum("lost" in each or "is not in the ledger" in each for each in self.wrong)
        return [
            ("pushes killed by TerminateProcess", self.kills), ("  that ended before", self.too_late),
            ("listeners killed", self.listener_kills), ("orders", len(self.orders)),
            ("prompts that Daraja accepted", self.prompts), ("prompts that were charged", self.charged),
            ("  shown as paid", self.paid), ("orders left unknown or pending", self.open_left),
            ("orders charged twice", sum(" times" in each for each in self.wrong)), ("payments lost", lost),
            ("wrong in any way", len(self.wrong)), ("seconds", f"{self.seconds:.0f}"),
        ]


class Worker:
    """A process that has the program loaded and waits for its command."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )

    def begin(self, argv: list[str], environ: dict[str, str], *, ahead_s: int = 0, more: bool = False) -> None:
        assert self.process.stdin
        request = {"argv": argv, "environ": environ, "ahead_us": ahead_s * 1_000_000, "more": more}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def wait_until_ready(self) -> None:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.strip() == "ready", line + self.process.stdout.read()


def storm(home: Path, *, kills: int, seed: int) -> Storm:
    """Sell until ``kills`` pushes were killed; settle; hold the ledger against what Daraja did."""
    figures, dice, began = Storm(), random.Random(seed), time.monotonic()
    ledger = home / "data" / "env-simulator.db"
    rules = Rules(speed=20.0, chaos=Chaos(seed), queries_per_minute=5)
    with running(rules=rules) as daraja:
        _opened(ledger).close()
        listener, port = _listening(ledger, 0)
        environ = {**daraja.environ, "MPESA_HOME": str(home), "APP_URL": f"http://127.0.0.1:{port}", "TERM": "dumb"}
        waiting = deque(Worker() for _ in range(WARM))
        while figures.kills < kills:
            _one_push(figures, waiting, environ, dice)
            if dice.random() < 0.05:
                listener.kill()
                listener.wait()
                figures.listener_kills += 1
                listener, _ = _listening(ledger, port, tries=12)
        for each in waiting:
            each.process.kill()
        _until_no_callback_is_due(daraja)
        _settled(figures, environ)
        listener.kill()
        listener.wait()
        _judged(figures, ledger, daraja)
    figures.seconds = time.monotonic() - began
    return figures


def _one_push(figures: Storm, waiting: "deque[Worker]", environ: dict[str, str], dice: random.Random) -> None:
    """A push of a new order, or once more of an old one, most of them killed within the time that such a push takes."""
    is_old = bool(figures.orders) and dice.random() < 0.3
    order = dice.choice(figures.orders[-5:]) if is_old else f"K{len(figures.orders):06}"
    if not is_old:
        figures.orders.append(order)
    worker = waiting.popleft()
    waiting.append(Worker())
    worker.wait_until_ready()
    phone = f"254712{int(order[1:]):06}"
    began = time.monotonic()
    worker.begin(["push", phone, "100", "--order", order, "--json", "--no-wait"], environ)
    try:
        status = worker.process.wait(dice.uniform(0, figures.push_s) if dice.random() < 0.8 else None)
    except subprocess.TimeoutExpired:
        worker.process.kill()
        worker.process.wait()
        figures.kills += 1
        return
    figures.too_late += 1
    figures.push_s += (time.monotonic() - began - figures.push_s) / 5
    assert worker.process.stdout
    said = worker.process.stdout.read()
    if status not in EXPECTED or "Traceback" in said:
        figures.wrong.append(f"unexpected end {status} of a push of {order}: {said}")


def _listening(ledger: Path, port: int, tries: int = 1) -> tuple["subprocess.Popen[str]", int]:
    """A listener that was killed in a conversation may leave its port in use for a while: its task starts it again."""
    for each in range(tries):
        time.sleep(10 * bool(each))
        process = subprocess.Popen(
            [sys.executable, "-c", LISTENER, str(ledger), str(port)], stdout=subprocess.PIPE, text=True,
        )
        assert process.stdout
        if line := process.stdout.readline().strip():
            return process, int(line)
    raise AssertionError(f"the listener did not start on port {port}")


def _until_no_callback_is_due(daraja: RunningSimulator) -> None:
    for _ in range(600):
        rows: Any = daraja.record()["prompts"]
        if all(sent["status"] is not None for row in rows for sent in row["callbacks"]):
            return
        time.sleep(0.1)
    raise AssertionError("callbacks are still due")


def _settled(figures: Storm, environ: dict[str, str]) -> None:
    """What a shop does after a bad day: ask for the status of every order, and again some minutes later."""
    for ahead_s in (100, 300):
        worker = Worker()
        worker.wait_until_ready()
        said: list[str] = []
        assert worker.process.stdout
        reading = threading.Thread(target=said.extend, args=(worker.process.stdout,))
        reading.start()  # meanwhile: what nobody reads would fill the pipe, and the worker would wait for ever
        for order in figures.orders:
            # Queries are rationed by consumer key, so settling has many.
            keyed = {**environ, "MPESA_CONSUMER_KEY": f"settling-{order}"}
            worker.begin(["status", order, "--json"], keyed, ahead_s=ahead_s, more=order != figures.orders[-1])
        worker.process.wait()
        reading.join()
        if any("Traceback" in line for line in said):
            figures.wrong.append(f"settling: {''.join(said)}")


def _opened(path: Path) -> Ledger:
    return Ledger(path, environment="simulator", token_hex=secrets.token_hex)


def _judged(figures: Storm, path: Path, daraja: RunningSimulator) -> None:
    record = daraja.record()
    with closing(_opened(path)) as ledger:
        figures.wrong += broken(ledger, record) + in_doubt(ledger, record)
        prompts = prompts_of(ledger, record)
        payments = [found for order in figures.orders if (found := ledger.payment_by_order(order))]
    figures.prompts, figures.charged = len(prompts), sum(each.charged for each in prompts)
    figures.paid = sum(each.status is PaymentStatus.PAID for each in payments)
    figures.open_left = sum(each.status in OPEN for each in payments)
