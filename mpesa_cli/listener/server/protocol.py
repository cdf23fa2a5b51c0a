"""One connection: it is read, the app decides, and every wait has a deadline.

It takes the place of uvicorn's own h11 protocol, which has no deadlines and makes a task, an event and
five dictionaries of every request: measured, a third of what a callback then cost. uvicorn keeps the rest:
the port, TLS, and waiting for requests in hand when it is told to stop.

Only imported where a server is about to start.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

import h11

from mpesa_cli.listener.intake.deliveries import FORBIDDEN_SHAPE, TOO_MANY, UNAVAILABLE, Verdict
from mpesa_cli.listener.server.app import Expected, ListenerApp
from mpesa_cli.listener.server.connections import ConnectionTable
from mpesa_cli.listener.server.head import BODY_MAX, Head
from mpesa_cli.listener.server.ordinary import Ordinary, ordinary

PIECE_OF_HEAD_MAX = 16 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# The thing a connection waits for: the rest of a head or a body, the ledger, a next request, or its end.
Phase: TypeAlias = Literal["head", "body", "ledger", "idle", "end"]


class DeadlineProtocol(asyncio.Protocol):
    """A connection that reads one request at a time, has it decided, and answers in one piece.

    A request that comes whole and ordinary is read by ordinary.py, any other by an h11 of its own. Pipelining
    ends with the first answer: Daraja and proxies don't pipeline, and a long pipeline would fill the memory.
    """

    def __init__(self, app: ListenerApp, table: ConnectionTable, keep_alive_s: float, connections: set[Any]) -> None:
        """``table`` and ``connections``, whose end uvicorn waits for, are shared by all of one server."""
        self._app = app
        self._table = table
        self._keep_alive_s = keep_alive_s
        self._connections = connections
        self._transport: asyncio.Transport
        self._caller = ""
        self._phase: Phase = "end"
        self._last = False  # no request is taken after this one
        self.when_made: Callable[[], None] = lambda: None
        self._begin()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, cut off the longest-owing one where the table is full, and start its clock."""
        self._transport = transport
        self.when_made()
        if not self._table.opened():
            transport.abort()
            return
        self._connections.add(self)
        self._caller = (transport.get_extra_info("peername") or ("",))[0]
        self._table.hold(self, self._caller)
        self._wait_for("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        self._phase = "end"
        if self in self._connections:
            self._connections.discard(self)
            self._table.closed(self)

    def data_received(self, data: bytes) -> None:
        """Read on. Bytes that come while a request is in hand, or after the last one, are ignored."""
        if self._phase in {"ledger", "end"}:
            self._last = True
            self._transport.pause_reading()
            return
        try:
            whole = ordinary(data) if self._h11 is None else None
            if whole is None:
                self._read_on(data)
            else:
                self._take_whole(whole)
        except h11.RemoteProtocolError:
            self._refuse(FORBIDDEN_SHAPE)
        except Exception as error:  # noqa: BLE001 - a bug of ours is told, and is never a 200
            self._refuse(self._app.refuse(UNAVAILABLE, f"internal error: {type(error).__name__}", self._caller))

    def eof_received(self) -> bool:
        """Stay open, as the client has sent everything, where its answer is still to come (not with TLS)."""
        self._last = True
        return self._phase == "ledger" and self._transport.get_extra_info("sslcontext") is None

    def pause_writing(self) -> None:
        """Close: a client that leaves 64 KiB of our short answers unread wants something else."""
        self._transport.abort()

    def abort(self) -> None:
        """Close at once, without an answer."""
        self._transport.abort()

    def shutdown(self) -> None:
        """Finish the request in hand and begin no other: uvicorn stops."""
        if self._phase in {"body", "ledger"}:
            self._last = True
        else:
            self._transport.close()

    def _begin(self) -> None:
        self._h11: h11.Connection | None = None  # until something comes that is not ordinary
        self._expected: Expected | None = None
        self._body = b""

    def _take_whole(self, whole: Ordinary) -> None:
        looked = self._app.look(Head(b"POST", whole.target, whole.headers, self._caller))
        if isinstance(looked, Verdict):
            self._refuse(looked)
        elif self._may_speak_for(looked):
            self._wait_for("ledger")
            self._app.take(looked, whole.body, self._answer)

    def _read_on(self, data: bytes) -> None:
        reader = self._h11 = self._h11 or h11.Connection(h11.SERVER, PIECE_OF_HEAD_MAX)
        reader.receive_data(data)
        while True:
            event = reader.next_event()
            # type(), not isinstance(): that would ask their abstract base class, each time anew.
            if type(event) is h11.Request:
                looked = self._app.look(Head(event.method, event.target, list(event.headers), self._caller))
                if isinstance(looked, Verdict):
                    self._refuse(looked, bodiless=event.method == b"HEAD")
                    return
                if not self._may_speak_for(looked):
                    return
                self._expected = looked
                if reader.they_are_waiting_for_100_continue:
                    self._transport.write(CONTINUE)
            elif self._expected is None:
                if reader.trailing_data[0]:
                    self._wait_for("head")
                return
            elif type(event) is h11.Data:
                self._body += event.data
                if len(self._body) > BODY_MAX:
                    self._refuse(self._app.too_large(self._expected.peer))
                    return
            elif type(event) is h11.EndOfMessage:
                # Any other state: the client closes after this one, or has asked for another protocol.
                self._last |= reader.their_state is not h11.DONE or bool(reader.trailing_data[0])
                self._wait_for("ledger")
                self._app.take(self._expected, self._body, self._answer)
                return
            else:
                self._wait_for("body")
                return

    def _may_speak_for(self, expected: Expected) -> bool:
        """Whether the caller that a tunnel names may send this request. Refuses it where that address has its share."""
        if expected.peer == self._caller or self._table.hold(self, expected.peer):
            return True
        self._refuse(self._app.refuse(TOO_MANY, "too many at once from one address", expected.peer))
        return False

    def _refuse(self, verdict: Verdict, *, bodiless: bool = False) -> None:
        """Answer a request that was not read to its end, so that nothing can be read after it."""
        self._last = True
        self._answer(verdict, bodiless=bodiless)

    def _answer(self, verdict: Verdict, *, bodiless: bool = False) -> None:
        """Answer in one piece: one packet, and one waking of the client."""
        if self._transport.is_closing():
            return
        head = _head_of_answer(verdict.status, len(verdict.body), self._last)
        self._transport.write(head if bodiless else head + verdict.body)
        if self._last:
            self._wait_for("end")
            self._transport.close()
        else:
            self._begin()
            self._table.hold(self, self._caller)
            self._wait_for("idle")

    def _wait_for(self, phase: Phase) -> None:
        """Note what this connection waits for. Its clock starts anew where that has changed."""
        if phase == self._phase:
            return
        self._phase = phase
        if phase == "ledger":
            self._table.settled(self)
        elif self in self._connections:
            self._table.owes(self, self._keep_alive_s if phase == "idle" else None)


@lru_cache(maxsize=64)
def _head_of_answer(status: int, length: int, last: bool) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "content-type: application/json"]
    lines += [f"content-length: {length}", *(["connection: close"] if last else []), "", ""]
    return "\r\n".join(lines).encode()


def with_parts(app: ListenerApp, table: ConnectionTable, keep_alive_s: float) -> Callable[..., DeadlineProtocol]:
    """A maker of each connection's protocol, in the form in which uvicorn calls it."""

    def connected(*, server_state: Any, **_: Any) -> DeadlineProtocol:
        return DeadlineProtocol(app, table, keep_alive_s, server_state.connections)

    return connected
