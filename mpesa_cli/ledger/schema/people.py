"""Tables of the people who agree that money goes out, and of what waits for them."""

import sqlite3


def m014_people(connection: sqlite3.Connection) -> None:
    """Operators with their PINs' hashes, and proposals."""
    for statement in _M014:
        connection.execute(statement)


_M014 = (
    """CREATE TABLE IF NOT EXISTS operators (
        name_key TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        salt TEXT NOT NULL,
        pin_hash TEXT NOT NULL,
        set_us INTEGER NOT NULL,
        wrong INTEGER NOT NULL DEFAULT 0,      -- tries since the last right one, each counted before it is looked at
        last_wrong_us INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS proposals (
        request_id TEXT PRIMARY KEY,
        payment_id TEXT NOT NULL,
        receipt TEXT NOT NULL,
        amount_cents INTEGER NOT NULL,
        made_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        again INTEGER NOT NULL,
        basis TEXT NOT NULL,
        made_us INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'open',
        approved_by TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS proposals_open ON proposals (made_us) WHERE state = 'open'",
)
