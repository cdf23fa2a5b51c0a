"""A ledger behind the program's back, on either engine: what its tables hold, and what is done to them by hand."""

import secrets
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
