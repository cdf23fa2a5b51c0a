"""A connection for callbacks and for the API: both kinds of request may come on one, as proxies send them.

DeadlineProtocol guards the connection; added here are who decides, and answers that come
in pieces.
"""

from collections.abc import Callable
from typing import Any, cast

from mpesa_cli.listener.intake.deliveries import TOO_LARGE, Verdict
from mpesa_cli.listener.intake.writer import SendVerdict
from mpesa_cli.listener.server.app import Expected, ListenerApp
from mpesa_cli.listener.server.asgi import TOO_LONG, AsgiBridge, Called, Cycle
from mpesa_cli.listener.server.connections import ConnectionTable
from mpesa_cli.listener.server.head import Head
from mpesa_cli.listener.server.protocol import DeadlineProtocol


class ApiProtocol(DeadlineProtocol):
    """A connection. A request that the API does not serve is the listener's, answered as without an API."""

    def __init__(
        self, app: ListenerApp, bridge: AsgiBridge, table: ConnectionTable, keep_alive_s: float, connections: set[Any]
    ) -> None:
        """The arguments of DeadlineProtocol, and the ``bridge`` to the API."""
        self._bridge = bridge
        self._called: Called | None = None
        self._cycle: Cycle | None = None
        super().__init__(cast(ListenerApp, _Both(app, self)), table, keep_alive_s, connections)

    def call(self, head: Head) -> Called | Verdict | None:
        """The bridge's verdict on a request; remembered, as its body may turn out too long."""
        looked = self._bridge.look(head)
        self._called = looked if isinstance(looked, Called) else None
        return looked

    def hand_over(self, called: Called, body: bytes) -> None:
        """Have the API answer. Its answer takes as long as it takes; the connection owes nothing meanwhile."""
        self._cycle = self._bridge.begin(called, body, self, last=self._last)

    def write(self, data: bytes) -> None:
        """Send a piece of the answer."""
        self._transport.write(data)

    def answered(self, *, keep: bool) -> None:
        """End the answer, which is complete."""
        self._cycle = None
        if self._transport.is_closing():
            return
        if self._last or not keep:
            self._wait_for("end")
            self._transport.close()
        else:
            self._begin()
            self._table.hold(self, self._caller)
            self._wait_for("idle")

    def eof_received(self) -> bool:
        """As without an API; but a client that ends a connection during a stream has gone, and its place is free."""
        stays = super().eof_received()
        return stays and not (self._cycle is not None and self._cycle.is_streaming)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out, and wait for no answer."""
        super().connection_lost(exc)
        if self._cycle is not None:
            self._cycle.lost()

    def pause_writing(self) -> None:
        """Count the unread answer as owed: the client does not read."""
        if self._cycle is None:
            super().pause_writing()
        else:
            self._cycle.pause()
            self._table.owes(self)

    def resume_writing(self) -> None:
        """Go on: the client reads again."""
        if self._cycle is not None:
            self._table.settled(self)
            self._cycle.resume()

    def shutdown(self) -> None:
        """Finish the answers in hand and end streams: uvicorn stops."""
        super().shutdown()
        if self._cycle is not None:
            self._cycle.hang_up()

    def _refuse(self, verdict: Verdict, *, bodiless: bool = False) -> None:
        called = self._called
        if verdict is not TOO_LARGE or called is None:
            super()._refuse(verdict, bodiless=bodiless)
            return
        self._last = True
        self._wait_for("ledger")
        self.hand_over(called, TOO_LONG)


class _Both:
    """The decision for one connection: the API for its own paths, the listener for all others."""

    def __init__(self, app: ListenerApp, connection: ApiProtocol) -> None:
        self._app = app
        self._connection = connection
        self.refuse = app.refuse

    def look(self, head: Head) -> Verdict | Expected | Called:
        called = self._connection.call(head)
        return self._app.look(head) if called is None else called

    def take(self, expected: Expected | Called, body: bytes, answer: SendVerdict) -> None:
        if isinstance(expected, Called):
            self._connection.hand_over(expected, body)
        else:
            self._app.take(expected, body, answer)

    def too_large(self, peer: str) -> Verdict:
        return self._app.too_large(peer)


def with_api(
    app: ListenerApp, bridge: AsgiBridge, table: ConnectionTable, keep_alive_s: float
) -> Callable[..., ApiProtocol]:
    """A maker of each connection's protocol, in the form in which uvicorn calls it."""

    def connected(*, server_state: Any, **_: Any) -> ApiProtocol:
        return ApiProtocol(app, bridge, table, keep_alive_s, server_state.connections)

    return connected
