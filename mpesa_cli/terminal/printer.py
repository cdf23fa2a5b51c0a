"""Bytes to a thermal printer: a device file, or ``tcp://host:9100``. Never waits longer than the limits here."""

import contextlib
import os
import select
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from mpesa_cli.errors import InvalidInput, Temporary

CONNECT_S = 5.0
WRITE_S = 10.0
PORT = 9_100


class PrinterFailed(Temporary):
    """The printer did not take the receipt, or not all of it. The payment is what it was: paid."""

    code = "printer-failed"
    money_moved = "yes"


def send_to_printer(target: str, data: bytes, again: str) -> None:
    """Send all of ``data``. ``again`` is the command that prints it another time.

    Raises InvalidInput where ``target`` names no printer, PrinterFailed where it does not take the bytes.
    """
    sent = 0
    try:
        if target.startswith("tcp://"):
            host, port = _address(target)
            with socket.create_connection((host, port), timeout=CONNECT_S) as connection:
                connection.settimeout(WRITE_S)
                while sent < len(data):
                    sent += connection.send(data[sent:])
            return
        with _device(target) as handle:
            while sent < len(data):
                if not select.select([], [handle], [], WRITE_S)[1]:
                    raise TimeoutError(f"it took nothing for {WRITE_S:g} s")
                sent += os.write(handle, data[sent:])
    except OSError as failed:
        part = "Part of the receipt may be on the paper. " if sent else ""
        raise PrinterFailed(
            f"The printer {target} did not take the receipt: {failed.strerror or failed}.",
            hint=f"{part}The payment stands: it is paid. Look at the printer, then: {again}",
        ) from failed


def _address(target: str) -> tuple[str, int]:
    with contextlib.suppress(ValueError):
        address = urlsplit(target)
        if address.hostname and address.path in {"", "/"} and address.port != 0:
            return address.hostname, address.port or PORT
    raise InvalidInput(
        f"{target!r} is no printer's address.", hint="Right: --printer tcp://192.168.1.50:9100"
    )


@contextlib.contextmanager
def _device(target: str) -> Iterator[int]:
    mode = Path(target).stat().st_mode
    if not (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
        raise InvalidInput(
            f"{target} is not a printer's device.",
            hint=f"Right: --printer /dev/usb/lp0 or tcp://192.168.1.50:9100. To write a file: --output {target}",
        )
    handle = os.open(target, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
