"""All rows of a ledger from one engine to the other: the same journal, byte for byte, under the same head."""

from __future__ import annotations

import contextlib
from itertools import islice
from typing import TYPE_CHECKING, Any

from mpesa_cli.floor import machine
from mpesa_cli.ledger.engine.connection import open_connection
from mpesa_cli.ledger.engine.dialect import dialect_of
from mpesa_cli.ledger.schema.current import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mpesa_cli.ledger.engine.dialect import Connection

ROWS_AT_ONCE = 1_000
_FIRST = ("journal", "payments")
_IN_ORDER = frozenset({"attempts", "callbacks"})  # their rows are asked for in the order in which they came


def into_file(source: Connection, target: Path) -> None:
    """Write all rows into ``target``, an empty file, as an ordinary SQLite ledger in one piece.

    Call it inside the source's snapshot. Raises sqlite3.Error, OSError, LedgerBusy.
    """
    (environment,) = source.execute("SELECT value FROM meta WHERE key='environment'").fetchone()
    with contextlib.closing(open_connection(target, CURRENT, environment=environment, keep_copy=False)) as copy:
        copy.execute("PRAGMA foreign_keys=OFF")
        copy.execute("BEGIN IMMEDIATE")
        copy_rows(source, copy)
        copy.execute("COMMIT")
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    machine.sync_file(target)


def copy_rows(source: Connection, target: Connection) -> int:
    """Copy the rows of all tables into ones without rows, inside the target's transaction. Returns their number.

    What a new ledger has in ``meta`` by itself gives way.
    """
    target.execute("DELETE FROM meta")
    tables = dialect_of(target).tables(target)
    # What others refer to comes first.
    return sum(_copy_table(source, target, table) for table in sorted(tables, key=lambda each: each not in _FIRST))


def _copy_table(source: Connection, target: Connection, table: str) -> int:
    columns = list(dialect_of(target).columns(target, table))
    named, marks = ", ".join(f'"{each}"' for each in columns), ",".join("?" * len(columns))
    order = " ORDER BY rowid" if table in _IN_ORDER else " ORDER BY seq" if table == "journal" else ""
    count = 0
    for rows in _chunks(dialect_of(source).stream(source, f'SELECT {named} FROM "{table}"{order}', ())):
        target.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({marks})', rows)
        count += len(rows)
    return count


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk
