"""The HTTP API under fire: a shop's system that calls, and SIGKILL for the process that serves it. Not a test.

The server is ``mpesa listen --api`` in a process of its own, started again on the same port after each kill; Daraja
is the simulator's server, which loses answers and callbacks. The shop's system repeats a call with the same key until
it has an answer, as any client would. Then every order is settled by the public command, and the ledger held
against what Daraja did, by the same invariants as for the terminal.
"""

import contextlib
import itertools
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from api_bench import API, BOTH, issue
from forked import nursery
from harness import Figures, Shop, judge, open_shop, until

from mpesa_cli.simulator.chaos import Chaos

CLIENTS = 6
PATIENCE_S = 40.0


@dataclass(frozen=True)
class Served:
    """``mpesa listen --api`` on one port."""

    environ: dict[str, str]
    port: int

    @property
    def argv(self) -> list[str]:
        return ["listen", "--api", "--port", str(self.port), "-q"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def die_often(self, kills: int, dice: random.Random, calls: "Calls") -> None:
        """Serve, be killed while serving, at the latest after a few answers, serve again."""
        for _ in range(kills):
            with self._up() as process:
                enough, deadline = calls.answered + dice.randrange(4), time.monotonic() + 3
                while calls.answered < enough and time.monotonic() < deadline:
                    time.sleep(0.002)
                time.sleep(dice.uniform(0.0, 0.1))
                process.kill()

    @contextlib.contextmanager
    def once_more(self) -> Iterator[None]:
        """Serve until the block is left, and stop as a system stops a service."""
        with self._up() as process:
            yield
            process.terminate()
            assert process.wait(60) == 0

    @contextlib.contextmanager
    def _up(self) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", *self.argv], env={**os.environ, **self.environ},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:
            try:
                until(lambda: process.poll() is not None or self.is_up())
                yield process
            finally:
                process.kill()

    def is_up(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        return False


@dataclass
class Calls:
    """What the shop's system sent, and the answers that it got."""

    answers: Counter[int] = field(default_factory=Counter)
    broken_off: int = 0
    paid_by_order: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return self.answers.total()

    def note(self, order: str, answer: httpx.Response) -> None:
        self.answers[answer.status_code] += 1
        if answer.status_code not in {200, 202, 409, 422, 429, 503}:
            self.wrong.append(f"{order}: {answer.status_code} {answer.text}")
        document: Any = answer.json()
        name = document.get("payment_id")
        if name and self.paid_by_order.setdefault(order, name) != name:
            self.wrong.append(f"{order}: two payments, {name} and {self.paid_by_order[order]}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def api_storm(home: Path, *, kills: int, seed: int, lost_answers: float) -> tuple[Figures, Calls]:
    """Call until the server was killed so often; settle; returns what came of it.

    Each of Daraja's ``lost_answers`` (a share of all) is waited for by the server for half a minute.
    """
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(open_shop(home, seed, chaos=Chaos(seed, lose_answer=lost_answers)))
        port = free_port()
        shop.callbacks = f"http://127.0.0.1:{port}"
        environ = {**shop.environ("api"), **API, "MPESA_API_RATE_PER_TOKEN": "100000", "PATH": os.environ["PATH"]}
        server, calls = Served(environ, port), Calls()
        bearer = {"authorization": f"Bearer {issue({**environ, 'HOME': str(home)}, *BOTH)}"}
        hand = stack.enter_context(nursery())
        with ThreadPoolExecutor(CLIENTS) as pool:
            tills = [pool.submit(_sell, shop, server, calls, bearer, number) for number in range(CLIENTS)]
            try:
                server.die_often(kills, random.Random(f"{seed}:kills"), calls)
            finally:
                shop.over.set()
            with server.once_more():
                for till in tills:
                    till.result()
                _until_callbacks_are_over(shop)
        for ahead_s in (100, 300):
            for order in shop.orders:
                argv = ["status", order, "--json"]
                settling = shop.environ(f"settling-{order}")
                shop.note(hand.run(argv, settling, ahead_us=ahead_s * 1_000_000), argv, sys.maxsize)
        return judge(shop), calls


def _sell(shop: Shop, server: Served, calls: Calls, bearer: dict[str, str], number: int) -> None:
    """One thread of the shop's system: an order, its prompt, sometimes a further one; every call until answered."""
    dice = random.Random(f"{shop.seed}:{number}")
    keys = itertools.count()
    while not shop.over.is_set():
        order, phone, other = shop.new_order()
        body = {"orderId": order, "phoneNumber": phone, "amount": dice.randrange(1, 2000)}
        path = "/payments/initiate"
        for _ in range(dice.choice((1, 1, 2))):
            key = {"idempotency-key": f"{number}-{next(keys)}"}
            answer = _until_answered(shop, server, calls, path, body, bearer | key)
            if answer is None:
                break
            calls.note(order, answer)
            path, body = f"/payments/retry/{order}", {"phoneNumber": other}


def _until_answered(
    shop: Shop, server: Served, calls: Calls, path: str, body: dict[str, Any], headers: dict[str, str]
) -> httpx.Response | None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            return httpx.post(server.url + path, json=body, headers=headers, timeout=PATIENCE_S, trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.02)
        except httpx.TransportError:
            calls.broken_off += 1
    return None


def _until_callbacks_are_over(shop: Shop) -> None:
    for _ in range(600):
        rows: Any = shop.daraja.record()["prompts"]
        if all(sent["status"] is not None for row in rows for sent in row["callbacks"]):
            return
        threading.Event().wait(0.1)
    raise AssertionError("callbacks are still due")
