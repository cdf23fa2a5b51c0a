"""Tables of reconciling: differences, the things a run has said today, times that were compared."""

import sqlite3


def m008_differences(connection: sqlite3.Connection) -> None:
    """Differences that stay until somebody accepted them or a later record shows that they are gone."""
    for statement in _TABLES:
        connection.execute(statement)
    if "basis" not in {row[1] for row in connection.execute("PRAGMA table_info(accepted_breaks)")}:
        connection.execute("ALTER TABLE accepted_breaks ADD COLUMN basis TEXT")


_TABLES = (
    """CREATE TABLE IF NOT EXISTS differences (
        break_id TEXT PRIMARY KEY,
        origin TEXT NOT NULL,      -- who can say that it is gone: record, file, ledger, day
        kind TEXT NOT NULL,
        ref TEXT NOT NULL,
        at_us INTEGER NOT NULL,
        amount_cents INTEGER,
        receipt TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        order_id TEXT NOT NULL,
        account TEXT NOT NULL,
        detail TEXT NOT NULL,
        suggested TEXT NOT NULL,
        basis TEXT NOT NULL,       -- what an acceptance is about: with another one it is a difference again
        shortcode TEXT NOT NULL,
        from_us INTEGER NOT NULL,
        until_us INTEGER NOT NULL,
        seen INTEGER NOT NULL,     -- the comparison that showed it last
        told_day TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS differences_in_order ON differences (kind, at_us, ref)",
    "CREATE INDEX IF NOT EXISTS differences_of ON differences (payment_id) WHERE payment_id <> ''",
    # What a run has printed on a day in Nairobi, besides differences.
    "CREATE TABLE IF NOT EXISTS told (item TEXT PRIMARY KEY, day TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # A file that brought nothing new was compared all the same.
    """CREATE TABLE IF NOT EXISTS compared_spans (
        shortcode TEXT NOT NULL,
        source TEXT NOT NULL,
        from_us INTEGER NOT NULL,
        until_us INTEGER NOT NULL,
        compared_us INTEGER NOT NULL,
        PRIMARY KEY (shortcode, source, from_us, until_us)
    ) STRICT, WITHOUT ROWID""",
    # Few among many: what every run asks for.
    "CREATE INDEX IF NOT EXISTS journal_rules_changed ON journal (seq) WHERE kind = 'rules_changed'",
    "CREATE INDEX IF NOT EXISTS attempts_conflict ON attempts (payment_id) WHERE instr(flags, 'conflict')",
)
