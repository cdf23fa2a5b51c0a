"""uvicorn's h11 protocol with the deadlines and the connection limit that uvicorn has not.

Only imported where a server is about to start.
"""

import asyncio  # noqa: TID253 - this module is itself imported inside functions only
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: TID253 - as above

from mpesa_cli.listener.connections import Owing


class DeadlineProtocol(H11Protocol):
    """One connection. ``owing`` is shared by all connections of one server; see :func:`with_limits`."""

    owing: ClassVar[Owing]
    _counted = False
    _noted: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, cut off the longest-owing one where the table is full, and start its clock."""
        super().connection_made(transport)
        if not self.owing.opened():
            transport.abort()
            return
        self._counted = True
        self._note()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        if self._counted:
            self._counted = False
            self.owing.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and see whether what was owed has come.

        Pipelining ends with the first answer: uvicorn reads another 256 KiB for each answer it gives, so
        that one client with a long pipeline would fill the memory. Daraja and proxies don't pipeline.
        """
        super().data_received(data)
        self._note()
        if self.flow.read_paused and self.conn.their_state is h11.DONE:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """The next request on this connection is owed from now on."""
        super().on_response_complete()
        self._note()

    def pause_writing(self) -> None:
        """A client that leaves 64 KiB of our short answers unread wants something else."""
        self.transport.abort()

    def abort(self) -> None:
        """Close at once, without an answer."""
        self.transport.abort()

    def _note(self) -> None:
        state = self.conn.their_state
        if state is self._noted or not self._counted:
            return
        self._noted = state
        if state is h11.IDLE or state is h11.SEND_BODY:
            self.owing.owes(self)
        else:
            self.owing.settled(self)


def with_limits(owing: Owing) -> type[DeadlineProtocol]:
    """The protocol class for one server, which shares ``owing`` among its connections."""
    attributes: dict[str, Any] = {"owing": owing}
    return type("BoundDeadlineProtocol", (DeadlineProtocol,), attributes)
