"""The table of payouts, and what a proposal of one needs."""

import sqlite3

from mpesa_cli.ledger.schema.money_out import add_columns

_PROPOSAL = {"reference": "TEXT NOT NULL DEFAULT ''", "msisdn": "TEXT NOT NULL DEFAULT ''"}


def m017_payouts(connection: sqlite3.Connection) -> None:
    """Payouts, one for each reference; proposals of them."""
    for statement in _M017:
        connection.execute(statement)
    add_columns(connection, "proposals", _PROPOSAL)


_M017 = (
    # Projected from the journal, where payout_id stands in the place of a payment's.
    """CREATE TABLE IF NOT EXISTS payouts (
        payout_id TEXT PRIMARY KEY,
        reference_key TEXT NOT NULL UNIQUE,
        reference TEXT NOT NULL,
        shortcode TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        request_id TEXT NOT NULL,
        msisdn TEXT NOT NULL,
        amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
        asked_us INTEGER NOT NULL,
        made_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        tries INTEGER NOT NULL,
        taken INTEGER NOT NULL,
        state TEXT NOT NULL,
        since_us INTEGER NOT NULL,
        receipt TEXT NOT NULL,
        paid_us INTEGER,
        source TEXT NOT NULL,
        code TEXT NOT NULL,
        words TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS payouts_made ON payouts (created_us)",
    "CREATE INDEX IF NOT EXISTS payouts_open ON payouts (created_us) WHERE state NOT IN ('paid', 'failed')",
    "CREATE INDEX IF NOT EXISTS payouts_receipt ON payouts (receipt) WHERE receipt <> ''",
    "CREATE INDEX IF NOT EXISTS payouts_of ON payouts (msisdn, created_us)",
)
