"""The page's port: a thread with an event loop of its own, and the listener's guards on every connection.

Nothing of it is shared with callbacks but the processor: not the loop, not the table of connections, not a thread.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from mpesa_cli.floor import machine
from mpesa_cli.floor.world import World
from mpesa_cli.listener.intake.deliveries import TOO_LARGE, Verdict
from mpesa_cli.listener.server.acceptor import Acceptor
from mpesa_cli.listener.server.api_protocol import with_api
from mpesa_cli.listener.server.app import ListenerApp
from mpesa_cli.listener.server.asgi import AsgiBridge
from mpesa_cli.listener.server.certificate import Certificate
from mpesa_cli.listener.server.connections import ConnectionTable
from mpesa_cli.listener.server.peer import share_for
from mpesa_cli.listener.server.refusals import Refusals
from mpesa_cli.owner.server import CONNECTIONS_MAX
from mpesa_cli.owner.server.app import OwnerApp
from mpesa_cli.owner.server.live import Live

OWED_S, KEEP_ALIVE_S, DRAIN_S = 10.0, 30.0, 5.0
_REAP_EVERY_S = 0.25


class Serving:
    """One page that is served from a socket that listens. Started once, stopped from any thread."""

    def __init__(
        self, listening: socket.socket, app: OwnerApp, live: Live, certificate: Certificate | None,
        complain: Callable[[str], None], world: World,
    ) -> None:
        """Nothing runs yet. ``complain`` is told where the page broke, in words that hold no data."""
        self._listening, self._app, self._live, self._complain = listening, app, live, complain
        self._certificate, self._world = certificate, world
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="mpesa-owner", daemon=True)

    def start(self) -> None:
        """Take requests from when this returns."""
        self._thread.start()
        self._up.wait(10)

    def stop(self) -> None:
        """End the streams, finish what is in hand, close the port."""
        if self._thread.ident is not None:
            if self._loop is not None and self._stopping is not None:
                with contextlib.suppress(RuntimeError):  # its loop has ended by itself
                    self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(timeout=2 * DRAIN_S)
        self._live.stop()
        self._app.stop()
        self._listening.close()

    def _serve(self) -> None:
        try:
            machine.run_loop(self._run())
        except Exception as bug:  # noqa: BLE001 - callbacks go on without the page
            self._complain(f"The owner's page has stopped: {type(bug).__name__}. Callbacks are taken as before.")
        finally:
            self._up.set()

    async def _run(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        stopping = self._stopping = asyncio.Event()
        loop.set_exception_handler(lambda _loop, _context: None)  # of one connection, whose browser sees it break
        refusals = Refusals(self._world, lambda _: None)
        table = ConnectionTable(
            most=CONNECTIONS_MAX, deadline_s=OWED_S, clock=loop.time,
            share_for=partial(share_for, peers_are_proxies=False),
        )
        bridge = AsgiBridge(self._app, "https" if self._certificate else "http", "none")
        connected = with_api(cast(ListenerApp, _NothingElse()), bridge, table, KEEP_ALIVE_S)
        connections: set[Any] = set()
        acceptor = Acceptor(
            self._listening, lambda: connected(server_state=SimpleNamespace(connections=connections)), table, refusals,
            tls=self._certificate.context if self._certificate else None, handshake_s=OWED_S,
        )
        self._live.start()
        acceptor.start()
        self._up.set()
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _REAP_EVERY_S)
            table.cut_off_overdue()
        acceptor.stop()
        for connection in tuple(connections):
            connection.shutdown()
        until = loop.time() + DRAIN_S
        while connections and loop.time() < until:
            await asyncio.sleep(0.02)
        for connection in tuple(connections):
            connection.abort()


class _NothingElse:
    """In the place of the listener: every request of this port is the page's."""

    def refuse(self, verdict: Verdict, reason: str, peer: str) -> Verdict:
        return verdict

    def too_large(self, peer: str) -> Verdict:
        return TOO_LARGE
