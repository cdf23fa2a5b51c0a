"""SIGKILL at every step of a send and at random moments: never a second SMS, never one lost without a word."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_providers import AfricasTalkingHandler, Provider, serving
from paid_shop import SECOND_US, open_ledger, prompt, receive
from sending_process import POINTS

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox
from mpesa_cli.sms.outbox import LEASE_S, doubt_lost
from mpesa_cli.sms.send_again import STATES

KILLS = 60


def now_us() -> int:
    return time.time_ns() // 1000


@dataclass
class Bench:
    """A ledger, a fake provider, and a process that forks senders."""

    ledger: Ledger
    provider: Provider
    nursery: subprocess.Popen[str]

    def pay(self, number: int) -> str:
        phone = f"2547110{number:05d}"
        receive(self.ledger, prompt(self.ledger, f"order-{number}", phone), at_us=now_us())
        return phone

    def start(self, point: str = "none") -> int:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(point + "\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())

    def ended(self) -> int:
        assert self.nursery.stdout is not None
        return int(self.nursery.stdout.readline())

    def states(self) -> dict[str, str]:
        rows = Outbox(self.ledger).listed("sms", STATES)
        return {f"2547110{int(row.payment_id.removeprefix('PAY-order-')):05d}": row.state for row in rows}

    def settle_lost(self) -> None:
        doubt_lost(self.ledger, now_us() + (LEASE_S + 1) * SECOND_US)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(path)
    with serving(AfricasTalkingHandler) as provider:
        script = Path(__file__).with_name("sending_process.py")
        kept = os.environ.get("PYTHONPATH", "")
        environ = {**os.environ, "PYTHONPATH": f"{script.parents[2]}{os.pathsep}{kept}"}
        with subprocess.Popen(
            [sys.executable, str(script), str(path), provider.url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ,
        ) as nursery:
            yield Bench(ledger, provider, nursery)
            assert nursery.stdin is not None
            nursery.stdin.close()
    ledger.close()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_step_a_receipt_goes_out_once_or_is_in_doubt(bench: Bench, point: str) -> None:
    phone = bench.pay(1)
    bench.start(point)
    assert bench.ended() == signal.SIGKILL
    bench.start()
    assert bench.ended() == 0
    bench.settle_lost()
    bench.start()
    assert bench.ended() == 0
    went_out = bench.provider.phones().count(phone)
    expected = {
        "before-claim": (1, "done"),  # nothing had begun: the next one sends it
        "claimed": (0, "ambiguous"),
        "before-post": (0, "ambiguous"),
        "answered": (1, "ambiguous"),
        "recorded": (1, "done"),
    }
    assert (went_out, bench.states()[phone]) == expected[point]


def test_killed_the_moment_the_provider_takes_it_no_second_sms_follows(bench: Bench) -> None:
    phone = bench.pay(1)
    pids: list[int] = []
    started = threading.Event()

    def kill() -> None:
        started.wait(5)
        os.kill(pids[0], signal.SIGKILL)

    bench.provider.on_taken = kill
    pids.append(bench.start())
    started.set()
    assert bench.ended() == signal.SIGKILL
    bench.provider.on_taken = lambda: None
    for _ in range(3):
        bench.settle_lost()
        bench.start()
        assert bench.ended() == 0
    assert bench.provider.phones() == [phone]
    assert bench.states() == {phone: "ambiguous"}


@pytest.mark.parametrize("wanted", [KILLS, pytest.param(1000, marks=pytest.mark.long)])
def test_random_kills_bring_no_second_sms_and_lose_none_silently(bench: Bench, wanted: int) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    bench.provider.delay_s = 0.004
    paid = 0
    kills = 0
    while kills < wanted:
        while sum(state == "waiting" for state in bench.states().values()) < 8:
            bench.pay(paid)
            paid += 1
        pid = bench.start()
        time.sleep(chance.uniform(0, 0.12))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        kills += bench.ended() == signal.SIGKILL
    bench.settle_lost()
    bench.start()
    assert bench.ended() == 0
    counted = Counter(bench.provider.phones())
    states = bench.states()
    assert len(states) == paid, f"seed {seed}"
    for phone, state in states.items():
        assert counted[phone] <= 1, f"{phone} got {counted[phone]} SMS, seed {seed}"
        assert state in {"done", "ambiguous"}, f"seed {seed}"
        if state == "done":
            assert counted[phone] == 1, f"seed {seed}"
    assert Counter(states.values())["done"] > 0, f"seed {seed}"
