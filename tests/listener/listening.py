"""A listener over a real ledger and real sockets, and clients that speak raw HTTP to it."""

import contextlib
import hashlib
import itertools
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import Ask, C2bContext
from mpesa_cli.listener.intake.spool import Spool
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.server import running
from mpesa_cli.rules.evidence import Accepted, Sending
from mpesa_cli.rules.payment import AttemptRef, Intent, Payment
from mpesa_cli.rules.push_rules import Start

MSISDN = "254708374149"

ACCEPTED_BODY = b'{"ResultCode":0,"ResultDesc":"Accepted"}'
_numbers = itertools.count(1)


def now_us() -> int:
    return time.time_ns() // 1000


def open_ledger(path: Path) -> Ledger:
    return Ledger(path, environment="simulator", token_hex=secrets.token_hex)


def checkout_id(number: int) -> str:
    return f"ws_CO_24112026103001482708374{number:03d}"


def prompt(ledger: Ledger, *, amount: int = 150, answered: bool = True, msisdn: str = MSISDN) -> tuple[str, AttemptRef]:
    """A payment with one prompt on a phone; returns its callback token and the attempt."""
    with ledger.write() as tx:
        return prompt_in(tx, amount=amount, answered=answered, msisdn=msisdn)


def prompts(ledger: Ledger, count: int, *, amount: int = 150) -> list[tuple[str, AttemptRef]]:
    """Many prompts whose answers are still to come, in one transaction."""
    with ledger.write() as tx:
        return [prompt_in(tx, amount=amount, answered=False) for _ in range(count)]


def prompt_in(
    tx: Write, *, amount: int = 150, answered: bool = True, msisdn: str = MSISDN
) -> tuple[str, AttemptRef]:
    """The same inside a transaction that is open."""
    number = next(_numbers)
    token = secrets.token_hex(16)
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    intent = Intent(
        payment_id=f"PAY-{number:08d}", order_id=f"order-{number}", profile="test", shortcode="174379",
        amount_cents=amount * 100, msisdn=msisdn, account_reference="TEST", description="Test",
        token_hash=token_hash,
    )
    ref = tx.open_payment(Start(intent), now_us()).last.ref
    tx.append(ref, Sending(now_us(), 1))
    if answered:
        tx.append(ref, Accepted(now_us(), 1, f"merchant-{number}", checkout_id(number)))
    return token, ref


@dataclass
class Bench:
    """One listener that runs, what it told, and the ledger it stores in."""

    port: int
    path: Path
    ledger: Ledger
    events: list[Event] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)
    stop: Callable[[], None] = lambda: None

    def hear(self, event: Event) -> None:
        with self.heard:
            self.events.append(event)
            self.heard.notify_all()

    def until(self, kind: str, count: int = 1) -> list[Event]:
        """Wait until this kind was told so often. Fails after a time that no machine needs."""
        with self.heard:
            came = self.heard.wait_for(lambda: len(self.told(kind)) >= count, timeout=20)
        assert came, f"{kind} was not told {count} times: {self.events[-5:]}"
        return self.told(kind)

    def told(self, kind: str) -> list[Event]:
        return [e for e in self.events if e.kind == kind]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def post(self, path: str, body: bytes, *headers: str) -> tuple[int, bytes]:
        """One POST on a connection of its own: status and body."""
        with self.connect() as sock:
            sock.sendall(request(path, body, *headers))
            return answer(sock)

    def callback(self, token: str, body: bytes, *headers: str) -> tuple[int, bytes]:
        return self.post(f"/hooks/stk/{token}", body, *headers)

    def payment(self, ref: AttemptRef) -> Payment:
        found = self.ledger.payment(ref.payment_id)
        assert found is not None
        return found

    def stored(self) -> int:
        """How many raw bodies are on disk, read by a connection of its own."""
        return len(self.verdicts())

    def verdicts(self) -> list[tuple[str, str]]:
        """Channel and verdict of every raw body on disk."""
        rows = self.ledger.rows("SELECT channel, verdict FROM callbacks ORDER BY received_us, callback_id")
        return [(str(channel), str(verdict)) for channel, verdict in rows]


def request(path: str, body: bytes = b"", *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: shop.example", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answer(sock: socket.socket) -> tuple[int, bytes]:
    """Read one answer: its status, and its body by Content-Length or until the end."""
    stream = sock.makefile("rb")
    status = stream.readline().split(b" ")
    if len(status) < 2:
        return 0, b""
    length = None
    while (line := stream.readline().strip()) != b"":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return int(status[1]), stream.read(length) if length is not None else stream.read()


def was_closed(sock: socket.socket) -> bytes:
    """What the listener sent before it closed the connection. Times out, and fails, where it never does."""
    sock.settimeout(20)
    received = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while chunk := sock.recv(65536):
            received += chunk
    return received


@contextlib.contextmanager
def listener(
    path: Path,
    options: ListenerOptions | None = None,
    *,
    wrap: Callable[[Ledger], Ledger] = lambda ledger: ledger,
    c2b: C2bContext | None = None,
    ask: Ask | None = None,
    spool: Spool | None = None,
) -> Iterator[Bench]:
    """A listener on a free port; ``wrap`` may put something around the ledger that it writes to."""
    with contextlib.closing(open_ledger(path)) as ledger:
        bench = Bench(0, path, ledger)
        parts = Parts(lambda: wrap(open_ledger(path)), World(), bench.hear, c2b, ask, spool=spool)
        with running(options or ListenerOptions(port=0), parts) as ready:
            bench.port = ready.port
            bench.stop = ready.stop
            yield bench
