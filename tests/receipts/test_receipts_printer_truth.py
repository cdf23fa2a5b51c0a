"""A receipt is called sent only where the printer took it all: whatever it does instead ends with 5."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mpesa_cli.receipts import printer

Run = Callable[..., Any]
Does = Callable[[socket.socket], None]
RESET = struct.pack("ii", 1, 0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer, "CLOSE_S", 0.2)
    monkeypatch.setattr(printer, "STATUS_S", 0.2)


@contextlib.contextmanager
def doing(job: Does, status: Does = lambda connection: connection.close()) -> Iterator[str]:
    """A printer that does this with its first connection, and that with the next one."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            for does in (job, status):
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    held.append(connection)
                    does(connection)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for connection in held:
            connection.close()


def reads_all(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass
    connection.close()


def closes(connection: socket.socket) -> None:
    connection.close()


def resets(connection: socket.socket) -> None:
    connection.recv(16)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def takes_a_part(connection: socket.socket) -> None:
    connection.recv(16)
    connection.close()


def never_reads(_: socket.socket) -> None:
    """And never closes."""


def answers(state: int) -> Does:
    def answer(connection: socket.socket) -> None:
        assert connection.recv(16) == b"\x10\x04\x04"
        connection.sendall(bytes([state]))

    return answer


@pytest.fixture
def receipt(mpesa: Run) -> Callable[[str], Any]:
    assert mpesa("push", "254708374149", "100", "--order", "1", "--yes").status == 0
    return lambda target: mpesa("receipt", "1", "--printer", target)


@pytest.mark.parametrize("job", [closes, resets, takes_a_part, never_reads], ids=lambda job: job.__name__)
def test_a_printer_that_does_not_take_it_all_is_no_success(receipt: Callable[[str], Any], job: Does) -> None:
    with doing(job) as target:
        said = receipt(target)
    assert said.status == 5
    assert "did not take the receipt" in said.stderr
    assert "was sent to" not in said.stderr
    assert "The payment stands: it is paid." in said.stderr
    assert f"mpesa receipt 1 --printer {target}" in said.stderr


@pytest.mark.parametrize("status", [closes, never_reads, answers(0x12), answers(0x1E), answers(0xFF)])
def test_a_job_that_was_read_to_its_end_is_sent(receipt: Callable[[str], Any], status: Does) -> None:
    with doing(reads_all, status) as target:
        said = receipt(target)
    assert (said.status, f"The receipt was sent to {target}." in said.stderr) == (0, True)


def test_a_printer_that_holds_the_connection_and_says_that_it_is_well_has_it(receipt: Callable[[str], Any]) -> None:
    with doing(never_reads, answers(0x12)) as target:
        assert receipt(target).status == 0


@pytest.mark.parametrize("job", [reads_all, never_reads], ids=lambda job: job.__name__)
def test_a_printer_without_paper_has_printed_nothing(receipt: Callable[[str], Any], job: Does) -> None:
    with doing(job, answers(0x72)) as target:
        said = receipt(target)
    assert said.status == 5
    assert "it says that it is out of paper" in said.stderr


@pytest.mark.parametrize(
    ("target", "right"),
    [
        ("192.168.1.50", "tcp://192.168.1.50:9100"), ("192.168.1.50:9101", "tcp://192.168.1.50:9101"),
        ("printer.local", "tcp://printer.local:9100"), ("http://192.168.1.50", "tcp://192.168.1.50:9100"),
        ("tcp:192.168.1.50", "tcp://192.168.1.50:9100"), ("lp0", "/dev/usb/lp0"), ("", "tcp://192.168.1.50:9100"),
        ("tcp://shop@192.168.1.50", "tcp://192.168.1.50:9100"), ("tcp://192.168.1.50?x", "tcp://192.168.1.50:9100"),
    ],
)
def test_a_wrong_target_is_wrong_usage_and_the_right_form_is_shown(
    receipt: Callable[[str], Any], target: str, right: str
) -> None:
    refused = receipt(target)
    assert refused.status == 2
    assert f"Right: --printer {right}" in refused.stderr or f"--printer {right}" in refused.stderr
    assert "Nothing was printed." in refused.stderr
