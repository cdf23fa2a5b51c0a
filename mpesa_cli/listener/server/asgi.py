"""Requests for an ASGI app on the listener's port, on the same guarded connections.

The protocol reads heads and bodies with its own deadlines and caps, for listener and app alike. A request for the app
is handed over here whole; its answer is written as it comes, no faster than the client reads.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote

from mpesa_cli.floor.records import dataclass
from mpesa_cli.listener.intake.deliveries import FORBIDDEN_SHAPE, UNAVAILABLE, Verdict
from mpesa_cli.listener.server.head import BODY_MAX, HEAD_MAX, HEADERS_MAX, Head
from mpesa_cli.listener.server.peer import Tunnel, peer_address

Message: TypeAlias = MutableMapping[str, Any]
TOO_LONG = b" " * (BODY_MAX + 1)
"""The body in place of one that was too large to be read: the app refuses it in its own form."""


class Api(Protocol):
    """An ASGI app that knows which paths are its own."""

    def serves(self, path: bytes) -> bool:
        """Whether a request for this path, as it stands in the request line, is the app's."""

    def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> Awaitable[None]:
        """Answer one request."""


class Wire(Protocol):
    """The connection that a request came on."""

    def write(self, data: bytes) -> None:
        """Send, or keep until the client reads on."""

    def answered(self, *, keep: bool) -> None:
        """End the answer, which is complete. Called once; ``keep`` where another request may follow."""


@dataclass(frozen=True, slots=True)
class Called:
    """A request for the app, whose body is to be read."""

    head: Head
    peer: str


class AsgiBridge:
    """The bridge to the app: it knows which requests are the app's, and hands them over."""

    def __init__(self, api: Api, scheme: str, tunnel: Tunnel) -> None:
        """``scheme`` is http or https; ``tunnel`` says who may name callers for others."""
        self._api = api
        self._scheme = scheme
        self._tunnel: Tunnel = tunnel

    def look(self, head: Head) -> Called | Verdict | None:
        """The call, None where the request is not the app's; a Verdict where its head is not fit to be read on."""
        if not self._api.serves(head.target.partition(b"?")[0]):
            return None
        lengths = [value for name, value in head.headers if name in {b"content-length", b"transfer-encoding"}]
        size = sum(len(name) + len(value) for name, value in head.headers)
        if len(lengths) > 1 or len(head.headers) > HEADERS_MAX or size > HEAD_MAX:
            return FORBIDDEN_SHAPE
        return Called(head, peer_address(self._tunnel, head.caller, head.headers))

    def begin(self, called: Called, body: bytes, wire: Wire, *, last: bool) -> "Cycle":
        """Have a request answered. ``last`` where the connection ends with it."""
        return Cycle(self._api, _scope(called.head, self._scheme), body, wire, last=last)


class Cycle:
    """A request in the app's hands."""

    def __init__(self, api: Api, scope: Message, body: bytes, wire: Wire, *, last: bool) -> None:
        """The app is called at once."""
        self._wire = wire
        self._last = last
        self._bodiless = scope["method"] == "HEAD"
        self._body: bytes | None = body
        self._writable = asyncio.Event()
        self._writable.set()
        self._never = asyncio.Event()
        self._phase = "waiting"  # then "head" held back, "plain" or "chunked" under way, "done"
        self._head = b""
        self._task = asyncio.get_running_loop().create_task(self._run(api, scope))

    @property
    def is_streaming(self) -> bool:
        """Whether a part of the answer has been sent, and more may come at any time."""
        return self._phase in {"plain", "chunked"}

    def lost(self) -> None:
        """End it: the client has gone. A thread that has begun work for it goes on."""
        self._phase = "done"
        self._task.cancel()

    def hang_up(self) -> None:
        """End a stream, as the listener stops; any other answer is still given."""
        self._last = True
        if self.is_streaming:
            self._task.cancel()

    def pause(self) -> None:
        """Wait with the next piece: the client does not read."""
        self._writable.clear()

    def resume(self) -> None:
        """Go on: the client reads again."""
        self._writable.set()

    async def _run(self, api: Api, scope: Message) -> None:
        try:
            await api(scope, self._receive, self._send)
        except asyncio.CancelledError:
            pass
        except Exception:  # noqa: BLE001 - a bug of ours: the client is told, or sees the answer break off
            if self._phase == "waiting":
                self._start(UNAVAILABLE.status, [(b"content-type", b"application/json")])
                self._piece(UNAVAILABLE.body, more=False)
        if self._phase != "done":
            self._phase = "done"
            self._wire.answered(keep=False)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._never.wait()  # a client that has gone cancels the task instead
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await self._writable.wait()
        if message["type"] == "http.response.start":
            self._start(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._piece(message.get("body", b""), more=message.get("more_body", False))

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
        lines += [b"%b: %b" % pair for pair in headers]
        self._bodiless |= status in {204, 304}
        self._head = b"\r\n".join(lines)
        self._phase = "head"

    def _piece(self, body: bytes, *, more: bool) -> None:
        if self._phase == "head":
            self._write_head(len(body), more=more)
        if body and not self._bodiless:
            self._wire.write(b"%x\r\n%b\r\n" % (len(body), body) if self._phase == "chunked" else body)
        if not more and self._phase != "done":
            if self._phase == "chunked" and not self._bodiless:
                self._wire.write(b"0\r\n\r\n")
            self._phase = "done"
            self._wire.answered(keep=not self._last)

    def _write_head(self, length: int, *, more: bool) -> None:
        lines = [self._head]
        if b"\r\ncontent-length:" not in self._head.lower() and not self._bodiless:
            if not more:
                lines.append(b"content-length: %d" % length)
            elif not self._last:
                lines.append(b"transfer-encoding: chunked")
        # To a client of HTTP/1.0, the end of the connection ends the answer.
        self._phase = "chunked" if lines[-1].startswith(b"transfer-encoding") else "plain"
        if self._last:
            lines.append(b"connection: close")
        self._wire.write(b"\r\n".join([*lines, b"", b""]))


def _scope(head: Head, scheme: str) -> Message:
    path, _, query = head.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": head.method.decode("ascii"),
        "scheme": scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(head.headers),
        "client": (head.caller, 0),
        "server": None,
    }
