"""Tables of restores: the gaps, the spans of M-PESA's record that cover them, receipts that a person has named."""

import sqlite3

GAPS_OF_JOURNAL = (
    "SELECT seq, CAST(json_extract(facts, '$.known_until_us') AS INTEGER), at_us FROM journal WHERE kind = 'restored'"
)
"""What the journal says of restores, in the columns of ``gaps``."""


def m010_restored(connection: sqlite3.Connection) -> None:
    """Gaps in a table of their own, for a ledger may be restored twice; spans that M-PESA's record covers; names."""
    for statement in _TABLES:
        connection.execute(statement)
    # The journal knows of every restore, also of those that an older version forgot at the next one.
    connection.execute(f"INSERT INTO gaps {GAPS_OF_JOURNAL} ON CONFLICT (seq) DO NOTHING")
    # The same in every copy, also in one that is brought to this format later; a new ledger has one of its own.
    connection.execute(
        "INSERT INTO meta SELECT 'ledger_id', coalesce((SELECT hash FROM journal WHERE seq = 1), "
        "lower(hex(randomblob(32)))) WHERE true ON CONFLICT (key) DO NOTHING"
    )
    # What was read before now and found whole. A file that had faults or holes of its own told of no time for certain.
    connection.execute(
        "INSERT INTO told_spans SELECT DISTINCT shortcode, from_us, until_us FROM statements WHERE complete AND "
        "until_us > from_us AND coalesce(json_array_length(findings, '$.problems'), 0) = 0 "
        "AND coalesce(json_array_length(findings, '$.gaps'), 0) = 0 ON CONFLICT DO NOTHING"
    )


_TABLES = (
    """CREATE TABLE IF NOT EXISTS gaps (
        seq INTEGER PRIMARY KEY,  -- the row of the journal that says so
        known_until_us INTEGER NOT NULL,
        restored_us INTEGER NOT NULL
    ) STRICT""",
    # The union of what whole files and Pull have covered, so that few rows are enough whatever is read how often.
    """CREATE TABLE IF NOT EXISTS told_spans (
        shortcode TEXT NOT NULL,
        from_us INTEGER NOT NULL,
        until_us INTEGER NOT NULL,
        PRIMARY KEY (shortcode, from_us, until_us)
    ) STRICT, WITHOUT ROWID""",
    # Whether the shop's own system was ever told anything is asked by every check-up.
    """CREATE INDEX IF NOT EXISTS outbox_forwarded ON outbox (created_us)
        WHERE queue = 'webhook' AND state = 'done'""",
    # Receipts of which a person has said that they pay no order here.
    """CREATE TABLE IF NOT EXISTS named_receipts (
        receipt TEXT PRIMARY KEY,
        named_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        named_us INTEGER NOT NULL
    ) STRICT""",
)
