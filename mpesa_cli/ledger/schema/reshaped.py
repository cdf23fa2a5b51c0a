"""Ledgers whose tables were made before the first four migrations had their published text come to that shape.

The first programs numbered their formats 1 and 4 too, with fewer columns and other indexes. So nothing here goes by
the number: the published tables are made in memory, the ledger is asked what it has, and the difference is mended.
"""

import contextlib
import re
import sqlite3
from collections.abc import Callable, Iterable

_Migration = Callable[[sqlite3.Connection], None]
_ASIDE = "before_reshaping"


def reshape(connection: sqlite3.Connection, published: Iterable[_Migration]) -> None:
    """Bring every table to the shape that the ``published`` migrations make. Changes nothing where it has it."""
    with contextlib.closing(sqlite3.connect(":memory:")) as wanted:
        for migrate in published:
            migrate(wanted)
        for name, sql in _made(wanted, "table"):
            _mend_table(connection, wanted, name, sql)
        indexes = dict(_made(wanted, "index"))
        tables = {name for name, _ in _made(wanted, "table")}
        there = connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type='index' AND sql<>''").fetchall()
        for name, table in there:
            if table in tables and name not in indexes:
                connection.execute(f'DROP INDEX "{name}"')
        found = {name: _bare(sql) for name, sql in _made(connection, "index")}
        for name, sql in indexes.items():
            if found.get(name) != _bare(sql):
                connection.execute(f'DROP INDEX IF EXISTS "{name}"')
                connection.execute(sql)


def _made(connection: sqlite3.Connection, what: str) -> list[tuple[str, str]]:
    """Names and SQL of the tables or indexes that a statement made."""
    return connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type=? AND sql<>'' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
        (what,),
    ).fetchall()


def _mend_table(connection: sqlite3.Connection, wanted: sqlite3.Connection, name: str, sql: str) -> None:
    found = connection.execute("SELECT sql FROM sqlite_master WHERE type='table' AND name=?", (name,)).fetchone()
    if found is None:
        connection.execute(sql)
        return
    if _bare(found[0]) == _bare(sql):
        return
    missing = _columns(wanted, name).items() - _columns(connection, name).items()
    if name == "payments":  # others refer to it, so it can't be set aside: every column that it lacks has a default
        for column, (kind, required, default) in sorted(missing):
            rest = (" NOT NULL" if required else "") + (f" DEFAULT {default}" if default is not None else "")
            connection.execute(f'ALTER TABLE payments ADD COLUMN "{column}" {kind}{rest}')
        return
    _make_anew(connection, wanted, name, sql)


def _make_anew(connection: sqlite3.Connection, wanted: sqlite3.Connection, name: str, sql: str) -> None:
    """Another table under the same name with all its rows. A column that an old row can't have is 0 or empty."""
    had = _columns(connection, name)
    connection.execute(f'ALTER TABLE "{name}" RENAME TO "{_ASIDE}"')
    connection.execute(sql)
    values = {}
    for column, (kind, required, default) in _columns(wanted, name).items():
        if column in had:
            values[f'"{column}"'] = f'"{column}"'
        elif required and default is None:
            values[f'"{column}"'] = "0" if kind == "INTEGER" else "''"
    connection.execute(
        f'INSERT INTO "{name}" ({", ".join(values)}) SELECT {", ".join(values.values())} FROM "{_ASIDE}"'
    )
    connection.execute(f'DROP TABLE "{_ASIDE}"')


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, tuple[str, int, str | None]]:
    """Of each column: its type, whether it must be there, its default."""
    rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    return {name: (kind, required, default) for _, name, kind, required, default, _ in rows}


def _bare(sql: str) -> str:
    """A statement without comments and without blanks, to be compared."""
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*", "", sql))
