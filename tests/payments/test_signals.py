"""Ctrl-C, SIGTERM, and a reader that has gone: the process leaves well and says truthfully where the money is."""

import contextlib
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from daraja_servers import TOKEN_ANSWER, Behaviour, Loopback, Seen, answer, loopback, payload, says
from shopkeeper import ACCEPTED, ORDER, PHONE, Shopkeeper

from mpesa_cli.floor.interrupts import Interrupts

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
WAIT_S = 30


@dataclass
class Gate:
    """A server's behaviour that answers only when a test lets it."""

    answer: bytes
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, connection: socket.socket, _: Seen) -> None:
        self.reached.set()
        if self.opened.wait(WAIT_S):
            connection.sendall(self.answer)


class Running:
    """A command that runs, and what it has said so far."""

    def __init__(self, clerk: Shopkeeper, *argv: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **clerk.environ, "MPESA_HOME": str(clerk.home)},
        )
        self.said = ""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._lines.put(line)
        self._lines.put("")

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def until(self, words: str) -> None:
        """Wait until it has said this."""
        while words not in self.said:
            line = self._lines.get(timeout=WAIT_S)
            assert line, f"it ended without saying {words!r}: {self.said}"
            self.said += line

    def end(self) -> tuple[int, str, str]:
        """Its exit status, and all that it printed and said."""
        assert self._process.stdout
        assert self._process.stderr
        out = self._process.stdout.read()
        status = self._process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        while line := self._lines.get(timeout=WAIT_S):
            self.said += line
        return status, out, self.said

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join(WAIT_S)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream
            stream.close()


@contextlib.contextmanager
def running(clerk: Shopkeeper, *argv: str) -> Iterator[Running]:
    process = Running(clerk, *argv)
    try:
        yield process
    finally:
        process.close()


@contextlib.contextmanager
def selling(shopkeeper: Shopkeeper, push: Behaviour, oauth: Behaviour | None = None) -> Iterator[tuple[Any, ...]]:
    """A server, who sells at it, and a push that runs."""
    with loopback(push, oauth=oauth or says(TOKEN_ANSWER)) as server:
        clerk = shopkeeper.at(server.url)
        with running(clerk, "push", PHONE, "100", "--order", ORDER, "--timeout", "60") as process:
            yield server, clerk, process


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_before_anything_was_sent_it_leaves_at_once_and_says_so(
    shopkeeper: Shopkeeper, number: int, status: int
) -> None:
    oauth = Gate(TOKEN_ANSWER)
    with selling(shopkeeper, says(ACCEPTED), oauth) as (server, clerk, process):
        assert oauth.reached.wait(WAIT_S)
        process.send(number)
        ended, out, said = process.end()
        assert (ended, out) == (status, "")
        assert "Nothing was sent, so nothing was charged" in said
        oauth.opened.set()
        assert (server.posts, clerk.state()) == ([], None)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
@pytest.mark.parametrize(
    ("answered", "state", "words"),
    [
        (ACCEPTED, "pending", "can still be paid"),
        (answer(504, b""), "unknown", "can still be paid"),
        (answer(400, payload("stkpush.error.400.invalid-phone.json")), "rejected", "was not paid"),
    ],
)
def test_while_the_post_is_in_the_air_it_waits_for_the_answer_and_stores_it(
    shopkeeper: Shopkeeper, number: int, status: int, answered: bytes, state: str, words: str
) -> None:
    gate = Gate(answered)
    with selling(shopkeeper, gate) as (server, clerk, process):
        assert gate.reached.wait(WAIT_S)
        process.send(number)
        process.until("Stopping once Daraja's answer is stored")
        gate.opened.set()
        ended, out, said = process.end()
        assert (ended, out) == (status, "")
        assert words in said
        assert f"mpesa status {ORDER}" in said
        assert (len(server.posts), clerk.state()) == (1, state)


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_a_second_signal_in_the_air_leaves_at_once_and_the_outcome_is_unknown(
    shopkeeper: Shopkeeper, number: int, status: int
) -> None:
    gate = Gate(ACCEPTED)
    with selling(shopkeeper, gate) as (server, clerk, process):
        assert gate.reached.wait(WAIT_S)
        process.send(number)
        process.until("Stopping once Daraja's answer is stored")
        process.send(number)
        ended, _, said = process.end()
        assert ended == status
        assert "can still be paid" in said
        assert (len(server.posts), clerk.state()) == (1, "unknown")
        gate.opened.set()
        with running(clerk, "push", PHONE, "100", "--order", ORDER, "--no-wait") as again:
            assert again.end()[0] == 6
        assert len(server.posts) == 1


