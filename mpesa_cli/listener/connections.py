"""Connections that still owe us something: how many may be open, and for how long.

uvicorn has no deadline for a head or a body that never ends, and its concurrency limit counts idle
connections, so that a stranger's thousand idle ones would make it refuse Safaricom. Here newcomers always
get in: when the table is full, the connection that has owed its request for longest makes room.
"""

from collections.abc import Callable
from typing import Protocol


class Connection(Protocol):
    """An open connection that can be cut off."""

    def abort(self) -> None:
        """Close at once, without an answer."""


class Owing:
    """Connections whose request is not complete yet, longest-owing first; and the number of all."""

    def __init__(self, *, most: int, deadline_s: float, clock: Callable[[], float]) -> None:
        """At most ``most`` connections in all; each may owe for ``deadline_s`` by ``clock``."""
        self._most = most
        self._deadline_s = deadline_s
        self._clock = clock
        self._until: dict[Connection, float] = {}
        self._open = 0

    def opened(self) -> bool:
        """Count a new connection. False where every one of ``most`` is being answered right now."""
        if self._open >= self._most:
            eldest = next(iter(self._until), None)
            if eldest is None:
                return False
            self.settled(eldest)
            eldest.abort()
        self._open += 1
        return True

    def closed(self, connection: Connection) -> None:
        """A counted connection is gone."""
        self._open -= 1
        self.settled(connection)

    def owes(self, connection: Connection, within_s: float | None = None) -> None:
        """Its clock starts: for a head, or, once that is there, for a body. ``within_s`` is for a next request."""
        self._until.pop(connection, None)
        self._until[connection] = self._clock() + (self._deadline_s if within_s is None else within_s)

    def settled(self, connection: Connection) -> None:
        """It owes nothing: its request is complete."""
        self._until.pop(connection, None)

    def cut_off_overdue(self) -> int:
        """Cut off every connection that has owed for too long. Returns how many."""
        now = self._clock()
        late = [connection for connection, until in self._until.items() if until <= now]
        for connection in late:
            self.settled(connection)
            connection.abort()
        return len(late)
