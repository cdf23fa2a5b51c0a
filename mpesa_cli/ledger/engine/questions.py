"""Questions to the tables through one connection: rows at once, as a stream, or of one moment."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from mpesa_cli.ledger.engine.failures import explained


class Questions:
    """One connection that is asked, inside or outside a write transaction. Plain sqlite3: it must be quick."""

    def __init__(self, connection: Callable[[], sqlite3.Connection], path: Path) -> None:
        """``connection`` gives the one that belongs to the thread which asks; ``path`` is the ledger's."""
        self._connection = connection
        self.path = path

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Rows of a question. Raises LedgerBusy or LedgerUnusable."""
        with explained(self.path):
            return self._connection().execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
        """The same a row at a time, for answers that are larger than memory should be."""
        with explained(self.path):
            yield from self._connection().execute(sql, parameters)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one moment of the ledger until the block is left, whatever others write meanwhile."""
        with explained(self.path):
            self._connection().execute("BEGIN")
        try:
            yield
        finally:
            if self._connection().in_transaction:
                self._connection().execute("ROLLBACK")
