"""Printers: real sockets, real devices; one that does not answer never holds the counter up."""

import contextlib
import json
import os
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.receipts import printer

Run = Callable[..., Any]


@pytest.fixture
def bytes_of(mpesa: Run, tmp_path: Path) -> Callable[..., bytes]:
    """An order that is paid, and its receipt as ESC/POS bytes."""
    assert mpesa("push", "254708374149", "100", "--order", "1", "--yes").status == 0

    def made(*options: str) -> bytes:
        target = tmp_path / "expected.prn"
        assert mpesa("receipt", "1", "-o", str(target), "--force", *options).status == 0
        return target.read_bytes()

    return made


@contextlib.contextmanager
def network_printer() -> Iterator[tuple[str, list[bytes]]]:
    """A printer on loopback that takes one job."""
    printed: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(30)  # a program that never connects fails the test and does not hang it

    def take() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as job:
            printed.append(job.read())

    thread = threading.Thread(target=take)
    thread.start()
    yield f"tcp://127.0.0.1:{listening.getsockname()[1]}", printed
    thread.join(10)
    listening.close()


def test_a_network_printer_gets_the_whole_receipt(mpesa: Run, bytes_of: Callable[..., bytes]) -> None:
    with network_printer() as (address, printed):
        done = mpesa("receipt", "1", "--printer", address, "--paper", "58", "--copy")
    assert (done.status, done.stdout) == (0, "")
    assert printed == [bytes_of("--paper", "58", "--copy")]


def test_a_device_gets_the_whole_receipt(mpesa: Run, bytes_of: Callable[..., bytes]) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    expected = bytes_of()
    assert mpesa("receipt", "1", "--printer", os.ttyname(slave)).status == 0
    printed = b""
    while len(printed) < len(expected):
        printed += os.read(master, 4096)
    os.close(master)
    os.close(slave)
    assert printed == expected


def test_a_printer_that_is_off_leaves_the_payment_paid(mpesa: Run, bytes_of: Callable[..., bytes]) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    closed.close()
    failed = mpesa("receipt", "1", "--printer", address, "--paper", "58", "--format", "escpos", "--json")
    assert failed.status == 2  # --json asks for another format than escpos
    failed = mpesa("receipt", "1", "--printer", address, "--paper", "58")
    assert failed.status == 5
    assert "The payment stands" in failed.stderr
    assert "The money has come in." in failed.stderr
    assert f"mpesa receipt 1 --printer {address} --paper 58" in failed.stderr
    assert json.loads(mpesa("status", "1", "--json").stdout)["status"] == "paid"


def test_a_device_that_takes_nothing_is_given_up(
    mpesa: Run, bytes_of: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer, "WRITE_S", 0.05)
    stuck = tmp_path / "lp0"
    os.mkfifo(stuck)
    reader = os.open(stuck, os.O_RDONLY | os.O_NONBLOCK)
    filler = os.open(stuck, os.O_WRONLY | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(filler, b"\0" * 65_536)
    failed = mpesa("receipt", "1", "--printer", str(stuck))
    assert failed.status == 5
    assert "took nothing for 0.05 s" in failed.stderr
    assert "Part of the receipt" not in failed.stderr
    os.read(reader, 4096)  # a page of room: the printer takes a part and stops again
    data = bytes_of()
    with pytest.raises(printer.PrinterFailed, match="took nothing") as partly:
        printer.send_to_printer(str(stuck), data * 10, "again")
    assert "Part of the receipt may be on the paper" in partly.value.hint
    os.close(reader)
    os.close(filler)


def test_a_network_printer_that_stops_taking_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer, "WRITE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(printer.PrinterFailed) as failed:
            printer.send_to_printer(address, b"\0" * (64 << 20), "again")
    assert "Part of the receipt" in failed.value.hint
    assert failed.value.money_moved == "yes"


@pytest.mark.parametrize("target", ["tcp://", "tcp://:9100", "tcp://host:0", "tcp://host:99999", "tcp://host:9100/lp"])
def test_what_is_no_address_is_refused(mpesa: Run, bytes_of: Callable[..., bytes], target: str) -> None:
    assert mpesa("receipt", "1", "--printer", target).status == 2


def test_a_file_is_not_taken_for_a_printer(mpesa: Run, bytes_of: Callable[..., bytes], tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    refused = mpesa("receipt", "1", "--printer", str(mine))
    assert refused.status == 2
    assert "--output" in refused.stderr
    assert mine.read_text() == "mine"
    assert mpesa("receipt", "1", "--printer", str(tmp_path / "none")).status == 5
