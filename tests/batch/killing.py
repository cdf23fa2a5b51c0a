"""Batches and retries that are killed with SIGKILL at any instruction, and what the simulator's record says of it.

A process that has loaded everything forks one child for each command, so that a kill costs milliseconds and
hits the work, not the start of Python. Children run the real command line on a clock that runs ``SPEED``
times as fast; the simulator's memory is a file, as for every command.

Run as a program it is that process: lines of JSON in, lines of JSON out.
"""

import contextlib
import hashlib
import importlib
import io
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpesa_cli.domain.evidence import Accepted, CallbackFailed, Sending
from mpesa_cli.domain.payment import Intent
from mpesa_cli.ledger.sqlite import SqliteLedger
from mpesa_cli.simulator.embedded import EmbeddedDaraja

SPEED = 50
SECOND_US = 1_000_000
START_US = 1_795_505_400_000_000
PHONES = [f"2547222000{number}" for number in range(32, 100)]  # each of them pays
ROWS = 30
KILL_WITHIN_S = (0.01, 0.12)  # the first lines of a command, to a third of the rows


@dataclass(slots=True)
class Killer:
    """Starts commands and kills them. ``killed`` counts those that were alive when they were."""

    process: "subprocess.Popen[str]"
    home: Path
    chance: random.Random
    killed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def run(self, *argv: str, kill_after_s: float | None = None) -> tuple[int, float]:
        """Exit status (-9 where the kill came first) and the seconds it took."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"argv": argv, "home": str(self.home), "kill_after_s": kill_after_s}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if answer["status"] == -signal.SIGKILL:
            self.killed += 1
            self.kinds[argv[0]] += 1
        return int(answer["status"]), float(answer["took_s"])


@contextlib.contextmanager
def killer(home: Path, seed: int) -> Iterator[Killer]:
    """A killer whose commands work in ``home``; it may be moved to another."""
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    )
    try:
        yield Killer(process, home, random.Random(seed))
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def round_of_batch(killer: Killer, home: Path, kills: int) -> Counter[str]:
    """One file, killed ``kills`` times, then run to its end. Returns how the orders ended; asserts what must hold."""
    killer.home = home
    path = home / "orders.csv"
    home.mkdir(parents=True)
    orders = {f"o{number}": phone for number, phone in enumerate(killer.chance.sample(PHONES, ROWS))}
    path.write_text("phone,amount,order\n" + "".join(f"{phone},100,{order}\n" for order, phone in orders.items()))
    return _survive(killer, orders, [["push", "--from", str(path), "--yes"]], kills)


def round_of_retries(killer: Killer, home: Path, kills: int) -> Counter[str]:
    """Payments that failed once, on phones that pay now: `retry --failed` and `retry REF`, killed in turn."""
    killer.home = home
    orders = {f"o{number}": phone for number, phone in enumerate(killer.chance.sample(PHONES, ROWS))}
    seed_failures(home, orders)
    failed = ["retry", "--failed", "--since", "2026-11-01", "--yes"]
    single = [["retry", order, "--max-attempts", "2", "--yes"] for order in reversed(orders)]
    return _survive(killer, orders, [each for one in single for each in (failed, one)], kills)


def _survive(killer: Killer, orders: Mapping[str, str], commands: Sequence[list[str]], kills: int) -> Counter[str]:
    for number in range(kills):
        killer.run(*commands[number % len(commands)], kill_after_s=killer.chance.uniform(*KILL_WITHIN_S))
    killer.run(*commands[0])
    return check(killer.home, orders)


def check(home: Path, orders: Mapping[str, str]) -> Counter[str]:
    """Hold the ledger against the simulator's record. Returns the orders' statuses, counted."""
    daraja = EmbeddedDaraja(home / "state" / "simulator.json", lambda: START_US * 2, lambda _: None, secrets.token_hex)
    prompts = Counter(str(p["account_reference"]) for p in daraja.prompts())
    charged = Counter(charge.account_reference for charge in daraja.charges())
    assert max(prompts.values(), default=0) <= 1, f"prompted twice: {prompts}"
    assert max(charged.values(), default=0) <= 1, f"charged twice: {charged}"
    statuses: Counter[str] = Counter()
    with contextlib.closing(open_ledger(home)) as ledger:
        for order in orders:
            payment = ledger.payment_by_order(order)
            assert payment is not None, f"{order} was never sent, by a file that ran to its end"
            newest = payment.last.state.value
            statuses[newest] += 1
            # The last run went to its end: all is sent, except what may have been when a process died.
            assert newest in {"pending", "paid", "sending", "unknown"}, f"{order} is {newest}"
            assert prompts[order] == 1 or newest in {"sending", "unknown"}, f"{order} is {newest}, and no phone rang"
    return statuses


def open_ledger(home: Path) -> SqliteLedger:
    return SqliteLedger(home / "data" / "simulator-simulator.db", environment="simulator", token_hex=secrets.token_hex)


def seed_failures(home: Path, orders: Mapping[str, str]) -> None:
    """Payments whose first prompt found the line busy, ten minutes before the clock starts."""
    at_us = START_US - 600 * SECOND_US
    with contextlib.closing(open_ledger(home)) as ledger, ledger.write() as tx:
        for order, msisdn in orders.items():
            intent = Intent(
                payment_id=f"PAY-{order}", order_id=order, profile="simulator", shortcode="174379", amount_cents=10_000,
                msisdn=msisdn, account_reference=order, description="Payment",
                token_hash=hashlib.sha256(order.encode()).hexdigest(),
            )  # fmt: skip
            ref = tx.open_payment(intent, at_us).last.ref
            tx.append(ref, Sending(at_us, 1))
            tx.append(ref, Accepted(at_us, 1, f"m-{order}", f"ws_CO_{order}"))
            tx.append(ref, CallbackFailed(at_us + SECOND_US, "1001", "line busy", f"m-{order}"))


def _serve() -> None:
    """The process that forks: one command a line."""
    for name in (
        "commands.app", "commands.push_batch", "commands.retry_batch", "daraja.client", "daraja.lean_httpx",
        "ledger.sqlite", "listener.intake", "operations.batch", "operations.batch_wait", "operations.lock",
        "operations.retry_loop", "operations.wait", "simulator.embedded", "terminal.batch_words", "domain.dates",
    ):  # fmt: skip
        importlib.import_module(f"mpesa_cli.{name}")
    real_ns = time.monotonic_ns()
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        child = os.fork()
        if child == 0:
            _become(asked["argv"], asked["home"], real_ns)
        if asked["kill_after_s"] is not None:
            time.sleep(asked["kill_after_s"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        took_s = time.perf_counter() - began
        print(json.dumps({"status": os.waitstatus_to_exitcode(status), "took_s": took_s}), flush=True)


def _become(argv: list[str], home: str, real_ns: int) -> Any:
    from mpesa_cli.commands.app import main
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.terminal.streams import Streams

    environ = {"MPESA_HOME": home, "MPESA_RATE_PER_S": "10", "MPESA_DEBUG": "1"}
    streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
    runtime = Runtime(
        streams=streams, environ=environ,
        now_us=lambda: START_US + (time.monotonic_ns() - real_ns) * SPEED // 1000,
        sleep=lambda seconds: time.sleep(seconds / SPEED),
    )  # fmt: skip
    try:
        status = main(argv, runtime)
    except BaseException:
        traceback.print_exc()
        status = 1
    os._exit(status)


if __name__ == "__main__":
    _serve()
