"""A ledger behind the program's back, on either engine: what its tables hold, and what is done to them by hand."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mpesa_cli.ledger.engine.dialect import Connection
from mpesa_cli.ledger.ledger import Ledger


@contextmanager
def taken(path: Path, environment: str = "simulator") -> Iterator[Connection]:
    """The ledger's lock, held on a connection of its own as another process would; what it changed is kept."""
    opened = Ledger(path, environment=environment, token_hex=secrets.token_hex)
    with closing(opened), opened.engine.transaction() as connection:
        yield connection


def asked(path: Path, sql: str, environment: str = "simulator") -> list[tuple[Any, ...]]:
    """The rows of a question."""
    with closing(Ledger(path, environment=environment, token_hex=secrets.token_hex)) as ledger:
        return [tuple(row) for row in ledger.rows(sql)]


def changed(path: Path, sql: str, parameters: tuple[object, ...] = ()) -> int:
    """Change rows, as nobody should. Returns how many."""
    with taken(path) as connection:
        return connection.execute(sql, parameters).rowcount


@contextmanager
def unguarded(path: Path) -> Iterator[Connection]:
    """A ledger as somebody changes it who can: without the program, the journal's triggers, and references."""
    opened = Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    with closing(opened):
        own = opened.engine.connection()
        if isinstance(own, sqlite3.Connection):
            own.execute("PRAGMA foreign_keys=OFF")
            kept = own.execute("SELECT name, sql FROM sqlite_master WHERE name GLOB 'journal_is_append*'").fetchall()
            with opened.engine.transaction() as connection:
                for name, _ in kept:
                    connection.execute(f"DROP TRIGGER {name}")
                yield connection
                for _, sql in kept:
                    connection.execute(sql)
        else:
            with opened.engine.transaction() as connection:
                own.execute_once("SET LOCAL session_replication_role = replica")
                yield connection


def drop_trigger(path: Path, name: str) -> None:
    """Take one of the journal's triggers away."""
    with taken(path) as connection:
        on_table = "" if isinstance(connection, sqlite3.Connection) else " ON journal"
        connection.execute(f"DROP TRIGGER {name}{on_table}")
