"""A shop under fire: tills, a listener and Daraja over HTTP, and SIGKILL for whoever is unlucky. Not a test.

Every command is the real one, in a process of its own (nursery.py); Daraja is the simulator's server, which loses
answers and callbacks and sends callbacks twice; callbacks go to a real listener, which is killed now and then. After
the storm the public commands settle every order, and the ledger is held against what Daraja did (invariants.py).
"""

import contextlib
import itertools
import random
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forked import Ended, Nursery, nursery
from invariants import OPEN, broken, in_doubt, prompts_of

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.simulator.chaos import Chaos
from mpesa_cli.simulator.server.server import RunningSimulator, running
from mpesa_cli.simulator.state import Rules

TILLS = 4
SPEED = 30.0
KILLED = -signal.SIGKILL
# How commands may end besides being killed: each of these says truthfully where the money stands.
EXPECTED = {0, 2, 3, 5, 6, 8, 9, KILLED}


@dataclass
class Figures:
    """What happened, and what is wrong; ``wrong`` is empty where every invariant held."""

    commands: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    listener_kills: int = 0
    orders: int = 0
    prompts: int = 0
    charged: int = 0
    paid: int = 0
    told: int = 0
    open_left: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def about(self, word: str) -> int:
        """How many of the wrongs have this word in them."""
        return sum(word in each for each in self.wrong)


@dataclass
class Shop:
    """One ledger, one Daraja, one address for callbacks."""

    home: Path
    daraja: RunningSimulator
    seed: int
    callbacks: str = ""
    figures: Figures = field(default_factory=Figures)
    orders: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    command_s: float = 0.08  # how long a command takes just now: most kills are to hit it at work
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ledger_path(self) -> Path:
        return self.home / "data" / "env-simulator.db"

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with contextlib.closing(
            Ledger(self.ledger_path, environment="simulator", token_hex=secrets.token_hex)
        ) as ledger:
            yield ledger

    def environ(self, key: str) -> dict[str, str]:
        """What a till finds in its environment. Queries are rationed by consumer key, so settling has many."""
        return {
            **self.daraja.environ, "MPESA_HOME": str(self.home), "MPESA_CONSUMER_KEY": key, "APP_URL": self.callbacks,
            "TERM": "dumb", "PATH": "/usr/bin:/bin",
        }

    def new_order(self) -> tuple[str, str, str]:
        """An order and its customer's two lines, nobody else's."""
        with self._lock:
            number = next(self._numbers)
            order = f"K{number:06}"
            self.orders.append(order)
            return order, f"254712{number:06}", f"254791{number:06}"

    def note(self, ended: Ended, argv: list[str], kills: int) -> None:
        """Count a command that has ended, and end the storm after so many kills."""
        with self._lock:
            self.figures.commands[argv[0]] += 1
            self.figures.kills += ended.status == KILLED
            if ended.status not in EXPECTED or "Traceback" in ended.stderr:
                self.figures.wrong.append(f"unexpected end {ended.status} of {argv}: {ended.stdout}{ended.stderr}")
            if self.figures.kills >= kills:
                self.over.set()


@contextlib.contextmanager
def open_shop(home: Path, seed: int, *, chaos: Chaos | None = None, speed: float = SPEED) -> Iterator[Shop]:
    """A shop whose Daraja serves for as long as the block runs. Nobody listens yet."""
    rules = Rules(speed=speed, chaos=chaos or Chaos(seed), queries_per_minute=5)
    with running(rules=rules) as daraja:
        shop = Shop(home, daraja, seed)
        with shop.ledger():
            pass  # so that the listener finds a ledger
        yield shop


