"""A process that was frozen while it sent: what has not left in time does not leave when it wakes."""

import socket
import threading
from pathlib import Path

import pytest
from daraja_servers import OK, REQUEST, loopback, says, with_token
from frozen_post import frozen_at

from mpesa_cli.daraja.answers import Accepted, Undelivered
from mpesa_cli.floor.gate import Deadline, Gate, LateError
from mpesa_cli.floor.wire.exchange import TOTAL_S, Limits
from mpesa_cli.payments.settle import SENDER_LOST_AFTER_S


@pytest.mark.parametrize("step", ["connect 1 after", "send 1 before", "send 1 after"])
def test_the_body_of_a_post_that_was_frozen_before_it_never_leaves_afterwards(step: str) -> None:
    """``send 1`` is the head."""
    woken = frozen_at(step)
    assert (woken.outcome, woken.late) == ("NeverSent late", b"")


class Clock:
    def __init__(self) -> None:
        self.at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.mark.parametrize(
    ("steady_s", "wall_s", "left"),
    [(44, 44, True), (45, 0, False), (0, 45, False), (1, -4, True), (1, -6, False), (-6, 1, False), (600, -590, False)],
)
def test_the_gate_stands_open_only_while_both_clocks_say_so(steady_s: float, wall_s: float, left: bool) -> None:
    wall, steady = Clock(), Clock()
    deadline = Deadline(45, wall, steady)
    gate = Gate(b"body", deadline)
    wall.at_s, steady.at_s = wall.at_s + wall_s, steady.at_s + steady_s
    assert (deadline.left_s() > 0) is left
    if left:
        assert list(gate.passing()) == [b"body"]
    else:
        with pytest.raises(LateError):
            list(gate.passing())
    assert gate.opened is left


def test_a_gate_that_was_late_once_stays_shut_though_its_clock_is_set_back() -> None:
    wall = Clock()
    gate = Gate(b"body", Deadline(45, wall, Clock()))
    wall.at_s += 46
    with pytest.raises(LateError):
        list(gate.passing())
    wall.at_s -= 4
    assert gate.shut()


def test_a_push_whose_time_is_over_sends_nothing(tmp_path: Path) -> None:
    """The time begins before the POST is announced: a process frozen in between comes too late."""
    with loopback(says(OK)) as server:
        client = with_token(server.url, tmp_path)
        wall = Clock()
        by = Deadline(45, wall)
        wall.at_s += 50
        assert client.push(REQUEST, by) == Undelivered("late", "the time in which it may be sent was over", "no")
        assert server.posts == []
        assert isinstance(client.push(REQUEST, Deadline(45)), Accepted)


def test_an_exchange_that_was_answered_closes_as_usual(tmp_path: Path) -> None:
    ended: list[bytes] = []
    done = threading.Event()

    def until_the_end(connection: socket.socket, _: object) -> None:
        connection.sendall(OK)
        ended.append(connection.recv(1))
        done.set()

    with loopback(until_the_end) as server:
        assert isinstance(with_token(server.url, tmp_path).push(REQUEST), Accepted)
        assert done.wait(10)
    assert ended == [b""]


def test_nobody_is_called_lost_whose_post_may_still_leave() -> None:
    assert Limits().total_s == TOTAL_S
    assert SENDER_LOST_AFTER_S >= TOTAL_S + 15


def test_what_the_kernel_could_not_deliver_is_thrown_away_when_the_exchange_is_given_up(tmp_path: Path) -> None:
    """The server never reads, so the body waits in buffers; giving up resets the connection."""
    ended: list[BaseException | bytes] = []
    over, taken = threading.Event(), threading.Event()

    def never_reads(connection: socket.socket) -> None:
        taken.set()
        over.wait(20)
        connection.settimeout(5)
        try:
            while part := connection.recv(65536):
                ended.append(part)
            ended.append(b"")
        except OSError as error:
            ended.append(error)
        done.set()

    done = threading.Event()
    with loopback() as server:
        server.on_accept = never_reads
        client = with_token(server.url, tmp_path, limits=Limits(connect_s=1, read_s=10, write_s=10, total_s=0.5))
        client.push(REQUEST)
        assert taken.wait(5)
        over.set()
        assert done.wait(10)
    assert isinstance(ended[-1], ConnectionResetError)
