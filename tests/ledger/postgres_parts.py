"""What tests of the engine on PostgreSQL share: a ledger without a shop, and a network that can be cut."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev

Open = Callable[..., Ledger]


def note(ledger: Ledger, word: str) -> None:
    """One transaction that leaves one row in the journal."""
    with ledger.write() as tx:
        tx.chain(ev.Record("begun", 1, {"word": word}, {}), "", None)


def words(ledger: Ledger) -> list[str]:
    return [str(facts)[9:-2] for (facts,) in ledger.rows("SELECT facts FROM journal ORDER BY seq")]


class Between:
    """A network between us and a server, which loses what the server says once it is told to.

    ``swallows``: nothing comes through in either direction any more, and every connection stays open.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.deaf = self.swallows = False
        self.cut_on = b""
        self._open: list[socket.socket] = []
        self._lost: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for one, other, ours in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass, args=(one, other, ours), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, ours: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if ours and self.cut_on and self.cut_on in data:
                    self.cut_on, self.deaf = b"", True
                    other.sendall(data)
                    time.sleep(0.2)  # the server has it, and has answered
                    one.shutdown(socket.SHUT_RDWR)
                    other.shutdown(socket.SHUT_RDWR)
                    self.deaf = False
                    return
                if not self.swallows and one not in self._lost and not (self.deaf and not ours):
                    other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)

    def swallow_what_is_open(self) -> None:
        """Lose everything on the connections that are open now; those that come are served."""
        self._lost |= {*self._open}

    def close(self) -> None:
        self._listening.close()
        for each in self._open:
            each.close()
