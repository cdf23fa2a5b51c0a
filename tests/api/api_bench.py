"""The HTTP API served over real sockets, with the simulator behind it, and a client that carries a token."""

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from transports import taken

from mpesa_cli.cli.listener.api import Api
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.ports import c2b_context
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import running
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.streams import Streams

PAYS, CANCELS, POOR = "0708374149", "0700001032", "0711111111"
SECRET = secrets.token_hex(24)
BOTH = ("payments:read", "payments:write")
API = {"MPESA_API_SECRET": SECRET}


class Ahead:
    """The machine's clock, moved ahead: customers of the simulator take seconds that no test should wait for."""

    def __init__(self) -> None:
        self.ahead_us = 0

    def now_us(self) -> int:
        return time.time_ns() // 1000 + self.ahead_us

    def advance(self, seconds: float) -> None:
        self.ahead_us += int(seconds * SECOND_US)


@dataclass
class Shop:
    """A served API: its address, the ledger behind it, and whoever calls it."""

    url: str
    port: int
    runtime: Runtime
    home: Path
    environ: Mapping[str, str]
    clock: "Ahead"

    @property
    def ledger(self) -> Ledger:
        return self.runtime.ledger(self.runtime.profile(None))

    def token(self, *scopes: str, name: str = "shop") -> str:
        """A token from the command that makes them."""
        return issue(self.environ, *(scopes or BOTH), name=name)

    def client(self, *scopes: str, name: str = "shop") -> httpx.Client:
        headers = {"authorization": f"Bearer {self.token(*scopes, name=name)}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


def streams() -> Streams:
    import io

    return Streams(stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), environ={})


def issue(environ: Mapping[str, str], *scopes: str, name: str = "shop") -> str:
    """A token, by ``mpesa token issue``."""
    from mpesa_cli.cli.app import main

    said = streams()
    asked = [word for scope in scopes for word in ("--scope", scope)]
    status = main(["token", "issue", "--name", name, *asked], Runtime(streams=said, environ=environ))
    assert status == 0, said.stderr.getvalue()  # type: ignore[attr-defined]
    return str(said.stdout.getvalue().strip())  # type: ignore[attr-defined]


def environ_of(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {"MPESA_HOME": str(home), "HOME": os.environ["HOME"], **API, **more}


@contextlib.contextmanager
def served(
    home: Path, more: Mapping[str, str] | None = None, *, transport: Any = None,
    options: ListenerOptions | None = None,
) -> Iterator[Shop]:
    """The API of a profile made of environment variables, on a free port of this machine."""
    environ = environ_of(home, more or {})
    clock = Ahead()
    runtime = Runtime(
        streams=streams(), environ=environ, transport=taken(transport), world=World(clock.now_us, clock.advance)
    )
    profile = runtime.profile(None)
    runtime.ledger(profile)
    api = Api(runtime, profile)
    parts = Parts(
        open_ledger=lambda: runtime.new_ledger(profile), world=runtime.world, on_event=lambda _: None,
        c2b=c2b_context(runtime, profile), api=api.app,
    )
    try:
        with running(options or ListenerOptions(port=0), parts) as ready:
            api.start()
            try:
                yield Shop(ready.url, ready.port, runtime, home, environ, clock)
            finally:
                api.stop()
    finally:
        runtime.close()


def initiate(client: httpx.Client, order: object, phone: str = PAYS, amount: int | None = 150, **headers: str) -> Any:
    """One call that asks for money."""
    body: dict[str, object] = {"orderId": order, "paymentMethod": "MPESA", "phoneNumber": phone}
    if amount is not None:
        body["amount"] = amount
    return client.post("/payments/initiate", json=body, headers=headers)


def posts(shop: Shop, order: str) -> int:
    """How many prompts were announced for an order, over all its attempts."""
    payment = shop.ledger.payment_by_order(order)
    return sum(len(shop.ledger.posts(a.ref)) for a in payment.attempts) if payment else 0


def told(answer: httpx.Response) -> tuple[int, str]:
    """A problem document's status and code."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def settled(shop: Shop, client: httpx.Client, order: str) -> Any:
    """The payment once the customer has decided."""
    for _ in range(20):
        document = client.get(f"/payments/status/{order}").json()
        if document["status"] != "pending":
            return document
        shop.clock.advance(2)
    raise AssertionError("it stays pending")
