"""Indexes by which refunds are found without reading every attempt."""

import sqlite3


def m013_refunds(connection: sqlite3.Connection) -> None:
    """Attempts with a refund, and those with one that is open: few of many."""
    connection.execute(
        "CREATE INDEX IF NOT EXISTS attempts_refunding ON attempts (created_us) WHERE instr(flags, 'refund') > 0"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS attempts_refunds ON attempts (payment_id) WHERE refunds <> ''")
    connection.execute("CREATE INDEX IF NOT EXISTS requests_made ON requests (created_us)")
