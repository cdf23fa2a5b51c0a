"""The gate through which one request's body leaves: once and in time, or never.

One fact decides what a failed request proves: whether its body was ever handed over. So the HTTP library gets
the body from here, and the gate is shut for good when the request is given up or its deadline has passed: a process
that was frozen or a machine that slept between head and body sends nothing when it wakes.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mpesa_cli.floor.machine import since_boot_s

MAY_RUN_BACK_S = 5.0
"""The most that a clock may be set back and count as corrected; after more, nobody can say how late it is."""

_NO_LINGER = struct.pack("ii", 1, 0)
_AS_USUAL = struct.pack("ii", 0, 0)


class Deadline:
    """A moment ``total_s`` seconds from now, on two clocks: the machine's own, and the wall clock."""

    def __init__(
        self, total_s: float, wall_s: Callable[[], float] = time.time, steady_s: Callable[[], float] = since_boot_s
    ) -> None:
        """The time begins now."""
        self._total_s = total_s
        self._began = [(clock, clock()) for clock in (steady_s, wall_s)]

    def left_s(self) -> float:
        """Seconds left; 0 once it has passed on either clock, or one of them ran backwards by more than 5 s."""
        passed = [clock() - began for clock, began in self._began]
        if min(passed) < -MAY_RUN_BACK_S:
            return 0.0
        return max(0.0, self._total_s - max(passed))


class GivenUpError(Exception):
    """A request that the waiting side gave up before its body was asked for."""


class LateError(Exception):
    """A request whose body was asked for after its deadline."""


class Gate:
    """The one decision whether a body leaves, shared by the thread that sends and the one that waits."""

    def __init__(self, body: bytes | None, deadline: Deadline) -> None:
        """``body`` None: nothing has to be proven of this request, and the gate stands open."""
        self._body = body or b""
        self._deadline = deadline
        self._lock = threading.Lock()
        self._given_up = False
        self._socket: socket.socket | None = None
        self._is_handed_over = False  # to the kernel
        self.opened = body is None

    def passing(self) -> Iterator[bytes]:
        """The body, if it is still wanted and in time. Raises GivenUpError or LateError: then it never leaves."""
        with self._lock:
            if self._given_up:
                raise GivenUpError
            self._let_nothing_linger()
            # The last step before the body is handed over: the time from here to the kernel is measured
            # (bench/frozen.py).
            self.opened = self._deadline.left_s() > 0
            if not self.opened:
                self._given_up = True
                raise LateError
        yield self._body

    @property
    def is_late(self) -> bool:
        """Whether the body has not left and its time is over."""
        return not self.opened and self._deadline.left_s() <= 0

    @property
    def is_connected(self) -> bool:
        """Whether there was ever a connection to send it over."""
        return self._socket is not None

    def shut(self) -> bool:
        """Give up. True where the body has not left, and now never will."""
        with self._lock:
            self._given_up = True
            if self.opened and self._socket is not None:
                # The other thread wakes and closes, which drops what the kernel has not sent yet; if it has not
                # begun to send, it can't any more. Not the TLS socket's own shutdown: that would take TLS off.
                how = socket.SHUT_RD if self._is_handed_over else socket.SHUT_RDWR
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, how)
            return not self.opened

    def told(self, event: str, info: Mapping[str, Any]) -> None:
        """Take the HTTP library's events (httpcore's ``trace``): which socket it uses, and when an answer is whole."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
        elif event.endswith("send_request_body.complete"):
            self._is_handed_over = True
        elif event.endswith("receive_response_body.complete"):
            self._set(socket.SOL_SOCKET, socket.SO_LINGER, _AS_USUAL)

    def _let_nothing_linger(self) -> None:
        """Make sure that the kernel does not deliver later what it could not deliver in time.

        It gives up with the deadline, and closing before a whole answer has come resets the connection.
        """
        self._set(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            left_ms = max(1, int(self._deadline.left_s() * 1000))
            self._set(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, left_ms)

    def _set(self, level: int, option: int, value: int | bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(level, option, value)
