"""Questions to the tables through one connection: rows at once, as a stream, or of one moment."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mpesa_cli.ledger.engine.dialect import dialect_of
from mpesa_cli.ledger.engine.failures import explained

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection, Dialect


Question: TypeAlias = tuple[str, tuple[object, ...]]
"""A question's text and its parameters."""


class Questions:
    """One connection that is asked, inside or outside a write transaction. It must be quick."""

    def __init__(self, connection: "Callable[[], Connection]", path: Path) -> None:
        """``connection`` gives the one that belongs to the thread which asks; ``path`` is the ledger's."""
        self._connection = connection
        self.path = path

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        """Rows of a question. Raises LedgerBusy or LedgerUnusable."""
        with explained(self.path):
            return self._connection().execute(sql, parameters).fetchall()

    def answers(self, *questions: "Question") -> Iterator[list[tuple[object, ...]]]:
        """The rows of several questions, which go to a server in one piece; a file is asked each as it is reached."""
        with explained(self.path):
            connection = self._connection()
            at_once = getattr(connection, "answers", None)
            yield from at_once(questions) if at_once else (connection.execute(*each).fetchall() for each in questions)

    def stream(self, sql: str, parameters: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
        """The same a row at a time, for answers that are larger than memory should be."""
        with explained(self.path):
            yield from self.dialect.stream(self._connection(), sql, parameters)

    @property
    def dialect(self) -> "Dialect":
        """The words of the engine below."""
        return dialect_of(self._connection())

    def damage(self, most: int) -> list[str]:
        """Faults of what is stored that the engine sees by itself, at most so many. May read all of it."""
        with explained(self.path):
            return self.dialect.damage(self._connection(), most)

    def triggers(self) -> set[str]:
        """The names of the triggers that are in force."""
        with explained(self.path):
            return self.dialect.triggers(self._connection())

    def expect_many_rows(self, kilobytes: int) -> None:
        """Make so much room in memory for questions that walk over everything."""
        with explained(self.path):
            self.dialect.expect_many_rows(self._connection(), kilobytes)

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
