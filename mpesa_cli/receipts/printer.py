"""Bytes to a thermal printer: a device file, or ``tcp://host:9100``. Never waits longer than the limits here."""

import contextlib
import os
import re
import socket
import time
from urllib.parse import urlsplit

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import InvalidInput, Temporary

CONNECT_S = 5.0
WRITE_S = 10.0
CLOSE_S = 3.0
STATUS_S = 0.5
PORT = 9_100
_LOOKS, _LOOK_S = 10, 0.02
# ESC/POS: DLE EOT 4 asks for the state of the paper, at any time. Of the answer these bits are always the same, and
# these say that the paper has ended.
_ASK_PAPER = b"\x10\x04\x04"
_FIXED, _ALWAYS, _PAPER_ENDED = 0x93, 0x12, 0x60


class PrinterFailed(Temporary):
    """A receipt that the printer did not take, or not all of it. The payment stays paid."""

    code = "printer-failed"
    money_moved = "yes"


def send_to_printer(
    target: str, data: bytes, again: str, *, word: str = "receipt", stands: str = "The payment stands: it is paid."
) -> None:
    """Send all of ``data``, and see that the printer took it. ``again`` is the command that prints it another time,
    ``word`` what it is, and ``stands`` what is so whether it is printed or not.

    Raises InvalidInput where ``target`` names no printer, PrinterFailed where it does not take the bytes, or says
    that it can't print.
    """
    address, sent = _address(target), 0
    try:
        if address is not None:
            with socket.create_connection(address, timeout=CONNECT_S) as connection:
                connection.settimeout(WRITE_S)
                while sent < len(data):
                    sent += connection.send(data[sent:])
                is_done = _is_taken(connection)
            _look_at_status(address, is_done=is_done)
            return
        _check_device(target)
        for taken in machine.printing(target, data, WRITE_S):
            sent += taken
    except OSError as failed:
        part = f"Part of the {word} may be on the paper. " if sent else ""
        raise PrinterFailed(
            f"The printer {target} did not take the {word}: {failed.strerror or failed}.",
            hint=f"{part}{stands} Look at the printer, then: {again}",
        ) from failed


def _is_taken(connection: socket.socket) -> bool:
    """Whether the printer has read the job to its end: told that there is no more, it closes its side too.

    False where it does nothing of the kind in time. Raises OSError where it has thrown away what was sent.
    """
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(CLOSE_S)
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    # Closed before it read everything: the refusal of the rest follows its goodbye.
    for _ in range(_LOOKS):
        if failed := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionResetError(failed, os.strerror(failed))
        if not machine.unconfirmed_bytes(connection):
            return True
        time.sleep(_LOOK_S)
    raise ConnectionResetError("it closed the connection before it had read everything")


def _look_at_status(address: tuple[str, int], *, is_done: bool) -> None:
    """Ask a printer how it is, on a connection of its own. One that does not answer may be of a kind that never does:
    then the job must have been read to its end. Raises OSError where it says that it can't print."""
    answers = b""
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=STATUS_S) as connection:
        connection.settimeout(STATUS_S)
        connection.sendall(_ASK_PAPER)
        answers = connection.recv(16)
    said = [answer for answer in answers if answer & _FIXED == _ALWAYS]
    if said and said[-1] & _PAPER_ENDED:
        raise OSError("it says that it is out of paper")
    if not said and not is_done:
        raise TimeoutError(f"it did not say within {CLOSE_S:g} s that it had read it all")


def _address(target: str) -> tuple[str, int] | None:
    """Host and port of a printer on the network; None for a device. Raises InvalidInput for what is neither."""
    if not target.lower().startswith("tcp://"):
        if machine.names_a_device(target) and "://" not in target:
            return None
        host = target.rpartition("//")[2].strip("/") or "192.168.1.50"
        named = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?", host)
        raise InvalidInput(
            f"{target!r} is no printer: neither an address nor a device.",
            hint=f"Nothing was printed. Right: --printer tcp://{_with_port(host if named else '192.168.1.50')} or "
            f"--printer {machine.A_PRINTER}",
        )
    with contextlib.suppress(ValueError):
        address = urlsplit(target)
        spare = address.username or address.query or address.fragment
        if address.hostname and address.path in {"", "/"} and address.port != 0 and not spare:
            return address.hostname, address.port or PORT
    raise InvalidInput(
        f"{target!r} is no printer's address.",
        hint="Nothing was printed. Right: --printer tcp://192.168.1.50:9100",
    )


def _with_port(host: str) -> str:
    return host if ":" in host else f"{host}:{PORT}"


def _check_device(target: str) -> None:
    if not machine.is_printer(target):
        raise InvalidInput(
            f"{target} is not a printer's device.",
            hint=f"Right: --printer {machine.A_PRINTER} or tcp://192.168.1.50:9100. To write a file: --output {target}",
        )
