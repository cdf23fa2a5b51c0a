"""Rows of M-PESA's record that tell of payouts. Pure.

A row names no request of ours. It tells of a payout only where amount, time and at least three digits of the phone
agree, and neither of the two could be of another.
"""

from collections import Counter
from collections.abc import Sequence

from mpesa_cli.rules.money_out.payout_state import Payout
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.shown_number import proves

ROWS_BEFORE_S, ROWS_WITHIN_S = 300, 48 * 3600
"""How long before and after the asking a row may lie: clocks differ, and a request may be carried out late."""


def told_by_rows(candidates: Sequence[tuple[Payout, Sequence[StatementRow]]]) -> list[tuple[Payout, StatementRow]]:
    """The payouts that a row settles. ``candidates``: open payouts, with the free rows of their time and amount."""
    proven = [(payout, [r for r in rows if proves(payout.view.msisdn, r.party)]) for payout, rows in candidates]
    wanted = Counter(row.receipt for _, rows in proven for row in rows)
    return [(payout, rows[0]) for payout, rows in proven if len(rows) == 1 and wanted[rows[0].receipt] == 1]
