"""The sign that a listener answers on this machine: without one, results and callbacks have nowhere to go."""

import contextlib
import socket
from pathlib import Path
from urllib.parse import urlsplit

EVERY_S = 30.0
"""How often a listener that could store a callback says so, beside its ledger."""
_PATIENCE_S = 1.0


def note_alive(ledger: Path, now_us: int) -> None:
    """Note that a listener of this ledger answers and can store. A note that can't be written stops no listener."""
    with contextlib.suppress(OSError):
        _note(ledger).write_text(f"{now_us}\n")


def last_alive_us(ledger: Path) -> int | None:
    """The time at which a listener of this ledger last noted that it answers; None where none ever did."""
    try:
        return int(_note(ledger).read_text())
    except (OSError, ValueError):
        return None


def _note(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.listener")


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
