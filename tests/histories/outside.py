"""What the program finds in place of time, threads and the network while the machine plays. Not a test.

The program's own modules stay as they are: where they say ``time`` or ``threading`` they mean these, and httpcore's
lowest layer, the one that opens sockets, is replaced by one that leads to the simulator.
"""

import contextlib
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
from baton import Baton

from mpesa_cli.simulator.wire import Reply, Request

Host = Callable[[Request], Reply]
CLOCK_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", -1)


class Time:
    """The module ``time``, on the machine's clock."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        return self._baton.now_us() / 1e6

    def time_ns(self) -> int:
        return self._baton.now_us() * 1000

    def monotonic(self) -> float:
        return self._baton.monotonic()

    def monotonic_ns(self) -> int:
        return round(self._baton.monotonic() * 1e9)

    perf_counter = monotonic

    def clock_gettime(self, clock: int) -> float:
        if clock == time.CLOCK_REALTIME:
            return self.time()
        return self._baton.true_us / 1e6 if clock == CLOCK_BOOTTIME else self.monotonic()

    def clock_gettime_ns(self, clock: int) -> int:
        return round(self.clock_gettime(clock) * 1e9)

    def sleep(self, seconds: float) -> None:
        self._baton.sleep(seconds)


class Thread:
    """``threading.Thread`` as one more task of the process that starts it."""

    def __init__(self, baton: Baton, target: Callable[..., object], args: tuple[Any, ...] = (),
                 kwargs: dict[str, Any] | None = None) -> None:
        self._baton, self._work = baton, lambda: target(*args, **(kwargs or {}))
        self._task: Any = None
        self.ident: int | None = None

    def start(self) -> None:
        self.ident = 1
        self._task = self._baton.thread_of(self._work)
        if self._task is None:
            self._work()

    def join(self, timeout: float | None = None) -> None:
        if self._task is not None:
            self._baton.wait_for(lambda: self._task.over, timeout)

    def is_alive(self) -> bool:
        return self._task is not None and not self._task.over


class Threading:
    """The module ``threading``. Locks may be real ones: no point lies inside of what they guard."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)

    def Thread(self, *_: Any, target: Any = None, args: Any = (), kwargs: Any = None, **__: Any) -> Thread:
        return Thread(self._baton, target, args, kwargs)


class SimpleQueue:
    """``queue.SimpleQueue`` whose waiting lets others run."""

    def __init__(self, baton: Baton) -> None:
        self._baton, self._held = baton, []  # type: ignore[var-annotated]

    def put(self, item: Any) -> None:
        self._held.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if not self._held and block:
            self._baton.wait_for(lambda: bool(self._held), timeout)
        if not self._held:
            raise queue.Empty
        return self._held.pop(0)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def empty(self) -> bool:
        return not self._held

    def qsize(self) -> int:
        return len(self._held)


class Queue:
    """The module ``queue``."""

    def __init__(self, baton: Baton) -> None:
        self._baton = baton

    def __getattr__(self, name: str) -> Any:
        return getattr(queue, name)

    def SimpleQueue(self) -> SimpleQueue:
        return SimpleQueue(self._baton)


class _Socket(socket.socket):
    """One end of a pair, so that whoever shuts it down has done so; closed with the process that held it."""

    def __del__(self) -> None:
        self.close()


def _socket_pair() -> tuple[_Socket, _Socket]:
    mine, other = socket.socketpair()
    return _Socket(fileno=mine.detach()), _Socket(fileno=other.detach())


