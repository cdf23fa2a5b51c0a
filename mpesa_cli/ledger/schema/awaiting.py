"""Indexes by which money that came by hand finds the prompts that it may be of, and prompts such money."""

import sqlite3


def m007_awaiting_receipts(connection: sqlite3.Connection) -> None:
    """Prompts that are over and have no receipt; money by hand that is no order's."""
    for statement in _M007:
        connection.execute(statement)


_M007 = (
    """CREATE INDEX IF NOT EXISTS attempts_without_receipt ON attempts (amount_cents, created_us)
        WHERE channel = 'stk' AND receipts = '' AND state = 'failed'""",
    """CREATE INDEX IF NOT EXISTS attempts_paid_without_receipt ON attempts (created_us)
        WHERE channel = 'stk' AND receipts = '' AND state = 'paid'""",
    """CREATE INDEX IF NOT EXISTS payments_of_nobody ON payments (amount_cents, created_us)
        WHERE order_id GLOB 'C2B-*'""",
)