def test_a_terminal_that_hangs_up_twice_in_the_air_is_waited_out(shopkeeper: Shopkeeper) -> None:
    """The kernel and the shell both send it; the second is no person who will not wait."""
    gate = Gate(ACCEPTED)
    with selling(shopkeeper, gate) as (server, clerk, process):
        assert gate.reached.wait(WAIT_S)
        process.send(signal.SIGHUP)
        process.until("Stopping once Daraja's answer is stored")
        process.send(signal.SIGHUP)
        gate.opened.set()
        ended, out, said = process.end()
        assert (ended, out) == (143, "")
        assert "can still be paid" in said
        assert (len(server.posts), clerk.state()) == (1, "pending")


def test_what_was_told_to_ignore_a_hangup_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, object] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    for before, taken in ((signal.SIG_IGN, False), (signal.SIG_DFL, True)):
        handlers.clear()
        monkeypatch.setattr(signal, "getsignal", lambda _, before=before: before)
        Interrupts(lambda _: None).install()
        assert (signal.SIGHUP in handlers) is taken
        assert {signal.SIGINT, signal.SIGTERM} <= handlers.keys()


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_while_it_waits_for_the_customer_it_leaves_at_once_and_says_that_it_can_be_paid(
    shopkeeper: Shopkeeper, number: int, status: int
) -> None:
    with selling(shopkeeper, says(ACCEPTED)) as (server, clerk, process):
        process.until("Waiting for the customer's PIN")
        process.send(number)
        ended, out, said = process.end()
        assert (ended, out) == (status, "")
        assert "can still be paid" in said
        assert f"mpesa status {ORDER}" in said
        assert (len(server.posts), clerk.state()) == (1, "pending")


@pytest.mark.parametrize(("number", "status"), SIGNALS)
def test_between_two_tries_that_were_not_delivered_it_says_that_nothing_was_sent(
    shopkeeper: Shopkeeper, number: int, status: int
) -> None:
    spike = answer(500, payload("stkpush.error.500.spike-arrest.json"))
    with selling(shopkeeper, says(spike)) as (server, clerk, process):
        process.until("Nothing was charged; trying again")
        process.send(number)
        ended, _, said = process.end()
        assert ended == status
        assert "Nothing was sent, so nothing was charged" in said
        assert (len(server.posts), clerk.state()) == (1, "not_sent")


@pytest.mark.parametrize("command", ["status", "retry"])
def test_other_commands_leave_at_once_too(shopkeeper: Shopkeeper, command: str) -> None:
    query = Gate(answer(200, payload("stkquery.response.pending-4999.json")))
    with loopback(says(ACCEPTED), stkpushquery=query) as server:
        clerk = shopkeeper.at(server.url)
        with running(clerk, "push", PHONE, "100", "--order", ORDER, "--no-wait") as pushed:
            assert pushed.end()[0] == 0
        with running(clerk, command, ORDER) as process:
            assert query.reached.wait(WAIT_S)
            process.send(signal.SIGINT)
            ended, out, said = process.end()
            assert (ended, out) == (130, "")
            assert "Traceback" not in said
        query.opened.set()
        assert (server.count("/processrequest"), clerk.state()) == (1, "pending")


@pytest.mark.parametrize(
    "argv",
    [
        ["push", PHONE, "100", "--order", "piped", "--no-wait"],
        ["push", PHONE, "100", "--order", "piped", "--no-wait", "--json"],
        ["status", ORDER, "--no-refresh"],
        ["status", ORDER, "--no-refresh", "--json"],
        ["status", "nobody", "--json"],
        ["log", ORDER],
        ["history"],
        ["history", "--format", "csv"],
        ["explain", "1032"],
        ["help", "exit-status"],
        ["config", "show"],
        ["simulator", "scenarios"],
        ["--help"],
        ["push", "--help"],
    ],
)
def test_a_reader_that_has_gone_is_no_error(shopkeeper: Shopkeeper, daraja: Loopback, argv: list[str]) -> None:
    clerk = shopkeeper.at(daraja.url)
    clerk.push(phone="254712000001")
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "mpesa_cli", *argv], stdout=closed, stderr=subprocess.PIPE, text=True, timeout=60,
            env={**os.environ, **clerk.environ, "MPESA_HOME": str(clerk.home)}, check=False,
        )
    for complaint in ("Traceback", "BrokenPipe", "Exception ignored"):
        assert complaint not in done.stderr
    waiting = argv[0] == "status" and "nobody" not in argv  # its verdict, whoever reads it
    assert done.returncode == (2 if "nobody" in argv else 8 if waiting else 0), done
    if argv[0] == "push" and "--order" in argv:
        assert clerk.state("piped") == "pending"


def test_a_pipeline_that_takes_nothing_ends_well(shopkeeper: Shopkeeper, daraja: Loopback) -> None:
    clerk = shopkeeper.at(daraja.url)
    clerk.push()
    status = f"{shlex.quote(sys.executable)} -m mpesa_cli status {ORDER} --no-refresh"
    command = f"{status} | head -0; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **clerk.environ, "MPESA_HOME": str(clerk.home)},
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 8}  # 8 where all was written before head was gone
