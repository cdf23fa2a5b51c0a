"""The seam below the one SQL text: a connection that understands it, and what no SQL says for every engine.

The text is SQLite's, written so that another engine's connection can read it too: what only one engine can do stands
behind a :class:`Dialect`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Answer(Protocol):
    """The answer to one statement: its rows, or the number of rows that it changed."""

    @property
    def rowcount(self) -> int:
        """The rows that were changed, of all the parameters together."""

    def fetchone(self) -> Any:
        """The next row, None where there is none."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows one by one."""


class Connection(Protocol):
    """One thread's way to the tables. ``sqlite3.Connection`` is one."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open on it."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Answer:
        """One statement, with a tuple for ``?`` or a mapping for ``:name``."""

    def executemany(self, sql: str, parameters: Any, /) -> Answer:
        """One statement for each of many parameters."""


class Dialect(Protocol):
    """An engine's own words for what the one SQL text can't say."""

    def stream(self, connection: Any, sql: str, parameters: Any) -> Iterator[Any]:
        """The rows of a question one by one, in flat memory."""

    def tables(self, connection: Any) -> list[str]:
        """The ledger's tables."""

    def columns(self, connection: Any, table: str) -> dict[str, str]:
        """The columns of a table in their order, each with INTEGER, TEXT or BLOB."""

    def triggers(self, connection: Any) -> set[str]:
        """The names of the triggers that are in force."""

    def damage(self, connection: Any, most: int) -> list[str]:
        """Faults of what is stored that the engine sees by itself, at most so many."""

    def rewrite(
        self, connection: Any, table: str, column: str, digits: str, rewritten: Callable[[Any], Any]
    ) -> int:
        """Put ``rewritten`` in the place of every value of a column that holds these digits. Returns how many."""

    def expect_many_rows(self, connection: Any, kilobytes: int) -> None:
        """Make so much room in memory for questions that walk over everything."""

    def expect_pauses(self, connection: Any) -> None:
        """Keep the open transaction while nothing is asked in it for long."""

    def close_for_good(self, connection: Any, place: str) -> None:
        """Have every further write refused, by whichever process: the payments are at ``place`` from now on."""


def dialect_of(connection: Connection) -> Dialect:
    """The dialect that a connection speaks: its own, or SQLite's."""
    own: Dialect | None = getattr(connection, "dialect", None)
    if own is not None:
        return own
    from mpesa_cli.ledger.engine.sqlite_dialect import SQLITE

    return SQLITE
