"""The event loop's side of a listener. Imported only when one starts: uvicorn costs what all else does."""

import asyncio  # noqa: TID253 - this module is itself imported inside functions only
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator

from uvicorn import Config, Server  # noqa: TID253 - as above

from mpesa_cli.listener.api_protocol import with_api
from mpesa_cli.listener.app import ListenerApp
from mpesa_cli.listener.asgi import Api, Door
from mpesa_cli.listener.connections import Owing
from mpesa_cli.listener.intake import Intake
from mpesa_cli.listener.options import ListenerOptions, Parts
from mpesa_cli.listener.protocol import with_parts
from mpesa_cli.listener.refusals import Refusals
from mpesa_cli.listener.seldom import Seldom
from mpesa_cli.listener.writer import Writer
from mpesa_cli.operations.listener_alive import EVERY_S

REAP_EVERY_S = 0.25
FILES_FOR_THE_REST = 64  # the ledger, its log and lock, the standard streams, the forwarder


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
        asyncio.run(self._run(listening, on_ready, signals=signals))

    def stop(self) -> None:
        """Take no more connections, finish the bodies in hand, and return from run_until_stopped."""
        self._stopped_early = True
        if self._server is not None:
            self._server.should_exit = True

    async def _run(self, listening: socket.socket, on_ready: Callable[[], None], *, signals: bool) -> None:
        loop = asyncio.get_running_loop()
        writer = Writer(self._open_intake, loop.call_soon_threadsafe)
        with _stopping_on_signals(self.stop) if signals else contextlib.nullcontext():
            await loop.run_in_executor(None, writer.start)
            try:
                await self._serve(listening, writer, on_ready)
            finally:
                await loop.run_in_executor(None, writer.stop)

    async def _serve(self, listening: socket.socket, writer: Writer, on_ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        most = _connections_max(self._options.connections_max)
        owing = Owing(most=most, deadline_s=self._options.head_and_body_s, clock=loop.time)
        seldom = Seldom(self._parts.on_event, loop.time, frozenset({"refused"}))
        refusals = Refusals(self._parts.now_us, seldom)
        app = ListenerApp(self._options, writer, refusals, loop.time, loop.call_soon)
        self._server = _Server(_config(self._options, app, owing, self._parts.api), on_ready)
        self._server.should_exit = self._stopped_early
        reaper = loop.create_task(self._watch(app, owing, writer, seldom))
        try:
            await self._server.serve(sockets=[listening])
        finally:
            reaper.cancel()
        if writer.failure is not None:
            raise writer.failure

    async def _watch(self, app: ListenerApp, owing: Owing, writer: Writer, seldom: Seldom) -> None:
        """Cut off who owes for too long, answer who has waited too long; end where nothing can be stored."""
        loop = asyncio.get_running_loop()
        note_alive, due = self._parts.note_alive, loop.time()
        while True:
            if note_alive is not None and loop.time() >= due and writer.healthy:
                due = loop.time() + EVERY_S
                await loop.run_in_executor(None, note_alive)
            await asyncio.sleep(REAP_EVERY_S)
            owing.cut_off_overdue()
            app.give_up_late()
            seldom.tell()
            self._parts.on_tick()
            if writer.failure is not None:
                self.stop()

    def _open_intake(self) -> tuple[Intake, Callable[[], None]]:
        """In the writer's thread: the ledger, and what an earlier listener left unread in it."""
        parts = self._parts
        ledger = parts.open_ledger()
        try:
            intake = Intake(
                ledger,
                parts.now_us,
                parts.on_event,
                c2b=parts.c2b,
                ask=parts.ask,
                sms_secret_hash=parts.sms_secret_hash,
            )
            intake.settling.recover()
        except BaseException:
            ledger.close()
            raise
        return intake, ledger.close


class _Server(Server):
    """uvicorn's server, which says when it is ready and leaves signals to us."""

    def __init__(self, config: Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: uvicorn would raise them again after draining, when all is done."""
        yield


def _config(options: ListenerOptions, app: ListenerApp, owing: Owing, api: Api | None) -> Config:
    logger = logging.getLogger("uvicorn.error")  # its lines carry paths, and ours carry tokens
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    connected = with_parts(app, owing, options.keep_alive_s)
    if api is not None:
        connected = with_api(app, Door(api, "https" if options.certificate else "http"), owing, options.keep_alive_s)
    return Config(
        _unused,
        http=connected,  # type: ignore[arg-type] # a factory of protocols will do
        ws="none",
        lifespan="off",
        interface="asgi3",
        loop="asyncio",
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=int(options.head_and_body_s + options.answer_s) + 1,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.certificate_key,
    )


async def _unused(scope: object, receive: object, send: object) -> None:
    """uvicorn wants an ASGI app. Ours is behind a protocol of our own (protocol.py), which calls none."""


@contextlib.contextmanager
def _stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _connections_max(wanted: int) -> int:
    """As many as the process may have open, after raising its own limit as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + FILES_FOR_THE_REST
    if soft != resource.RLIM_INFINITY and soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft - FILES_FOR_THE_REST))