class Stream:
    """One connection. Every write is a system call at which its process can be stopped."""

    def __init__(self, network: "Network") -> None:
        self._network, self._sent, self._answer, self._reply = network, b"", b"", None  # type: ignore[var-annotated]
        self._writes, self._late = 0, False
        self._wrote_us = network.baton.true_us
        self._ends: tuple[_Socket, _Socket] | None = None

    def start_tls(self, *_: Any, **__: Any) -> "Stream":
        return self

    def get_extra_info(self, info: str) -> Any:
        if info != "socket":
            return None
        self._ends = self._ends or _socket_pair()
        return self._ends[0]

    def _check_open(self, *, to_read: bool) -> None:
        """Raise what a socket raises that was shut down meanwhile."""
        if self._ends is None:
            return
        try:
            if to_read:
                if self._ends[0].recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                    raise httpcore.ReadError("shut down")
            else:
                self._ends[0].send(b"-", socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            raise httpcore.WriteError("shut down") from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        what = "the head" if not self._writes else "the body"
        self._network.baton.point(f"before {what} leaves")
        self._check_open(to_read=False)
        self._writes += 1
        self._sent += buffer
        request = _whole(self._sent)
        if request is not None and self._reply is None:
            self._reply = self._network.answer(request)
            self._answer = _bytes_of(self._reply)
        self._network.baton.point(f"{what} has left")

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        reply = self._reply
        if reply is None:
            raise httpcore.ReadError("connection reset by peer")
        if reply.fault == "drop_before":
            raise httpcore.ReadError("connection reset by peer")
        if reply.fault == "drop_after" or (timeout is not None and reply.delay_s > timeout):
            self._network.baton.sleep(timeout or 30)
            raise httpcore.ReadTimeout("the read operation timed out")
        if reply.delay_s:
            self._network.baton.sleep(reply.delay_s)
            self._reply = _without_delay(reply)
        if reply.callback_first:
            self._network.callbacks_first()
        self._check_open(to_read=True)
        self._network.baton.point("the answer is read")
        piece, self._answer = self._answer[:max_bytes], self._answer[max_bytes:]
        return piece

    def close(self) -> None:
        for end in self._ends or ():
            end.close()


class Network:
    """What the program's connections lead to: the simulator, while the line is up."""

    def __init__(self, baton: Baton, host: Host) -> None:
        self.baton, self._host = baton, host
        self.down_until_us = 0
        self.callbacks_first: Callable[[], None] = lambda: None

    def answer(self, request: Request) -> Reply:
        return self._host(request)

    def connect_tcp(self, *_: Any, **__: Any) -> Stream:
        self.baton.point("connecting")
        if self.baton.true_us < self.down_until_us:
            raise httpcore.ConnectError("no route to host")
        return Stream(self)

    def sleep(self, seconds: float) -> None:
        self.baton.sleep(seconds)


def _whole(sent: bytes) -> Request | None:
    """The request, once all of it is there."""
    head, found, body = sent.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    length = int(headers.get("content-length", "0"))
    return Request(method, path, headers, body) if len(body) >= length else None


def _bytes_of(reply: Reply) -> bytes:
    head = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in reply.headers.items())]
    body = reply.body[: len(reply.body) // 2] if reply.fault == "truncate" else reply.body
    return "\r\n".join([*head, "connection: close", "", ""]).encode() + body


def _without_delay(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, reply.content_type, 0.0, reply.fault, reply.callback_first)


@contextlib.contextmanager
def installed(baton: Baton, network: Network) -> Iterator[None]:
    """The program's modules on this clock and this network, for as long as the block runs."""
    import httpcore._sync.connection as one
    import httpcore._sync.connection_pool as pool

    stand_ins = {time: Time(baton), threading: Threading(baton), queue: Queue(baton)}
    changed: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        changed.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    for module in [m for name, m in sys.modules.items() if name.startswith("mpesa_cli.") and _is_played(name)]:
        for real, stand_in in stand_ins.items():
            for name, value in list(vars(module).items()):
                if value is real:
                    put(module, name, stand_in)
    for module in (one, pool):
        put(module, "SyncBackend", lambda: network)
    try:
        yield
    finally:
        for owner, name, value in reversed(changed):
            setattr(owner, name, value)


# The ledger's locks between threads, the simulator's store and the API's limits are left real: nobody waits in them.
_REAL = ("mpesa_cli.simulator.", "mpesa_cli.api.tokens.", "mpesa_cli.floor.interrupts", "mpesa_cli.settings.",
         "mpesa_cli.terminal.")


def _is_played(name: str) -> bool:
    return not name.startswith(_REAL)
