"""Tables of the asynchronous APIs: what was asked of Daraja with an initiator, and what came back."""

import sqlite3


def m003_requests(connection: sqlite3.Connection) -> None:
    """Requests whose result comes later, to an address with a token of its own; receipts that were shown."""
    from sqlite_utils import Database

    db = Database(connection)
    for statement in _M003:
        db.execute(statement)


_M003 = (
    # The bodies that come for a request are in callbacks, with the request's id in place of a payment's.
    """CREATE TABLE requests (
        request_id TEXT PRIMARY KEY,
        command TEXT NOT NULL,
        subject TEXT NOT NULL,
        token_hash TEXT NOT NULL UNIQUE,
        created_us INTEGER NOT NULL,
        state TEXT NOT NULL,
        conversation_id TEXT NOT NULL DEFAULT '',
        originator_conversation_id TEXT NOT NULL DEFAULT '',
        settled_us INTEGER,
        result TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX requests_of ON requests (command, subject, created_us)",
    # For which order a customer showed a receipt at the counter: who shows it again, for another, is found out.
    """CREATE TABLE shown_receipts (
        receipt TEXT NOT NULL,
        order_id TEXT NOT NULL,
        shown_us INTEGER NOT NULL,
        PRIMARY KEY (receipt, order_id)
    ) STRICT""",
)
