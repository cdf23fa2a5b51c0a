"""Batches and retries that are killed with SIGKILL at any instruction, and what the simulator's record says of it.

A process that has loaded everything forks one child for each command, so that a kill costs milliseconds and
hits the work, not the start of Python. Children run the real command line on a clock that runs ``SPEED``
times as fast; the simulator's memory is a file, as for every command. A child tells of each step that it
takes (a commit, a request, an answer), and is killed a random moment after a random one of them: so the kills
are spread over the work on a slow machine too.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Sending
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.simulator.embedded import EmbeddedDaraja

SPEED = 50
SECOND_US = 1_000_000
START_US = 1_795_505_400_000_000
PHONES = [f"2547222000{number}" for number in range(32, 100)]  # each of them pays
ROWS = 30
STEPS_MAX = 40  # of about six a row, so that several kills fit into one file
STEPS_OF_ONE = 5  # of a single retry
AFTER_STEP_MAX_S = 0.004
ANSWER_TAKES_S = 0.005  # from Daraja's acceptance to our reading of it: where a kill hurts most


@dataclass(frozen=True, slots=True)
class KillAt:
    """When to kill: so many seconds after this step."""

    step: int
    after_s: float


@dataclass(slots=True)
class Killer:
    """Starts commands and kills them. ``killed`` counts those that were alive when they were."""

    process: "subprocess.Popen[str]"
    home: Path
    chance: random.Random
    killed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def run(self, *argv: str, at: KillAt | None = None) -> int:
        """Run one command. Returns its exit status, -9 where the kill came first."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"argv": argv, "home": str(self.home), "step": at.step if at else 0, "after_s": at.after_s if at else 0}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        if status == -signal.SIGKILL:
            self.killed += 1
            self.kinds[argv[0]] += 1
        return status


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
    return _survive(killer, orders, [each for one in single for each in (failed, one, one)], kills)


def _survive(killer: Killer, orders: Mapping[str, str], commands: Sequence[list[str]], kills: int) -> Counter[str]:
    for number in range(kills):
        argv = commands[number % len(commands)]
        steps = STEPS_OF_ONE if argv[0] == "retry" and argv[1] != "--failed" else STEPS_MAX
        at = KillAt(killer.chance.randint(1, steps), killer.chance.uniform(0, AFTER_STEP_MAX_S))
        killer.run(*argv, at=at)
    killer.run(*commands[0])
    return check(killer.home, orders)


def check(home: Path, orders: Mapping[str, str]) -> Counter[str]:
    """Hold the ledger against the simulator's record. Returns the orders' statuses, counted."""
    daraja = EmbeddedDaraja(home / "state" / "simulator.json", World(lambda: START_US * 2, lambda _: None))
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


def open_ledger(home: Path) -> Ledger:
    return Ledger(home / "data" / "simulator-simulator.db", environment="simulator", token_hex=secrets.token_hex)


def seed_failures(home: Path, orders: Mapping[str, str]) -> None:
    """Payments whose first prompt found the line busy, ten minutes before the clock starts."""
    at_us = START_US - 600 * SECOND_US
    with contextlib.closing(open_ledger(home)) as ledger, ledger.write() as tx:
        for order, msisdn in orders.items():
            intent = Intent(
                payment_id=f"PAY-{order}", order_id=order, profile="simulator", shortcode="174379", amount_cents=10_000,
                msisdn=msisdn, account_reference=order, description="Payment",
                token_hash=hashlib.sha256(order.encode()).hexdigest(),
            )
            ref = tx.open_payment(Start(intent), at_us).last.ref
            tx.append(ref, Sending(at_us, 1))
            tx.append(ref, Accepted(at_us, 1, f"m-{order}", f"ws_CO_{order}"))
            tx.append(ref, CallbackFailed(at_us + SECOND_US, "1001", "line busy", f"m-{order}"))


def _serve() -> None:
    """The process that forks: one command a line."""
    for name in (
        "cli.app", "cli.batch.push_batch", "cli.batch.retry_batch", "daraja.client", "floor.wire.lean_httpx",
        "ledger.engine.sqlite", "listener.intake.intake", "batch.run", "batch.wait", "floor.files.run_lock",
        "payments.retry_loop", "payments.wait", "simulator.embedded", "batch.words", "rules.values.dates",
    ):
        importlib.import_module(f"mpesa_cli.{name}")
    real_ns = time.monotonic_ns()
    for line in sys.stdin:
        asked = json.loads(line)
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            _become(asked["argv"], asked["home"], real_ns, told)
        os.close(told)
        if asked["step"] and _steps(heard, asked["step"]):
            time.sleep(asked["after_s"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(heard)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _steps(heard: int, count: int) -> bool:
    """Wait for so many steps. False where the child ended before."""
    while count > 0:
        came = len(os.read(heard, count))
        if not came:
            return False
        count -= came
    return True


def _become(argv: list[str], home: str, real_ns: int, told: int) -> None:
    """Run one command in this process, and end with it."""
    from mpesa_cli.cli.app import main
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.terminal.streams import Streams

    _tell_of_steps(lambda: os.write(told, b"."))
    environ = {"MPESA_HOME": home, "MPESA_RATE_PER_S": "10", "MPESA_DEBUG": "1"}
    streams = Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ=environ)
    runtime = Runtime(
        streams=streams, environ=environ,
        world=World(
            lambda: START_US + (time.monotonic_ns() - real_ns) * SPEED // 1000,
            lambda seconds: time.sleep(seconds / SPEED),
        ),
    )
    try:
        status = main(argv, runtime)
    except BaseException:  # noqa: BLE001 - the parent hears of it by the status
        traceback.print_exc()
        status = 1
    os._exit(status)


def _tell_of_steps(tell: Callable[[], object]) -> None:
    """Tell of each commit, each request, and each answer, which takes its time."""
    commit, answer, arrive = Ledger.write, EmbeddedDaraja.answer, EmbeddedDaraja.wait

    @contextlib.contextmanager
    def write(ledger: Ledger, *within: float) -> Iterator[Any]:
        with commit(ledger, *within) as tx:
            yield tx
        tell()

    def answering(daraja: EmbeddedDaraja, request: Any) -> Any:
        tell()
        reply = answer(daraja, request)
        tell()
        return reply

    def arriving(daraja: EmbeddedDaraja, reply: Any, timeout_s: float | None) -> bool:
        time.sleep(ANSWER_TAKES_S)
        return arrive(daraja, reply, timeout_s)

    Ledger.write = write  # type: ignore[method-assign]
    EmbeddedDaraja.answer = answering  # type: ignore[method-assign]
    EmbeddedDaraja.wait = arriving  # type: ignore[method-assign]


if __name__ == "__main__":
    _serve()
