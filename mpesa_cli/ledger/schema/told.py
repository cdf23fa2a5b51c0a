"""The table of spans that M-PESA's record has told, each with the restore that it came after."""

import sqlite3


def m011_told_after(connection: sqlite3.Connection) -> None:
    """Spans with their restores. One that was told so far counts for the restores so far, and for none to come."""
    for statement in _M011:
        connection.execute(statement)


_M011 = (
    # The union of what whole files and Pull have covered since a restore, so that few rows are enough.
    """CREATE TABLE IF NOT EXISTS told_times (
        shortcode TEXT NOT NULL,
        gap_seq INTEGER NOT NULL,  -- the newest gap that there was when it was told; 0 where there was none
        from_us INTEGER NOT NULL,
        until_us INTEGER NOT NULL,
        PRIMARY KEY (shortcode, gap_seq, from_us, until_us)
    ) STRICT, WITHOUT ROWID""",
    """INSERT INTO told_times SELECT shortcode, coalesce((SELECT max(seq) FROM gaps), 0), from_us, until_us
        FROM told_spans WHERE true ON CONFLICT DO NOTHING""",
    "DROP TABLE told_spans",
)
