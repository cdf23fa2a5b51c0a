"""A listener as a server: opened, ready, drained. uvicorn does HTTP; protocol.py adds what it lacks."""

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import MpesaError, SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.listener.server.options import ListenerOptions, Parts

if TYPE_CHECKING:
    from mpesa_cli.listener.server.loop import ListenerServer


@dataclass(frozen=True, slots=True)
class Running:
    """A listener that takes requests."""

    host: str
    port: int
    stop: Callable[[], None]
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The URL that it listens on, without a path."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}:{self.port}"


def serve(options: ListenerOptions, parts: Parts, on_ready: Callable[[Running], None]) -> None:
    """Listen in this thread until SIGTERM, SIGINT or ``Running.stop``; then drain, and return.

    Raises SettingsError for unsafe options, MpesaError ``port-in-use`` or ``cannot-listen``, and what
    opening the ledger raises. Once it returns, every body that was answered 200 is on disk, and settled too
    unless that took more than five seconds.
    """
    with _opened(options, parts) as (server, listening, running):
        server.run_until_stopped(listening, on_ready=lambda: on_ready(running), signals=True)


@contextlib.contextmanager
def running(options: ListenerOptions, parts: Parts) -> Iterator[Running]:
    """A listener in a thread beside this one, as :func:`serve` runs it; drained when the block is left."""
    with _opened(options, parts) as (server, listening, ready):
        up = threading.Event()
        failure: list[BaseException] = []

        def run() -> None:
            try:
                server.run_until_stopped(listening, on_ready=up.set, signals=False)
            except BaseException as error:  # noqa: BLE001 - carried to the thread that waits
                failure.append(error)
            finally:
                up.set()

        thread = threading.Thread(target=run, name="mpesa-listener", daemon=True)
        thread.start()
        up.wait()
        try:
            if not failure:
                yield ready
        finally:
            server.stop()
            thread.join()
        if failure:
            raise failure[0]


@contextlib.contextmanager
def _opened(
    options: ListenerOptions, parts: Parts
) -> Iterator[tuple["ListenerServer", socket.socket, Running]]:
    options.check()
    with contextlib.closing(bind(options.host, options.port)) as listening:
        from mpesa_cli.listener.server.loop import ListenerServer  # loads uvicorn

        server = ListenerServer(options, parts)
        host, port = listening.getsockname()[:2]
        yield server, listening, Running(host, port, server.stop, "https" if options.certificate else "http")


def bind(host: str, port: int, option: str = "--port") -> socket.socket:
    """A socket that listens, without waiting for anybody; ``option`` names the port in errors.

    Raises SettingsError ``port-in-use``, MpesaError ``cannot-listen``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: without it asyncio leaves Nagle's algorithm on, at 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        machine.take_port(listening)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise _cannot_listen(host, port, option, error) from error
    listening.setblocking(False)
    return listening


def _cannot_listen(host: str, port: int, option: str, error: OSError) -> MpesaError:
    from mpesa_cli.floor.machine import commands

    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"Port {port} on {host} is in use: another listener, or another program, has it.",
            hint=f"Nothing was started. See who has it: {commands.who_listens(port)}; "
            f"or take another: mpesa listen {option} {port + 1 if port < 65535 else 8311}",
            code="port-in-use",
        )
    return SettingsError(
        f"Can't listen on {host} port {port}: {error.strerror or error}.",
        hint="Nothing was started. Ports below 1024 need rights, and the host must be an address of this "
        f"machine: mpesa listen {option} {8310 if option == '--port' else 8311}",
        code="cannot-listen",
    )
