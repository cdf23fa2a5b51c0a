"""The table of reports that came without our secret and read as payments to us, to be found by their receipt."""

import sqlite3

from mpesa_cli.rules.strangers import KEPT_MAX


def m009_strangers(connection: sqlite3.Connection) -> None:
    """Reports without a secret by their receipt, those of an older version's that show one among them."""
    from mpesa_cli.rules.held_facts import shown_in

    for statement in _M009:
        connection.execute(statement)
    stored = connection.execute(
        "SELECT callback_id, received_us, peer, body FROM callbacks WHERE channel LIKE 'open-%' "
        "AND callback_id NOT IN (SELECT callback_id FROM stranger_reports) ORDER BY received_us DESC LIMIT ?",
        (KEPT_MAX,),
    )
    for callback_id, received_us, peer, body in stored.fetchall():
        shown = shown_in(body)
        if shown.receipt and shown.amount_cents:
            connection.execute(
                "INSERT INTO stranger_reports VALUES (?,?,?,?,?)",
                (callback_id, received_us, peer, shown.receipt, shown.amount_cents),
            )


_M009 = (
    """CREATE TABLE IF NOT EXISTS stranger_reports (
        callback_id TEXT PRIMARY KEY,
        received_us INTEGER NOT NULL,
        share TEXT NOT NULL,  -- whose share of the room it takes: an address, of IPv6 its network
        receipt TEXT NOT NULL,
        amount_cents INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS stranger_reports_receipt ON stranger_reports (receipt)",
    "CREATE INDEX IF NOT EXISTS stranger_reports_time ON stranger_reports (received_us)",
    "CREATE INDEX IF NOT EXISTS stranger_reports_share ON stranger_reports (share)",
)
