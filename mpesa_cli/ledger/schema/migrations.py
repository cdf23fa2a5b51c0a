"""The tables, as numbered migrations. A ledger never goes back to an older number.

Money is INTEGER cents, time INTEGER microseconds since 1970 UTC, every table STRICT. ``journal`` is the
truth; ``payments``, ``attempts`` and ``receipts`` can be recomputed from it.
"""

import sqlite3
from collections.abc import Callable

from mpesa_cli.ledger.schema.api import m004_api
from mpesa_cli.ledger.schema.awaiting import m007_awaiting_receipts
from mpesa_cli.ledger.schema.books import m002_books
from mpesa_cli.ledger.schema.differences import m008_differences
from mpesa_cli.ledger.schema.growth import m015_growth
from mpesa_cli.ledger.schema.held import m006_held
from mpesa_cli.ledger.schema.money_out import m012_requests_that_move_money
from mpesa_cli.ledger.schema.payouts import m017_payouts
from mpesa_cli.ledger.schema.people import m014_people
from mpesa_cli.ledger.schema.refunds import m013_refunds
from mpesa_cli.ledger.schema.requests import m003_requests
from mpesa_cli.ledger.schema.reshaped import reshape
from mpesa_cli.ledger.schema.restored import m010_restored
from mpesa_cli.ledger.schema.strangers import m009_strangers
from mpesa_cli.ledger.schema.told import m011_told_after
from mpesa_cli.ledger.schema.viewers import m016_viewers


def m001_journal_and_projections(connection: sqlite3.Connection) -> None:
    """The journal with its private side, its projections, and the raw callbacks."""
    from sqlite_utils import Database

    db = Database(connection)
    for statement in _M001:
        db.execute(statement)
    db.table("journal").create_index(["payment_id", "seq"])
    db.table("payments").create_index(["created_us", "payment_id"])
    db.table("payments").create_index(["status", "created_us", "payment_id"])
    db.table("payments").create_index(["msisdn", "created_us"])
    db.table("payments").create_index(["order_key"])
    db.table("attempts").create_index(["msisdn", "created_us"])
    db.table("attempts").create_index(["checkout_request_id"])


_PUBLISHED = (m001_journal_and_projections, m002_books, m003_requests, m004_api)
"""Their text is in ledgers of shops: it never changes again (tests/ledger/upgrade). A change is a new migration."""


def m005_reshaped_and_decided_anew(connection: sqlite3.Connection) -> None:
    """Tables as published, whichever program made them; every payment decided once more."""
    from mpesa_cli.ledger.schema.deciding_anew import decide_anew

    reshape(connection, _PUBLISHED)
    decide_anew(connection)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    *_PUBLISHED, m005_reshaped_and_decided_anew, m006_held, m007_awaiting_receipts, m008_differences, m009_strangers,
    m010_restored, m011_told_after, m012_requests_that_move_money, m013_refunds, m014_people,
    m015_growth, m016_viewers, m017_payouts,
)

