"""The routes: what is read, how much of it, and what is answered. ASGI, without a framework.

Everything that is not one of ours looks the same from outside: 404 with one constant body, whatever the
path, the method or the token.
"""

import asyncio  # noqa: TID253 - this module is itself imported inside functions only
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

from mpesa_cli.listener.deliveries import (
    FORBIDDEN_SHAPE,
    TOO_LARGE,
    TOO_MANY,
    UNAVAILABLE,
    UNKNOWN,
    Delivery,
    Verdict,
)
from mpesa_cli.listener.options import ListenerOptions
from mpesa_cli.listener.peer import is_doubtful, is_refused, peer_address
from mpesa_cli.listener.refusals import Allowance, Refusals
from mpesa_cli.listener.routes import OPEN_PATHS, Address, address_of
from mpesa_cli.listener.writer import Writer

BODY_MAX = 64 * 1024
HEAD_MAX = 32 * 1024  # h11 caps heads that come in pieces; this one is for those that come in one
HEADERS_MAX = 100

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

_HEALTHY = Verdict(200, b'{"status":"ok"}', stored=False)
_FAILING = Verdict(503, b'{"status":"failing"}', stored=False)
_CLOSE = (b"connection", b"close")


class ListenerApp:
    """Answers the requests of one listener. Lives on one event loop."""

    def __init__(self, options: ListenerOptions, writer: Writer, refusals: Refusals) -> None:
        """``writer`` stores; ``refusals`` counts what is not stored."""
        self._options = options
        self._writer = writer
        self._refusals = refusals
        self._allowance = Allowance(burst=10, every_s=1.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A connection whose body was not read to its end is closed after the answer."""
        peer = peer_address(self._options.tunnel, (scope["client"] or ("",))[0], scope["headers"])
        try:
            verdict, read_whole = await self._verdict(scope, receive, peer)
        except Exception as error:  # noqa: BLE001 - a bug of ours is told, and is never a 200
            self._refusals.note(f"internal error: {type(error).__name__}", peer)
            verdict, read_whole = UNAVAILABLE, False
        if verdict is not None:
            await _answer(send, verdict, keep_open=read_whole)

    async def _verdict(self, scope: Scope, receive: Receive, peer: str) -> tuple[Verdict | None, bool]:
        """What to answer, and whether the body was read whole. No verdict where the client has gone."""
        if scope["path"] == "/healthz" and scope["method"] == "GET":
            return (_HEALTHY if self._writer.healthy else _FAILING), False
        addressed = address_of(scope["path"]) if scope["method"] == "POST" else None
        refusal = self._refusal(addressed, scope, peer)
        if refusal is not None:
            return refusal, False
        assert addressed is not None  # noqa: S101 - or there would be a refusal
        body = await _read_body(receive, scope["headers"])
        if body is None:
            return None, False
        if len(body) > BODY_MAX:
            self._refusals.note("body too large", peer)
            return TOO_LARGE, False
        if is_doubtful(self._options.callback_ips, peer):
            self._refusals.doubt(peer)
        verdict = await self._store(addressed(body, peer))
        if verdict is UNKNOWN:
            self._refusals.note("unknown token", peer)
        return verdict, True

    def _refusal(self, addressed: Address | None, scope: Scope, peer: str) -> Verdict | None:
        """Why the body need not even be read, if so. Nothing of it is stored."""
        names = [name for name, _ in scope["headers"]]
        reason, verdict = "", UNKNOWN
        if len(names) > HEADERS_MAX or sum(len(k) + len(v) for k, v in scope["headers"]) > HEAD_MAX:
            reason, verdict = "head too large", FORBIDDEN_SHAPE
        elif addressed is None:
            reason = "unknown path"
        elif is_refused(self._options.callback_ips, peer):
            reason = "address not published by Safaricom"
        elif b"content-length" in names and b"transfer-encoding" in names:
            # Two lengths: a proxy in front may believe the other one, and see two requests in ours.
            reason, verdict = "both Content-Length and Transfer-Encoding", FORBIDDEN_SHAPE
        elif scope["path"] in OPEN_PATHS and not self._allowance.take():
            reason, verdict = "too many on a path without a secret", TOO_MANY
        if not reason:
            return None
        self._refusals.note(reason, peer)
        return verdict

    async def _store(self, delivery: Delivery) -> Verdict:
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        if not self._writer.submit(delivery, partial(_give, answer)):
            self._refusals.note("too much at once", delivery.peer)
            return UNAVAILABLE
        try:
            async with asyncio.timeout(self._options.answer_s):
                return await answer
        except TimeoutError:  # it may be stored yet; then the sender's repeat is folded into it
            self._refusals.note("the ledger took too long", delivery.peer)
            return UNAVAILABLE


async def _read_body(receive: Receive, headers: list[tuple[bytes, bytes]]) -> bytes | None:
    """The body, one byte more than is allowed where it is larger, or None where the client went away."""
    announced = next((value for name, value in headers if name == b"content-length"), b"0")
    if len(announced) > 9 or int(announced) > BODY_MAX:
        return b"\0" * (BODY_MAX + 1)
    body = b""
    while len(body) <= BODY_MAX:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body[: BODY_MAX + 1]


def _give(answer: asyncio.Future[Verdict], verdict: Verdict) -> None:
    if not answer.done():
        answer.set_result(verdict)


async def _answer(send: Send, verdict: Verdict, *, keep_open: bool) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(verdict.body))]
    if not keep_open:
        headers.append(_CLOSE)
    await send({"type": "http.response.start", "status": verdict.status, "headers": headers})
    await send({"type": "http.response.body", "body": verdict.body})
