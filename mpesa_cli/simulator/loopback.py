"""A listening socket on 127.0.0.1, or an error that says why there can't be one."""

import errno
import socket

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import InvalidInput, SettingsError

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A listening socket on loopback. Raises InvalidInput or SettingsError where there can't be one."""
    if not 0 <= port <= 65_535:
        raise InvalidInput(
            f"{port} is not a port.",
            hint="A port is a number from 1 to 65535:  mpesa simulator serve --port 8700",
            code="invalid-port",
        )
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    machine.take_port(listening)
    try:
        listening.bind((HOST, port))
        listening.listen(2048)
    except OSError as refused:
        listening.close()
        raise _port_error(port, refused) from None
    return listening


def _port_error(port: int, refused: OSError) -> SettingsError:
    if refused.errno == errno.EADDRINUSE:
        return SettingsError(
            f"Port {port} is in use: another simulator, or another program, listens there.",
            hint=f"Stop it, or take another port:  mpesa simulator serve --port {port % 65_535 + 1}",
            code="port-in-use",
        )
    return SettingsError(
        f"Port {port} can't be opened: {refused.strerror}.",
        hint="Ports below 1024 belong to the system. Take a higher one:  mpesa simulator serve --port 8700",
        code="port-refused",
    )


def base_url_of(listening: socket.socket) -> str:
    """Its base URL: ``http://127.0.0.1:8700``."""
    return f"http://{HOST}:{listening.getsockname()[1]}"