def storm(home: Path, *, kills: int, seed: int) -> Figures:
    """Let tills sell until ``kills`` of their commands were killed; settle; returns what came of it."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(open_shop(home, seed))
        hands = [stack.enter_context(nursery()) for _ in range(TILLS)]
        ear = stack.enter_context(nursery())
        shop.callbacks = f"http://127.0.0.1:{ear.listen(shop.ledger_path, 0)}"
        with ThreadPoolExecutor(TILLS + 1) as pool:
            listening = pool.submit(_listen_and_die, shop, ear)
            tills = [pool.submit(_sell, shop, hand, number, kills) for number, hand in enumerate(hands)]
            for each in tills:
                each.result()
            _until_no_callback_is_due(shop)
            shop.over.set()
            listening.result()
            list(pool.map(lambda number: _settle(shop, hands[number], shop.orders[number::TILLS]), range(TILLS)))
        judge(shop)
    shop.figures.seconds = time.monotonic() - began
    return shop.figures


def _sell(shop: Shop, hand: Nursery, till: int, kills: int) -> None:
    dice = random.Random(f"{shop.seed}:{till}")
    while not shop.over.is_set():
        order, line, other_line = shop.new_order()
        push = ["push", line, "100", "--order", order, "--json"]
        actions = [push, push, ["status", order, "--json"], ["retry", order, "--phone", other_line, "--json"]]
        for argv in [push, *dice.choices(actions, k=dice.randint(0, 3))]:
            waits = argv[0] != "status" and dice.random() < 0.3
            extra = [] if argv[0] == "status" else ["--timeout", "1"] if waits else ["--no-wait"]
            kill_after_s = dice.uniform(0, shop.command_s + (0.3 if waits else 0)) if dice.random() < 0.7 else None
            ended = hand.run([*argv, *extra], shop.environ("till"), kill_after_s=kill_after_s)
            if argv[0] == "push" and not waits and ended.status != KILLED:
                shop.command_s += (ended.seconds - shop.command_s) / 5
            shop.note(ended, argv, kills)


def _listen_and_die(shop: Shop, ear: Nursery) -> None:
    dice = random.Random(f"{shop.seed}:listener")
    port = int(shop.callbacks.rsplit(":", 1)[1])
    while not shop.over.wait(dice.uniform(0.3, 1.5)):
        ear.stop_listening(signal.SIGKILL if dice.random() < 0.8 else signal.SIGTERM)
        shop.figures.listener_kills += 1
        time.sleep(dice.uniform(0, 0.05))
        assert ear.listen(shop.ledger_path, port) == port, "the listener did not start again"
    ear.stop_listening(signal.SIGTERM)


def _until_no_callback_is_due(shop: Shop) -> None:
    """Every customer has decided, and Daraja has sent, or failed to send, what it had to send."""
    for _ in range(600):
        record = shop.daraja.record()
        rows: Any = record["prompts"]
        if all(sent["status"] is not None for row in rows for sent in row["callbacks"]):
            return
        time.sleep(0.1)
    raise AssertionError("callbacks are still due")


def _settle(shop: Shop, hand: Nursery, orders: list[str]) -> None:
    """What a shop does after a bad day: ask for the status of every order, and again some minutes later."""
    for ahead_s in (100, 300):
        for order in orders:
            argv = ["status", order, "--json"]
            ended = hand.run(argv, shop.environ(f"settling-{order}"), ahead_us=ahead_s * 1_000_000)
            shop.note(ended, argv, sys.maxsize)


def judge(shop: Shop, *, settled: bool = True) -> Figures:
    """Hold the ledger against Daraja's record."""
    figures, record = shop.figures, shop.daraja.record()
    with shop.ledger() as ledger:
        figures.wrong += broken(ledger, record)
        if settled:
            figures.wrong += in_doubt(ledger, record)
        prompts = prompts_of(ledger, record)
        payments = [p for order in shop.orders if (p := ledger.payment_by_order(order))]
    figures.orders = len(shop.orders)
    figures.prompts = len(prompts)
    figures.charged = sum(p.charged for p in prompts)
    figures.told = sum(p.told for p in prompts)
    figures.paid = sum(p.status is PaymentStatus.PAID for p in payments)
    figures.open_left = sum(p.status in OPEN for p in payments)
    return figures


def until(what: Callable[[], bool]) -> None:
    """Wait for something that is about to happen."""
    for _ in range(2000):
        if what():
            return
        time.sleep(0.005)
    raise AssertionError("it did not happen")
