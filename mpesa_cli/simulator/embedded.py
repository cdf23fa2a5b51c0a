"""Daraja inside this process: a transport instead of a network, and callbacks handed over by hand.

This module loads httpcore; import it inside functions.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpcore

from mpesa_cli.floor.world import World
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.initiator_key import FILE_NAME, InitiatorKey
from mpesa_cli.simulator.state import Rules
from mpesa_cli.simulator.store import FileStore
from mpesa_cli.simulator.wire import Reply, Request

if TYPE_CHECKING:
    from mpesa_cli.floor.wire.transport import Transport

# Takes a callback's URL and raw body; returns the HTTP status, with the body where Daraja reads it
# (a C2B validation).
Receive = Callable[[str, bytes], int | tuple[int, bytes]]


class EmbeddedDaraja(Engine):
    """A Daraja whose memory is one file, so that it survives between commands.

    With ``receive`` set, callbacks that overtake the answer to their own push are handed over before it.
    """

    def __init__(self, state_file: Path, world: World, rules: Rules | None = None) -> None:
        """The world's clock is the real one; the simulator's own may be moved ahead of it."""
        rules = rules or Rules()
        self.initiator_key = rules.initiator_key or InitiatorKey(state_file.with_name(FILE_NAME))
        rules.initiator_key = self.initiator_key
        super().__init__(FileStore(state_file, rules), world)
        self.receive: Receive | None = None
        self.transport: Transport = _Transport(self)

    def deliver_due(self, receive: Receive) -> int:
        """Hand each callback that is due to ``receive``, once, whatever it answers; returns how many."""
        claimed = self.claim_due()
        for delivery in claimed:
            answer = receive(delivery.url, delivery.body)
            status, body = answer if isinstance(answer, tuple) else (answer, b"")
            self.take_answer(delivery, status, body)
        return len(claimed)

    def wait(self, reply: Reply, read_timeout_s: float | None) -> bool:
        """Let the time pass that the reply takes. Returns whether the caller still waits for it."""
        if read_timeout_s is not None and reply.delay_s > read_timeout_s:
            self._world.sleep(read_timeout_s)
            return False
        if reply.delay_s:
            self._world.sleep(reply.delay_s)
        if reply.callback_first and self.receive is not None:
            self.deliver_due(self.receive)
        return True


# The embedded profile's base URL is a placeholder with this path (settings/profile.py).
PLACEHOLDER_PATH = "/embedded"


class _Transport:
    """A transport that carries requests to the embedded Daraja, and its faults back as httpcore would report them."""

    def __init__(self, daraja: EmbeddedDaraja) -> None:
        self._daraja = daraja

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Answer one request, or raise the error of a network fault as httpcore would."""
        assert isinstance(request.stream, Iterable)
        asked = Request(
            method=request.method.decode("ascii"),
            path=request.url.target.decode("ascii").removeprefix(PLACEHOLDER_PATH),
            headers={name.decode("ascii").lower(): value.decode("latin-1") for name, value in request.headers},
            body=b"".join(request.stream),
        )
        try:
            reply = self._daraja.answer(asked)
        except OSError as full:
            # The request was not accepted, as when no server listens.
            raise httpcore.ConnectError(f"the simulator can't write its memory: {full}") from full
        if reply.fault == "drop_before":
            raise httpcore.ReadError("connection reset by peer")
        waited = self._daraja.wait(reply, request.extensions.get("timeout", {}).get("read"))
        if not waited or reply.fault == "drop_after":
            raise httpcore.ReadTimeout("the read operation timed out")
        body = _half(reply.body) if reply.fault == "truncate" else reply.body
        return httpcore.Response(reply.status, headers=list(reply.headers.items()), content=body)

    def close(self) -> None:
        """Nothing is open."""


def _half(body: bytes) -> Iterator[bytes]:
    """The first half of a body, and then the end of the connection."""
    half = body[: len(body) // 2]
    yield half
    raise httpcore.RemoteProtocolError(
        "peer closed connection without sending complete message body "
        f"(received {len(half)} bytes, expected {len(body)})"
    )
