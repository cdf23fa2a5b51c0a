"""Connections that still owe us something: how many may be open, and for how long.

uvicorn has no deadline for a head or a body that never ends, and its concurrency limit counts idle
connections, so that a stranger's thousand idle ones would make it refuse Safaricom. Here newcomers always
get in: when the table is full, the connection that has owed its request for longest makes room.
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

SHARE = 8  # one address may have an eighth of all connections


def _nobody(_address: str) -> str:
    return ""


class Connection(Protocol):
    """An open connection that can be cut off."""

    def abort(self) -> None:
        """Close at once, without an answer."""


class ConnectionTable:
    """The open connections by number, and of them those whose request is not complete yet, longest-owing first."""

    def __init__(
        self, *, most: int, deadline_s: float, clock: Callable[[], float], share_for: Callable[[str], str] = _nobody
    ) -> None:
        """At most ``most`` connections in all; each may owe for ``deadline_s`` by ``clock``.

        ``share_for`` gives the share that an address counts against, "" for none.
        """
        self._most = most
        self._deadline_s = deadline_s
        self._clock = clock
        self._until: dict[Connection, float] = {}
        self._open = 0
        self._held_by: Counter[str] = Counter()
        self._holders: dict[Connection, str] = {}
        self.share_for = share_for
        self.share = max(16, most // SHARE)
        self.when_closed: Callable[[], None] = lambda: None

    @property
    def room(self) -> int:
        """The number of further connections, before one that owes has to make room."""
        return self._most - self._open

    @property
    def has_eldest(self) -> bool:
        """Whether a connection owes us anything, and so can be cut off."""
        return bool(self._until)

    def held_by(self, share: str) -> int:
        """The number of connections that count against this share."""
        return self._held_by[share]

    def hold(self, connection: Connection, address: str) -> bool:
        """Count a connection, or one request of it, against an address. False where that has its share."""
        self.release(connection)
        share = self.share_for(address)
        if not share:
            return True
        if self._held_by[share] >= self.share:
            return False
        self._held_by[share] += 1
        self._holders[connection] = share
        return True

    def release(self, connection: Connection) -> None:
        """Count the connection against no address any more."""
        share = self._holders.pop(connection, None)
        if share is not None:
            self._held_by[share] -= 1
            if not self._held_by[share]:
                del self._held_by[share]

    def opened(self) -> bool:
        """Count a new connection. False where every one of ``most`` is being answered right now."""
        if self._open >= self._most and not self.cut_off_eldest():
            return False
        self._open += 1
        return True

    def cut_off_eldest(self) -> bool:
        """Cut off the connection that has owed its request for longest. False where none owes anything."""
        eldest = next(iter(self._until), None)
        if eldest is None:
            return False
        self.settled(eldest)
        eldest.abort()
        return True

    def closed(self, connection: Connection) -> None:
        """Note that a counted connection is gone."""
        self._open -= 1
        self.settled(connection)
        self.release(connection)
        self.when_closed()

    def owes(self, connection: Connection, within_s: float | None = None) -> None:
        """Start its clock: for a head, or, once that is there, for a body. ``within_s`` is for a next request."""
        self._until.pop(connection, None)
        self._until[connection] = self._clock() + (self._deadline_s if within_s is None else within_s)

    def settled(self, connection: Connection) -> None:
        """Stop its clock: its request is complete."""
        self._until.pop(connection, None)

    def cut_off_overdue(self) -> int:
        """Cut off every connection that has owed for too long. Returns how many."""
        now = self._clock()
        late = [connection for connection, until in self._until.items() if until <= now]
        for connection in late:
            self.settled(connection)
            connection.abort()
        return len(late)
