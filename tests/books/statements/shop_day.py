"""One small day of an invented shop, as it must be read from a file of any layout."""

from datetime import datetime
from pathlib import Path

from statement_files import EAT

from mpesa_cli.rules.statement_row import RowKind, StatementRow

FILES = Path(__file__).parent / "files"
OPENING, CLOSING = 4_175_000, 4_182_300
ABOVE = (
    ("Organization Name", "DUKA TEST"),
    ("Short Code", "600984"),
    ("Statement Period", "24-11-2026 00:00:00 - 24-11-2026 23:59:59"),
    ("Opening Balance", "41,750.00"),
    ("Closing Balance", "41,823.00"),
    (),
)
PAYER, HIDDEN = "254708374149", "2547****4150"


def _row(
    receipt: str, clock: str, kind: RowKind, amount_cents: int, balance_cents: int, *, account: str = "",
    party: str = "600984", linked: str = "",
) -> StatementRow:
    at = datetime.strptime(f"2026-11-24 {clock}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=EAT)
    at_us = int(at.timestamp()) * 1_000_000
    return StatementRow(receipt, kind, amount_cents, at_us, balance_cents, account, party, linked, 0)


# Newest first, as the portal has it; charges have a balance of their own.
DAY = (
    _row("UKO5SETTLE", "17:00:00", "other", -100_000, 4_182_300, party=""),
    _row("UKO4REVERS", "11:00:00", "reversal", -50_000, 4_282_300, party=HIDDEN, linked="UKO1AB23CD"),
    _row("UKO3SAME01", "10:45:12", "received", 2_000, 4_332_300, account="007", party=PAYER),
    _row("UKO2LARGE9", "10:45:12", "received", 105_300, 4_330_300, account="INV 42/b", party=PAYER),
    _row("UKO2LARGE9", "10:45:12", "charge", -579, -854),
    _row("UKO1AB23CD", "09:00:05", "received", 50_000, 4_225_000, account="INV-00418", party=HIDDEN),
    _row("UKO1AB23CD", "09:00:05", "charge", -275, -275),
)
ASIDE = (
    {"receipt": "UKO6FAILED", "status": "Failed", "paid_in": "800.00"},
    {"receipt": "UKO7CANCEL", "status": "Cancelled", "paid_in": "900.00"},
)  # what never moved, with the time that the layout gives it
