"""A connection that notices a server which keeps the line open and says nothing any more.

A frozen machine, or a network that swallows what is sent, ends no connection: who waits for an answer would wait for
ever. So whoever has waited for long enough asks the server by another connection whether it is at work on the answer.
If it can't say so, the socket is closed. Nothing is cancelled, and nothing that was sent before a COMMIT was kept.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg.adapt import Transformer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg.abc import PQGen

Prepared: TypeAlias = tuple[str, tuple[int, ...]]
"""What a statement is known by that a server keeps prepared: its text, and the types of its parameters."""
PREPARED_MOST = 200
"""Statements that a server keeps prepared for a connection; what comes after them is parsed each time."""
ANSWER_S = 12.0
"""Longer than a lock may be waited for (``lock_timeout``), so that whoever waits for one is told so by the server."""
WRITING = "ISOLATION LEVEL READ COMMITTED"
"""What is read behind a lock is then the newest, whatever the server is told to begin transactions with."""
_MINE = " AND EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND state = 'active')"


class Attentive(psycopg.Connection[Any]):
    """One connection, and what is known of the server at its other end.

    ``settings`` is what each transaction sets for itself (a list of ``set_config``), empty where the session keeps it.
    ``is_at_work`` tells whether the server is busy with this connection's question; where it is None, a server that is
    silent for ``answer_s`` seconds is gone. ``is_pooled``: a pooler stands between, so that the next transaction
    may be another session's. ``prepared``: the statements that the server keeps for it, by exchange.py.
    """

    is_at_work: Callable[[Attentive], bool] | None = None
    answer_s: float = ANSWER_S
    is_pooled = False
    settings = ""
    started = ""
    timeline = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        """What psycopg gives it."""
        super().__init__(*given, **named)
        self.transformer = Transformer(self)
        self.prepared: dict[Prepared, bytes] = {}
        self._named = 0
        self._own = secrets.token_hex(4)  # a pooler that shows nothing of itself may lend its session to others, too

    def new_name(self) -> bytes | None:
        """A name that no statement on the server has; None where it keeps enough of them."""
        if self._named >= PREPARED_MOST:
            return None
        self._named += 1
        return f"mpesa_{self._own}_{self._named}".encode()

    def begin(self, how: str = WRITING) -> None:
        """Begin a transaction, on the ledger's tables."""
        self.execute(f"BEGIN {how}; SELECT {self.settings}")

    @contextlib.contextmanager
    def silent_for(self, most_s: float) -> Iterator[None]:
        """Within the block a server that is silent for so long is gone, whatever it says by another connection."""
        before = self.answer_s, self.is_at_work
        self.answer_s, self.is_at_work = most_s, None
        try:
            yield
        finally:
            self.answer_s, self.is_at_work = before

    def wait(self, gen: PQGen[Any], *more: Any, **options: Any) -> Any:
        """The outcome of ``gen``. Raises psycopg.OperationalError, the connection closed, where no answer comes.

        It is closed as well where the wait is ended by a signal: the answer would be taken for the next question's.
        """
        try:
            return super().wait(self._watched(gen), *more, **options)
        except psycopg.Error:
            raise
        except BaseException:
            self.close()
            raise

    def at_work(self) -> str:
        """The question whether the server is at work for this connection, with ``started`` as its parameter."""
        mine = "" if self.is_pooled else _MINE.format(pid=self.pgconn.backend_pid)
        return f"SELECT pg_postmaster_start_time()::text = %s{mine}"

    def _watched(self, gen: PQGen[Any]) -> PQGen[Any]:
        until = time.monotonic() + self.answer_s
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() >= until:
                    if self.is_at_work is None or not self.is_at_work(self):
                        self.close()
                        raise psycopg.OperationalError("the server does not answer any more")
                    until = time.monotonic() + self.answer_s
                wanted = gen.send(ready)
        except StopIteration as over:
            return over.value
