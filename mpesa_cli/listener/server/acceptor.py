"""The taking of new connections: never more at once than there is room for, and none without free descriptors.

asyncio's own server accepts two thousand at a time. Where descriptors run out it logs each of them with
a traceback, and sets as many timers to try again: measured, 5 MB of log a second, while callbacks timed out.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Callable

from mpesa_cli.listener.server.connections import ConnectionTable
from mpesa_cli.listener.server.protocol import DeadlineProtocol
from mpesa_cli.listener.server.refusals import Refusals

AT_ONCE = 64
TRY_AGAIN_S = 1.0
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """The taker of connections from one listening socket. Used from the event loop."""

    def __init__(
        self,
        listening: socket.socket,
        connected: Callable[[], DeadlineProtocol],
        table: ConnectionTable,
        refusals: Refusals,
        *,
        tls: ssl.SSLContext | None,
        handshake_s: float,
    ) -> None:
        """``connected`` makes the protocol of a connection; ``tls`` None takes plain ones."""
        self._listening = listening
        self._connected = connected
        self._table = table
        self._refusals = refusals
        self._tls = tls
        self._handshake_s = handshake_s
        self._loop = asyncio.get_running_loop()
        self._coming: Counter[str] = Counter()  # accepted, and not yet a connection: their TLS may take a while
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None
        self._is_open = False
        self._is_paused = True
        table.when_closed = self._go_on

    def start(self) -> None:
        """Take connections from now on."""
        self._is_open = True
        self._go_on()

    def stop(self) -> None:
        """Take no more; the port is closed. Those on their way still become connections."""
        self._is_open = False
        self._pause()
        self._listening.close()

    def _go_on(self) -> None:
        if not self._is_open or not self._is_paused:
            return
        self._is_paused = False
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self._loop.add_reader(self._listening, self._accept)

    def _pause(self, for_s: float | None = None) -> None:
        """Leave newcomers in the kernel's queue until a connection ends, or ``for_s`` seconds are over."""
        self._is_paused = True
        self._loop.remove_reader(self._listening)
        if for_s is not None and self._again is None:
            self._again = self._loop.call_later(for_s, self._go_on)

    def _accept(self) -> None:
        room = min(AT_ONCE, self._table.room - self._coming.total())
        if room <= 0:
            if not self._table.has_eldest:  # every one of them is being answered, or shakes hands
                self._pause(TRY_AGAIN_S)
                return
            room = 1  # the connection that has owed its request for longest makes room
        for _ in range(room):
            try:
                sock, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                self._refusals.note("no file descriptors left for a connection", "")
                self._table.cut_off_eldest()
                self._pause(TRY_AGAIN_S)  # or until a connection ends
                return
            self._admit(sock, str(address[0]))

    def _admit(self, sock: socket.socket, address: str) -> None:
        share = self._table.share_for(address)
        if share and self._table.held_by(share) + self._coming[share] >= self._table.share:
            self._refusals.note("too many connections from one address", address)
            sock.close()
            return
        sock.setblocking(False)
        self._coming[share] += 1
        task = self._loop.create_task(self._connect(sock, share))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, sock: socket.socket, share: str) -> None:
        is_coming = True

        def came() -> None:
            nonlocal is_coming
            if is_coming:
                is_coming = False
                self._coming[share] -= 1
                if not self._coming[share]:
                    del self._coming[share]

        def connected() -> DeadlineProtocol:
            protocol = self._connected()
            protocol.when_made = came  # from then on it is counted as a connection
            return protocol

        try:
            await self._loop.connect_accepted_socket(
                connected, sock, ssl=self._tls, ssl_handshake_timeout=self._handshake_s if self._tls else None
            )
        except (OSError, ssl.SSLError):  # it went, or did not speak TLS
            sock.close()
        finally:
            came()
