"""Tables of the books: what statements and Pull said, and the days that were closed."""

import sqlite3


def m002_books(connection: sqlite3.Connection) -> None:
    """Statement rows by their natural key, the files they came from, closed days."""
    from sqlite_utils import Database

    db = Database(connection)
    for statement in _M002:
        db.execute(statement)


_M002 = (
    """CREATE TABLE statements (
        statement_id TEXT PRIMARY KEY,
        source TEXT NOT NULL CHECK (source IN ('statement', 'pull')),
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        from_us INTEGER NOT NULL,
        until_us INTEGER NOT NULL,
        row_count INTEGER NOT NULL,
        read_us INTEGER NOT NULL
    ) STRICT""",
    # A charge shares the receipt of its payment, and an exported row keeps its amount in every layout: these three
    # name a row in any file that holds it. No names; numbers only as masked as the statement had them.
    """CREATE TABLE statement_rows (
        receipt TEXT NOT NULL,
        kind TEXT NOT NULL,
        amount_cents INTEGER NOT NULL,
        completed_us INTEGER NOT NULL,
        balance_cents INTEGER,
        account TEXT NOT NULL,
        party TEXT NOT NULL,
        linked TEXT NOT NULL,
        statement_id TEXT NOT NULL,
        PRIMARY KEY (receipt, kind, amount_cents)
    ) STRICT""",
    """CREATE TABLE closings (
        day TEXT PRIMARY KEY,
        closed_us INTEGER NOT NULL,
        closed_by TEXT NOT NULL,
        totals TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        head TEXT NOT NULL
    ) STRICT""",
)
