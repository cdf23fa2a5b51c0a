"""Tables of the HTTP API: orders that are known before they are paid, tokens, and keys that make a call repeatable."""

import sqlite3


def m004_api(connection: sqlite3.Connection) -> None:
    """Orders, bearer tokens by their id, idempotency keys."""
    from sqlite_utils import Database

    db = Database(connection)
    for statement in _M004:
        db.execute(statement)


_M004 = (
    """CREATE TABLE orders (
        order_id TEXT PRIMARY KEY,
        order_key TEXT NOT NULL,
        amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
        added_us INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX orders_meant ON orders (order_key)",
    # The token itself is stored nowhere: whoever reads the ledger can't use it.
    """CREATE TABLE api_tokens (
        jti TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        issued_us INTEGER,
        expires_us INTEGER,
        revoked_us INTEGER,
        -- One that another issuer made is only here where it was revoked.
        CHECK (revoked_us IS NOT NULL OR (issued_us IS NOT NULL AND expires_us IS NOT NULL))
    ) STRICT""",
    """CREATE TABLE idempotency_keys (
        subject TEXT NOT NULL,
        key TEXT NOT NULL,
        inputs_sha256 TEXT NOT NULL,
        -- The attempt that was made under the key; empty and 0 while there is none.
        payment_id TEXT NOT NULL DEFAULT '',
        attempt INTEGER NOT NULL DEFAULT 0,
        created_us INTEGER NOT NULL,
        PRIMARY KEY (subject, key)
    ) STRICT""",
    "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_us)",
)
