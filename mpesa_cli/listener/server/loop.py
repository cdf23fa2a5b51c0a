"""The event loop's side of a listener. Imported only when one starts: uvicorn costs as much as all the rest."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from uvicorn import Config, Server

from mpesa_cli.floor import collection, machine
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.listener.events import Event, Kind
from mpesa_cli.listener.seldom import Seldom
from mpesa_cli.listener.server.acceptor import Acceptor
from mpesa_cli.listener.server.api_protocol import with_api
from mpesa_cli.listener.server.app import ListenerApp
from mpesa_cli.listener.server.asgi import Api, AsgiBridge
from mpesa_cli.listener.server.connections import ConnectionTable
from mpesa_cli.listener.server.ledgers import Ledgers
from mpesa_cli.listener.server.open_paths import OpenPaths
from mpesa_cli.listener.server.options import ListenerOptions, Parts
from mpesa_cli.listener.server.peer import share_for
from mpesa_cli.listener.server.protocol import DeadlineProtocol, with_parts
from mpesa_cli.listener.server.refusals import Refusals

REAP_EVERY_S = 0.25
FILES_FOR_THE_REST = 64  # the ledger, its log and lock, the standard streams, the forwarder
FILES_FOR_THE_API = 192  # its threads' ledgers, and their connections to Daraja


class ListenerServer:
    """One listener: runs once, in one thread; may be stopped from any other."""

    def __init__(self, options: ListenerOptions, parts: Parts) -> None:
        """Nothing is opened yet."""
        self._options = options
        self._parts = parts
        self._server: _Server | None = None
        self._stopped_early = False

    def run_until_stopped(
        self, listening: socket.socket, *, on_ready: Callable[[], None], signals: bool
    ) -> None:
        """Serve on a bound socket until stopped; finish what is in hand. Raises what open_ledger does."""
        collection.as_usual()
        machine.run_loop(self._run(listening, on_ready, signals=signals))

    def stop(self) -> None:
        """Take no more connections, finish the bodies in hand, and return from run_until_stopped."""
        self._stopped_early = True
        if self._server is not None:
            self._server.should_exit = True

    @contextlib.contextmanager
    def _on_signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C finish the bodies in hand; so does a terminal that hangs up, unless https is served."""
        handlers: dict[int, Callable[[], None]] = dict.fromkeys((signal.SIGINT, *machine.STOPPING), self.stop)
        hang_up = machine.HANG_UP
        if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:  # as nohup leaves it
            handlers[hang_up] = self._renew if self._options.certificate else self.stop
        with machine.on_signals(handlers):
            yield

    def _renew(self) -> None:
        """Serve new connections with the files' content: on SIGHUP, as a renewed certificate's hook sends it."""
        assert self._options.certificate is not None  # or the signal would stop us
        try:
            self._options.certificate.reload()
        except MpesaError as error:
            self._tell("certificate", f"{error.message} The one before stays in use.")
        else:
            self._tell("certificate", "read again: new connections get it")

    def _tell(self, kind: Kind, detail: str) -> None:
        self._parts.on_event(Event(kind, self._parts.world.now_us(), detail=detail))

    async def _run(self, listening: socket.socket, on_ready: Callable[[], None], *, signals: bool) -> None:
        loop = asyncio.get_running_loop()
        ledgers = Ledgers(self._parts, loop)
        with self._on_signals() if signals else contextlib.nullcontext():
            await loop.run_in_executor(None, ledgers.writer.start)
            try:
                await self._serve(listening, ledgers, on_ready)
            finally:
                await loop.run_in_executor(None, ledgers.writer.stop)

    async def _serve(self, listening: socket.socket, ledgers: Ledgers, on_ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        options = self._options
        seldom = Seldom(self._parts.on_event, loop.time, frozenset({"refused"}))
        refusals = Refusals(self._parts.world, seldom)
        loop.set_exception_handler(lambda _, context: refusals.note(_broken(context), ""))
        for_the_rest = FILES_FOR_THE_REST + (FILES_FOR_THE_API if self._parts.api else 0) + self._parts.further_files
        table = ConnectionTable(
            most=_connections_max(options.connections_max, for_the_rest),
            deadline_s=options.head_and_body_s,
            clock=loop.time,
            share_for=partial(share_for, peers_are_proxies=options.behind_proxy),
        )
        open_paths = OpenPaths(loop.time, self._parts.world)
        app = ListenerApp(
            options, ledgers.writer, refusals, loop.time, loop.call_soon, open_paths, ledgers.without_ledger,
            ledgers.spooling,
        )
        self._server = server = _Server(options, on_ready)
        connected = _protocols(options, app, table, self._parts.api)
        server.acceptor = Acceptor(
            listening, lambda: connected(server_state=server.server_state), table, refusals,
            tls=options.certificate.context if options.certificate else None, handshake_s=options.head_and_body_s,
        )
        server.should_exit = self._stopped_early
        reaper = loop.create_task(self._watch(app, table, ledgers, seldom))
        try:
            await server.serve(sockets=[])
        finally:
            reaper.cancel()
        if ledgers.writer.failure is not None:
            raise ledgers.writer.failure

    async def _watch(self, app: ListenerApp, table: ConnectionTable, ledgers: Ledgers, seldom: Seldom) -> None:
        """Cut off overdue connections, answer those who waited too long; end where nothing can be stored."""
        while True:
            ledgers.note_alive()
            await asyncio.sleep(REAP_EVERY_S)
            table.cut_off_overdue()
            app.give_up_late()
            if ledgers.spooling is not None:
                ledgers.spooling.hand_in()
            seldom.tell()
            self._parts.on_tick()
            if ledgers.writer.failure is not None:
                self.stop()


class _Server(Server):
    """uvicorn's server, which calls when it is ready and leaves signals to us."""

    def __init__(self, options: ListenerOptions, on_ready: Callable[[], None]) -> None:
        logger = logging.getLogger("uvicorn.error")  # its lines carry paths, and ours carry tokens
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        drained_s = int(options.head_and_body_s + options.answer_s) + 1
        super().__init__(
            Config(
                _unused,
                ws="none",
                lifespan="off",
                interface="asgi3",
                loop="asyncio",
                proxy_headers=False,
                log_config=None,
                timeout_graceful_shutdown=drained_s,
            )
        )
        self._on_ready = on_ready
        self.acceptor: Acceptor

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self.acceptor.start()
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.acceptor.stop()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again after draining, when all is done."""
        yield


def _protocols(
    options: ListenerOptions, app: ListenerApp, table: ConnectionTable, api: Api | None
) -> Callable[..., DeadlineProtocol]:
    if api is None:
        return with_parts(app, table, options.keep_alive_s)
    bridge = AsgiBridge(api, "https" if options.certificate else "http", options.tunnel)
    return with_api(app, bridge, table, options.keep_alive_s)


def _broken(context: dict[str, Any]) -> str:
    """The reason, in place of what asyncio would print with a traceback: its kind, and nothing from outside."""
    error = context.get("exception")
    return f"a connection broke: {type(error).__name__}" if error else "a connection broke"


async def _unused(scope: object, receive: object, send: object) -> None:
    """The ASGI app that uvicorn wants. Our own protocol (protocol.py) takes its place and never calls it."""


def _connections_max(wanted: int, for_the_rest: int) -> int:
    """The number that the process may have open, after raising its own limit as far as it may."""
    return max(16, min(wanted, machine.may_open(wanted + for_the_rest) - for_the_rest))
