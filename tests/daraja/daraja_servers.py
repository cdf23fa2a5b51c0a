"""Loopback servers, good and bad, and clients for them. Not tests."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transports import taken

from mpesa_cli.daraja.access_token import TokenCache
from mpesa_cli.daraja.client import DarajaClient
from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.daraja.token_answer import Token
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.exchange import Limits
from mpesa_cli.floor.world import World

PAYLOADS = Path(__file__).parents[1] / "payloads"
KEY = Secret("canary-consumer-key")
CONSUMER_SECRET = Secret("canary-consumer-secret")
PASSKEY = Secret("canary-passkey")
TOKEN = Secret("canary-access-token-0001")
CALLBACK_TOKEN = "c0ffee00c0ffee00c0ffee00c0ffee00"
NOW_US = 1_795_505_400_000_000  # 2026-11-24 10:30:00 EAT
REQUEST = PushRequest(
    shortcode="174379",
    party_b="174379",
    kind="paybill",
    amount=150,
    msisdn="254708374149",
    callback_url=f"https://pay.example.co.ke/hooks/stk/{CALLBACK_TOKEN}",
    account_reference="INV-00417",
    description="Order 417",
)


def payload(name: str) -> bytes:
    """One example body."""
    return (PAYLOADS / name).read_bytes()


def answer(status: int, body: bytes, *, kind: str = "application/json", more: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} Whatever\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


TOKEN_ANSWER = answer(200, json.dumps({"access_token": TOKEN.reveal(), "expires_in": "3599"}).encode())
OK = answer(200, payload("stkpush.response.ok.json"))


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    head: str
    body: bytes


Behaviour = Callable[[socket.socket, Seen], None]


def says(*wire: bytes) -> Behaviour:
    """Answer with these bytes, a new one each time, the last for ever; then close."""
    left = list(wire)

    def behave(connection: socket.socket, _: Seen) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return behave


def reset(connection: socket.socket) -> None:
    """Close with RST rather than FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@dataclass
class Loopback:
    """A server on 127.0.0.1 that does as it is told, per path, and remembers what came."""

    behaviours: dict[str, Behaviour]
    on_accept: Callable[[socket.socket], None] | None = None
    seen: list[Seen] = field(default_factory=list)
    accepted: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    _listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        return self._listening.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Seen]:
        return [each for each in self.seen if each.method == "POST"]

    def count(self, path_part: str) -> int:
        return sum(path_part in each.path for each in self.seen)

    def serve(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self.on_accept is not None:
                self.on_accept(connection)
                return
            seen = read_request(connection)
            self.seen.append(seen)
            for path, behave in self.behaviours.items():
                if path in seen.path:
                    behave(connection, seen)
                    return


def read_request(connection: socket.socket) -> Seen:
    """A whole request, by its content-length."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        part = connection.recv(65536)
        if not part:
            raise OSError("the client went away")
        raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    text = head.decode()
    length = next(
        (int(line.split(":")[1]) for line in text.split("\r\n") if line.lower().startswith("content-length:")), 0
    )
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            raise OSError("the client went away")
        body += part
    method, path, _ = text.split(" ", 2)
    return Seen(method, path, text, body)


@contextlib.contextmanager
def loopback(push: Behaviour | None = None, **others: Behaviour) -> Iterator[Loopback]:
    """A Daraja of sorts: gives tokens, and does with pushes (and other paths) what it is told."""
    behaviours: dict[str, Behaviour] = {"/oauth/": others.pop("oauth", says(TOKEN_ANSWER))}
    if push is not None:
        behaviours["/stkpush/"] = push
    behaviours |= {f"/{name}/": behave for name, behave in others.items()}
    server = Loopback(behaviours)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    at_us: int = NOW_US
    slept_s: list[float] = field(default_factory=list)

    def now_us(self) -> int:
        return self.at_us

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.at_us += round(seconds * 1_000_000)


def client_of(
    base_url: str,
    cache_dir: Path,
    *,
    clock: Clock | None = None,
    trace: Callable[[str], None] | None = None,
    limits: Limits | None = None,
    transport: object = None,
) -> DarajaClient:
    """A client on a virtual clock."""
    clock = clock or Clock()
    return DarajaClient(
        base_url=base_url,
        consumer_key=KEY,
        consumer_secret=CONSUMER_SECRET,
        passkey=PASSKEY,
        cache_dir=cache_dir,
        world=World(clock.now_us, clock.sleep, random=lambda: 0.5),
        trace=trace,
        limits=limits,
        transport=taken(transport),  # type: ignore[arg-type]
    )


def with_token(base_url: str, cache_dir: Path, **more: object) -> DarajaClient:
    """A client that finds a valid token in its cache, so that its next request is the push."""
    cache = TokenCache(cache_dir, KEY, CONSUMER_SECRET, base_url, World(lambda: NOW_US, lambda _: None))
    cache.obtain(lambda: Token(TOKEN, 3599))
    return client_of(base_url, cache_dir, **more)  # type: ignore[arg-type]
