"""A day that was closed, with its totals of then. Values, and the day's bounds in Nairobi; pure."""

from dataclasses import asdict
from typing import Any

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import cents_to_json
from mpesa_cli.rules.values.dates import parse_since, parse_until


@dataclass(frozen=True, slots=True)
class DayTotals:
    """The totals of one day, in cents. What went out is negative.

    ``count`` and ``gross_cents`` are customers' payments on M-Pesa's record, ``ledger_count`` and
    ``ledger_cents`` those of the ledger for the same day. ``net_cents`` is everything that moved. The
    balances are what the file says, None where it does not.
    """

    count: int
    gross_cents: int
    charges_cents: int
    reversals_cents: int
    other_cents: int
    ledger_count: int
    ledger_cents: int
    opening_cents: int | None = None
    closing_cents: int | None = None

    @property
    def net_cents(self) -> int:
        """Payments, less charges, reversals and all other movements."""
        return self.gross_cents + self.charges_cents + self.reversals_cents + self.other_cents

    def moved(self) -> tuple[int, ...]:
        """The numbers that must never change once a day is closed. Balances are left out: not every file tells them."""
        return (self.count, self.gross_cents, self.charges_cents, self.reversals_cents, self.other_cents,
                self.ledger_count, self.ledger_cents)

    def facts(self) -> dict[str, Any]:
        """The totals as the ledger keeps them."""
        return asdict(self)

    def document(self) -> dict[str, Any]:
        """The totals as JSON: amounts in shillings."""
        named = {k.removesuffix("_cents"): v if v is None or "count" in k else cents_to_json(v)
                 for k, v in asdict(self).items()}
        return {**named, "net": cents_to_json(self.net_cents)}


@dataclass(frozen=True, slots=True)
class Closing:
    """A day (``2026-11-24``) that somebody closed, on what file and what journal."""

    day: str
    shortcode: str
    closed_us: int
    closed_by: str
    totals: DayTotals
    sha256: str
    head: str


def day_bounds(day: str) -> tuple[int, int]:
    """The first microsecond of a day ``2026-11-24`` in Nairobi, and the first one after it."""
    return parse_since(day, 0), parse_until(day, 0)
