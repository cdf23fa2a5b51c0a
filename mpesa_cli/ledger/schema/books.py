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
        read_us INTEGER NOT NULL,
        shortcode TEXT NOT NULL,
        row_count INTEGER NOT NULL DEFAULT 0,
        complete INTEGER NOT NULL DEFAULT 0,  -- 0: whoever read it was stopped half-way
        settled INTEGER NOT NULL DEFAULT 0,   -- 0: nobody has come to the end of settling by its rows yet
        findings TEXT NOT NULL DEFAULT '{}'
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
        line INTEGER NOT NULL,
        shortcode TEXT NOT NULL,
        statement_id TEXT NOT NULL,
        PRIMARY KEY (receipt, kind, amount_cents)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX statements_unsettled ON statements (read_us) WHERE settled = 0",
    # With the key that every index of such a table carries, most questions are answered by this alone.
    "CREATE INDEX statement_rows_time ON statement_rows (completed_us, shortcode)",
    "CREATE INDEX statement_rows_linked ON statement_rows (linked) WHERE linked <> ''",
    # Few rows among many: whatever a payment hears of last, its row, its callback or its reversal, each run sees it.
    "CREATE INDEX statement_rows_reversals ON statement_rows (shortcode) WHERE kind = 'reversal'",
    """CREATE TABLE accepted_breaks (
        break_id TEXT PRIMARY KEY,
        accepted_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        accepted_us INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE closings (
        day TEXT NOT NULL,
        shortcode TEXT NOT NULL,
        closed_us INTEGER NOT NULL,
        closed_by TEXT NOT NULL,
        totals TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        head TEXT NOT NULL,
        PRIMARY KEY (day, shortcode)
    ) STRICT""",
)