_M001 = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        at_us INTEGER NOT NULL,
        kind TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        attempt INTEGER,
        facts TEXT NOT NULL,
        private_digest TEXT NOT NULL,
        previous TEXT NOT NULL UNIQUE,
        hash TEXT NOT NULL UNIQUE
    ) STRICT""",
    # Personal data, apart from the chained bytes: a row here may be erased, the chain stays whole.
    """CREATE TABLE journal_private (
        seq INTEGER PRIMARY KEY REFERENCES journal (seq),
        key TEXT NOT NULL,
        facts TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE payments (
        payment_id TEXT PRIMARY KEY,
        order_id TEXT NOT NULL UNIQUE,
        order_key TEXT NOT NULL,
        profile TEXT NOT NULL,
        shortcode TEXT NOT NULL,
        amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
        msisdn TEXT NOT NULL,
        account_reference TEXT NOT NULL,
        description TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        status TEXT NOT NULL,
        -- What the telling attempt says, so that `history` reads one row for a payment (rows.py).
        receipt TEXT,
        paid_us INTEGER,
        received_cents INTEGER NOT NULL DEFAULT 0,
        reversed_cents INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'created',
        flags TEXT NOT NULL DEFAULT '',
        result_code TEXT,
        result_desc TEXT,
        requested_us INTEGER,
        attempt_count INTEGER NOT NULL DEFAULT 1
    ) STRICT""",
    """CREATE TABLE attempts (
        payment_id TEXT NOT NULL REFERENCES payments (payment_id),
        number INTEGER NOT NULL CHECK (number > 0),
        channel TEXT NOT NULL,
        msisdn TEXT NOT NULL,
        amount_cents INTEGER NOT NULL,
        token_hash TEXT UNIQUE,
        created_us INTEGER NOT NULL,
        withdrawn INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL,
        flags TEXT NOT NULL DEFAULT '',
        receipt TEXT,
        receipts TEXT NOT NULL DEFAULT '',
        paid_cents INTEGER NOT NULL DEFAULT 0,
        reversed_cents INTEGER NOT NULL DEFAULT 0,
        result_code TEXT,
        result_desc TEXT,
        source TEXT,
        checkout_request_id TEXT,
        merchant_request_id TEXT,
        requested_us INTEGER,
        settled_us INTEGER,
        paid_us INTEGER,
        PRIMARY KEY (payment_id, number)
    ) STRICT""",
    """CREATE INDEX attempts_open ON attempts (created_us)
        WHERE state IN ('created', 'sending', 'pending', 'unknown')""",
    # Which attempt a receipt pays. A receipt that is claimed can't pay a second time.
    """CREATE TABLE receipts (
        receipt TEXT PRIMARY KEY,
        payment_id TEXT NOT NULL,
        attempt INTEGER NOT NULL
    ) STRICT""",
    # C2B URLs that were registered, by the SHA-256 of their secret: Daraja keeps the URL, we only know it again.
    "CREATE TABLE hooks (secret_hash TEXT PRIMARY KEY, registered_us INTEGER NOT NULL) STRICT",
    """CREATE TABLE callbacks (
        callback_id TEXT PRIMARY KEY,
        channel TEXT NOT NULL,
        payment_id TEXT NOT NULL DEFAULT '',
        attempt INTEGER NOT NULL DEFAULT 0,
        received_us INTEGER NOT NULL,
        peer TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        body BLOB NOT NULL,
        verdict TEXT NOT NULL DEFAULT '',
        UNIQUE (payment_id, attempt, channel, sha256)  -- finds those of a payment, too
    ) STRICT""",
    "CREATE INDEX callbacks_unread ON callbacks (channel, received_us) WHERE verdict = ''",
    # Written in the transaction that changes a payment's status; sent afterwards (outbox.py).
    """CREATE TABLE outbox (
        event_id TEXT PRIMARY KEY,
        queue TEXT NOT NULL,
        event_type TEXT NOT NULL,
        once TEXT NOT NULL UNIQUE,
        payment_id TEXT NOT NULL,
        body BLOB NOT NULL,
        created_us INTEGER NOT NULL,
        due_us INTEGER NOT NULL,
        lease_us INTEGER NOT NULL DEFAULT 0,
        tries INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'waiting',
        detail TEXT NOT NULL DEFAULT '',
        settled_us INTEGER,
        message_id TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX outbox_failed ON outbox (queue, created_us) WHERE state IN ('given_up', 'ambiguous')",
    "CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id <> ''",
    "CREATE INDEX outbox_open ON outbox (queue, created_us) WHERE state IN ('waiting', 'sending')",
    "CREATE INDEX outbox_of ON outbox (payment_id)",
    # A seat belt, not a proof: what proves is the hash chain (journal.py).
    """CREATE TRIGGER journal_is_append_only_u BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_is_append_only_d BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
)
