"""Somebody who runs ``mpesa`` against a server of a test's own. Not a test."""

import itertools
import json
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daraja_servers import TOKEN, Behaviour, Seen, answer, payload

from mpesa_cli.daraja.access_token import TokenCache
from mpesa_cli.daraja.token_answer import Token
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import Limits
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.ledger import Ledger

QUICK = Limits(connect_s=0.3, read_s=0.4, write_s=0.4, total_s=0.8)
ACCEPTED = answer(200, payload("stkpush.response.ok.json"))
CALLBACK_BASE = "https://pay.example.co.ke"
PHONE, OTHER_PHONE, ORDER = "254708374149", "254711111111", "1042"
KEY = "matrix-key"


@dataclass
class Shopkeeper:
    """Commands with the profile ``env``: the sandbox at a base URL, secrets in the environment."""

    mpesa: Callable[..., Any]
    home: Path
    clock: Any
    environ: Mapping[str, str] = field(default_factory=dict)

    def at(self, base_url: str) -> "Shopkeeper":
        """The same person, with Daraja at this address."""
        environ = {
            "MPESA_ENVIRONMENT": "sandbox", "MPESA_BASE_URL": base_url, "MPESA_CONSUMER_KEY": KEY,
            "MPESA_CONSUMER_SECRET": "matrix-secret", "APP_URL": CALLBACK_BASE,
        }
        return Shopkeeper(self.mpesa, self.home, self.clock, environ)

    def with_token(self) -> "Shopkeeper":
        """Have a valid access token at hand, so that a command's first request is its own."""
        url = self.environ["MPESA_BASE_URL"].rstrip("/")
        secret = Secret(self.environ["MPESA_CONSUMER_SECRET"])
        cache = TokenCache(self.home / "cache", Secret(KEY), secret, url, World(self.clock.now_us, lambda _: None))
        cache.obtain(lambda: Token(TOKEN, 3599))
        return self

    def run(self, *argv: str, **more: Any) -> Any:
        return self.mpesa(*argv, env=self.environ, **more)

    def push(self, *more: str, order: str = ORDER, phone: str = PHONE, amount: str = "100") -> Any:
        return self.run("push", phone, amount, "--order", order, "--no-wait", "--json", *more)

    def status(self, *more: str, ref: str = ORDER) -> Any:
        return self.run("status", ref, "--json", *more)

    @property
    def ledger_path(self) -> Path:
        return self.home / "data" / "env-sandbox.db"

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        opened = Ledger(self.ledger_path, environment="sandbox", token_hex=secrets.token_hex)
        with closing(opened) as ledger:
            yield ledger

    def state(self, order: str = ORDER) -> str | None:
        """Where the order's last attempt stands in the ledger, which is whole; None where it is not there."""
        with self.ledger() as ledger:
            assert list(flaws(ledger)) == []
            payment = ledger.payment_by_order(order)
            return None if payment is None else payment.last.state.value

    def announced(self, order: str = ORDER) -> int:
        """How many POSTs the journal announced for the order, over all attempts."""
        with self.ledger() as ledger:
            payment = ledger.payment_by_order(order)
            return sum(len(ledger.posts(a.ref)) for a in payment.attempts) if payment else 0


def takes_every_prompt() -> Behaviour:
    """A server's behaviour: every push is accepted, each under a CheckoutRequestID of its own."""
    numbers = itertools.count(1)

    def accept(connection: socket.socket, _: Seen) -> None:
        document = json.loads(payload("stkpush.response.ok.json"))
        document["CheckoutRequestID"] = f"ws_CO_24112026103001{next(numbers):012}"
        connection.sendall(answer(200, json.dumps(document).encode()))

    return accept


def error_of(result: Any) -> dict[str, Any]:
    """The one JSON document of a command that failed."""
    document: dict[str, Any] = json.loads(result.stdout)["error"]
    return document
