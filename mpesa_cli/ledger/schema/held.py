"""The table of held messages, those of every channel that came in and could not be applied."""

import sqlite3

from mpesa_cli.ledger.engine.later_rows import LaterRows
from mpesa_cli.ledger.journal import chain_row, tail_of
from mpesa_cli.rules.evidence import Record

_CHANNELS = {"result": "result", "timeout": "result", "c2b-confirmation": "c2b", "stk": "stk"}


def m006_held(connection: sqlite3.Connection) -> None:
    """Held messages, among them every body that an older version had marked unreadable and told nobody of."""
    from mpesa_cli.rules.held_facts import shown_in

    for statement in _M006:
        connection.execute(statement)
    rows, tail = LaterRows(), tail_of(connection)
    last = connection.execute("SELECT at_us FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    marked = connection.execute(
        "SELECT callback_id, channel, payment_id, attempt, received_us, peer, body, verdict FROM callbacks "
        "WHERE verdict LIKE 'unreadable:%' AND callback_id NOT IN (SELECT callback_id FROM held_messages) "
        "ORDER BY received_us, callback_id"
    )
    for callback_id, channel, owner, attempt, received_us, peer, body, verdict in marked.fetchall():
        shown = shown_in(body)
        code, why = _code_of(verdict.removeprefix("unreadable: "))
        held_id = "HLD-" + callback_id.removeprefix("CB-")
        kind = _CHANNELS.get(channel, "c2b")
        connection.execute(
            "INSERT INTO held_messages (held_id, channel, received_us, held_us, code, why, receipt, amount_cents, "
            "shortcode, peer, callback_id, source, line, once) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (held_id, kind, received_us, last[0] if last else received_us, code, why, shown.receipt,
             shown.amount_cents, shown.shortcode, peer, callback_id, owner, attempt, callback_id),
        )
        facts: dict[str, object] = {
            "held": held_id, "channel": kind, "code": code, "receipt": shown.receipt,
            "amount_cents": shown.amount_cents, "received_us": received_us,
        }
        record = Record("message_held", last[0] if last else received_us, facts, {})
        tail = chain_row(rows, record, "", None, lambda _: "", tail)
    rows.write(connection)


def _code_of(said: str) -> tuple[str, str]:
    """The code and the words of a verdict that an older version wrote."""
    if said.startswith("for shortcode "):
        return "foreign-shortcode", "money for a shortcode that no profile here has"
    if said == "for no request":
        return "no-request", "a result for no request of ours"
    if said.startswith("for another conversation"):
        return "another-conversation", "a result for another conversation than was begun"
    return said, f"it could not be read when it came ({said})"


_M006 = (
    """CREATE TABLE IF NOT EXISTS held_messages (
        held_id TEXT PRIMARY KEY,
        channel TEXT NOT NULL,
        received_us INTEGER NOT NULL,
        held_us INTEGER NOT NULL,
        code TEXT NOT NULL,
        why TEXT NOT NULL,
        receipt TEXT NOT NULL DEFAULT '',
        amount_cents INTEGER,
        shortcode TEXT NOT NULL DEFAULT '',
        peer TEXT NOT NULL DEFAULT '',
        callback_id TEXT NOT NULL DEFAULT '',  -- where its body is; empty: here
        body BLOB NOT NULL DEFAULT x'',
        source TEXT NOT NULL DEFAULT '',       -- payment, request, statement or event
        line INTEGER NOT NULL DEFAULT 0,       -- attempt of the payment, line of the statement
        once TEXT NOT NULL UNIQUE,             -- what makes it the same message
        count INTEGER NOT NULL DEFAULT 1,      -- more: so many of a kind that were only counted
        state TEXT NOT NULL DEFAULT 'open',
        done_by TEXT NOT NULL DEFAULT '',
        done_reason TEXT NOT NULL DEFAULT '',
        done_us INTEGER,
        payment_id TEXT NOT NULL DEFAULT '',   -- the payment that it became, or that its money is
        seen TEXT NOT NULL DEFAULT '',         -- where its money appeared after it had been dealt with
        removal TEXT NOT NULL DEFAULT '',      -- what took its body away
        removed_us INTEGER
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS held_open ON held_messages (received_us, held_id) WHERE state = 'open'",
    "CREATE INDEX IF NOT EXISTS held_receipt ON held_messages (receipt) WHERE receipt <> ''",
    "CREATE INDEX IF NOT EXISTS held_payment ON held_messages (payment_id) WHERE payment_id <> ''",
    "CREATE INDEX IF NOT EXISTS held_body_due ON held_messages (done_us) WHERE state <> 'open' AND removed_us IS NULL",
)
