"""A statement file as the portal exports it, written row by row: what tests plant in one. Not the program's own."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

EAT = timedelta(hours=3)
HEADINGS = [
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In", "Withdrawn",
    "Balance", "Balance Confirmed", "Reason Type", "Other Party Info", "Linked Transaction ID", "A/C No.",
]
DAY = "24-11-2026"


@dataclass(frozen=True)
class Row:
    """One line. ``at`` is a wall time; ``shillings`` below 0 went out."""

    receipt: str
    shillings: float
    account: str = ""
    at: str = "10:31:00"
    kind: str = "Pay Bill Online"
    party: str = "2547****4149"
    linked: str = ""
    day: str = DAY

    def cells(self) -> list[str]:
        """As the portal writes it."""
        when, amount = f"{self.day} {self.at}", f"{self.shillings:,.2f}"
        came, went = (amount, "") if self.shillings > 0 else ("", amount)
        return [self.receipt, when, when, self.kind, "Completed", came, went, "", "true", self.kind,
                f"{self.party} - CUSTOMER" if self.party else "", self.linked, self.account]


def charge(receipt: str, at: str = "10:31:00") -> Row:
    """What Safaricom takes for a payment, on its receipt."""
    return Row(receipt, -2.75, kind="Pay Bill Charge", party="", at=at)


def reversal(receipt: str, original: str, shillings: float, at: str = "11:00:00") -> Row:
    """A payment that goes back."""
    return Row(receipt, -shillings, kind="Pay Bill Reversal", linked=original, at=at)


def write(path: Path, *rows: Row, day: str | None = DAY, shortcode: str = "174379", extra: str = "") -> Path:
    """A file of these rows; its heading says the whole ``day``, or nothing where it is None."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Short Code", shortcode])
    if day is not None:
        writer.writerow(["Statement Period", f"{day} 00:00:00 - {day} 23:59:59"])
    writer.writerow([])
    writer.writerow(HEADINGS)
    writer.writerows(row.cells() for row in rows)
    path.write_text(text.getvalue() + extra)
    return path


def wall(at_us: int) -> str:
    """The clock's time in Nairobi: ``10:31:00``."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us) + EAT).strftime("%H:%M:%S")
