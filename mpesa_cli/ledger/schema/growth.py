"""Indexes by which a question costs the same at a million payments as at none.

Partial, and on plain columns: an index on what json_extract() makes of one can't be opened with trusted_schema off.
"""

import sqlite3


def m015_growth(connection: sqlite3.Connection) -> None:
    """Payments that turned out to be others; payments by their receipt; attempts that were not the first."""
    for statement in _M015:
        connection.execute(statement)


_M015 = (
    "CREATE INDEX IF NOT EXISTS journal_merged ON journal (seq) WHERE kind = 'payment_merged'",
    "CREATE INDEX IF NOT EXISTS payments_receipt ON payments (receipt) WHERE receipt IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS attempts_further ON attempts (created_us) WHERE number > 1",
)
