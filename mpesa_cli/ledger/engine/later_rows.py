"""Rows that an open transaction has decided on and not written yet: many to a statement.

A statement of SQLite's costs Python its lock, some times to let go and as often to get it back. With a busy event loop
beside, that costs more than the statement does: settling a callback took seven of them. So rows wait until somebody
asks the connection something, or the transaction ends, and go out together.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection

ROWS_OF_A_STATEMENT = (32, 16, 8, 4, 2, 1)  # few enough that each is compiled once and kept

Row = tuple[object, ...]


class Statement(NamedTuple):
    """A statement that writes many rows: ``sql`` has ``{rows}`` where they stand, each of ``width`` values."""

    sql: str
    width: int


class LaterRows:
    """The rows that wait, of each statement by their key: a row replaces an earlier one of the same key."""

    def __init__(self) -> None:
        """Nothing waits."""
        self._rows: dict[Statement, dict[Hashable, Row]] = {}

    def add(self, statement: Statement, key: Hashable, row: Row) -> None:
        """Have a row written, instead of one that waits under this key."""
        self._rows.setdefault(statement, {})[key] = row

    def add_first(self, statement: Statement, key: Hashable, row: Row) -> None:
        """Have a row written unless one waits under this key."""
        self._rows.setdefault(statement, {}).setdefault(key, row)

    def waits(self, statement: Statement, key: Hashable) -> bool:
        """Whether a row waits under this key."""
        return key in self._rows.get(statement, ())

    def write(self, connection: "Connection") -> None:
        """Write all that waits, in the order in which its statements first came."""
        if not self._rows:
            return
        waiting, self._rows = self._rows, {}
        # Where each answer is a way to a server and back, they go with the next statement.
        execute = getattr(connection, "hold", connection.execute)
        for statement, rows in waiting.items():
            _write(execute, statement, list(rows.values()))


def _write(execute: Callable[[str, Row], object], statement: Statement, rows: list[Row]) -> None:
    begin = 0
    for count in ROWS_OF_A_STATEMENT:
        while len(rows) - begin >= count:
            values = rows[begin] if count == 1 else tuple(chain.from_iterable(rows[begin : begin + count]))
            execute(_for_rows(statement, count), values)
            begin += count


@lru_cache
def _for_rows(statement: Statement, count: int) -> str:
    row = f"({','.join('?' * statement.width)})"
    return statement.sql.format(rows=",".join([row] * count))
