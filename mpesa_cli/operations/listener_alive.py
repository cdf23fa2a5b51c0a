"""Whether a listener answers on this machine: results and callbacks have nowhere to go without one."""

import socket
from urllib.parse import urlsplit

_PATIENCE_S = 1.0


def listener_answers(base_url: str) -> bool:
    """Whether ``GET /healthz`` at a plain http address of this machine is answered 200."""
    parts = urlsplit(base_url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    request = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, port), timeout=_PATIENCE_S) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.sendall(request.encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False
