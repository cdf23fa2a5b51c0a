"""Columns of requests that move money: what was asked, so that it can be held against what comes, and refunds."""

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mpesa_cli.ledger.engine.dialect import dialect_of

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Connection

REFUNDS = {"refunds": "TEXT NOT NULL DEFAULT ''"}
"""Of an attempt: the refunds that were asked for, as ``rules/money_out/refund_state.py`` decides them."""
_REQUEST = {
    "fields": "TEXT NOT NULL DEFAULT ''",  # its body without the credential, so that a repeat is the same
    "again": "TEXT NOT NULL DEFAULT 'free'",
    "amount_cents": "INTEGER",
    "payment_id": "TEXT NOT NULL DEFAULT ''",
    "attempt": "INTEGER NOT NULL DEFAULT 0",
}


def m012_requests_that_move_money(connection: sqlite3.Connection) -> None:
    """Columns for what a request asked for and for refunds; the tokens of repeats."""
    add_columns(connection, "attempts", REFUNDS)
    add_columns(connection, "requests", _REQUEST)
    for statement in _M012:
        connection.execute(statement)


def add_columns(connection: "Connection", table: str, columns: Mapping[str, str]) -> None:
    """Add the columns that the table lacks."""
    there = dialect_of(connection).columns(connection, table)
    for name, declared in columns.items():
        if name not in there:
            connection.execute(f'ALTER TABLE "{table}" ADD COLUMN "{name}" {declared}')


_M012 = (
    # A repeat has a token of its own: the one of the first POST is kept nowhere.
    """CREATE TABLE IF NOT EXISTS request_tokens (
        token_hash TEXT PRIMARY KEY,
        request_id TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS requests_open ON requests (created_us)
        WHERE again <> 'free' AND state IN ('created', 'accepted', 'unknown', 'timed_out', 'review')""",
)
