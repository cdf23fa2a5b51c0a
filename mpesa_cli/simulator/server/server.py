"""The simulator as a real HTTP server on loopback: for any client in any language, and for tests.

This module loads uvicorn; import it inside functions.
"""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import field

import uvicorn

from mpesa_cli.floor import collection, machine
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.simulator.chaos import Chaos
from mpesa_cli.simulator.engine import Engine
from mpesa_cli.simulator.initiator_key import InitiatorKey
from mpesa_cli.simulator.loopback import base_url_of, listen
from mpesa_cli.simulator.record import Charge
from mpesa_cli.simulator.server.app import SimulatorApp
from mpesa_cli.simulator.server.sender import Sender
from mpesa_cli.simulator.state import Rules
from mpesa_cli.simulator.store import MemoryStore, Store

Say = Callable[[str], None]
STARTS_WITHIN_S = 60.0  # long: a machine may be busy

def _silent(_line: str) -> None:
    return


@dataclass(slots=True)
class Setup:
    """The parts of a server. ``store`` None keeps the state in memory under ``rules``."""

    rules: Rules
    store: Store | None = None
    world: World = field(default_factory=World)
    say: Say = _silent

    def engine(self) -> Engine:
        """The behaviour with its memory and clock."""
        if self.rules.initiator_key is None:
            self.rules.initiator_key = InitiatorKey()
        return Engine(self.store or MemoryStore(self.rules), self.world)


class _Server(uvicorn.Server):
    """uvicorn that calls back once it listens."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then call ``on_ready``."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


def serve(
    port: int, *, speed: float = 1.0, say: Say = _silent, ready: Say = _silent, setup: Setup | None = None
) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM, then return.

    ``ready`` gets the base URL once requests are taken, ``say`` one line a request and callback. Raises
    SettingsError where the port can't be had.
    """
    setup = setup or Setup(Rules(speed=speed), say=say)
    with listen(port) as listening:
        base_url = base_url_of(listening)
        collection.as_usual()
        machine.run_loop(_serve(setup, setup.engine(), listening, lambda _server: ready(base_url), signals=True))


class RunningSimulator:
    """A server in a thread of this process."""

    def __init__(self, base_url: str, engine: Engine) -> None:
        self.base_url = base_url
        self._engine = engine

    @property
    def environ(self) -> dict[str, str]:
        """The environment with which ``mpesa`` talks to this server."""
        return client_environment(self.base_url)

    def prompts(self) -> list[dict[str, object]]:
        """The record of every accepted push."""
        return self._engine.prompts()

    def charges(self) -> list[Charge]:
        """The payments of customers by now, oldest first."""
        return self._engine.charges()

    def record(self) -> dict[str, object]:
        """The whole record, as ``GET /simulator/prompts`` gives it."""
        return self._engine.record()

    def advance(self, seconds: float) -> None:
        """Move the clock forward; callbacks that fall due leave within half a second."""
        self._engine.advance(seconds)


@contextlib.contextmanager
def running(
    *, speed: float = 1.0, chaos: Chaos | None = None, rules: Rules | None = None, store: Store | None = None,
    world: World | None = None, say: Say = _silent,
) -> Iterator[RunningSimulator]:
    """A server on a free port, in a thread, for as long as the block runs."""
    setup = Setup(rules or Rules(speed=speed, chaos=chaos), store, world or World(), say)
    engine = setup.engine()
    ready, over = threading.Event(), threading.Event()
    servers: list[_Server] = []

    def on_ready(server: _Server) -> None:
        servers.append(server)
        if over.is_set():  # so late that nobody waits for it any more
            server.should_exit = True
        ready.set()

    with listen(0) as listening:
        body = _serve(setup, engine, listening, on_ready, signals=False)
        thread = threading.Thread(target=machine.run_loop, args=(body,), name="daraja-simulator")
        thread.start()
        try:
            if not ready.wait(STARTS_WITHIN_S):
                raise RuntimeError("the simulator's server did not start")
            yield RunningSimulator(base_url_of(listening), engine)
        finally:
            over.set()
            for server in servers:
                server.should_exit = True
            thread.join()


def client_environment(base_url: str) -> dict[str, str]:
    """The variables with which any terminal's ``mpesa`` talks to a simulator at ``base_url``."""
    return {
        "MPESA_BASE_URL": base_url,
        "MPESA_ENVIRONMENT": "simulator",
        "MPESA_CONSUMER_KEY": "any",
        "MPESA_CONSUMER_SECRET": "any",
    }


async def _serve(
    setup: Setup,
    engine: Engine,
    listening: socket.socket,
    on_ready: Callable[[_Server], None],
    *,
    signals: bool,
) -> None:
    sender = Sender(engine, setup.world, setup.say)
    config = uvicorn.Config(
        SimulatorApp(engine, sender, setup.say), http="h11", ws="none", lifespan="off", access_log=False,
        log_config=None, timeout_graceful_shutdown=3,
    )
    server = _Server(config, lambda: on_ready(server))
    sending = asyncio.create_task(sender.run())
    with _stopped_by_signals(server) if signals else contextlib.nullcontext():
        try:
            await server.serve(sockets=[listening])
        finally:
            sending.cancel()
            await asyncio.wait([sending])


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """SIGINT and SIGTERM end the server; the handlers from before come back afterwards.

    uvicorn raises a signal again once it has stopped cleanly. It ends here, so that a stopped simulator
    exits with 0.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, *machine.STOPPING)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
