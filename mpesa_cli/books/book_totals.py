"""Totals of money that moved: by kind and hour, and over a whole time. Values only; money in cents."""

from collections.abc import Iterable

from mpesa_cli.floor.records import dataclass


@dataclass(frozen=True, slots=True)
class KindTotal:
    """The number of rows of a kind in an hour (microseconds of its beginning), and their sum in cents."""

    kind: str
    hour_us: int
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of one time. Money that went out is negative."""

    count: int = 0
    gross_cents: int = 0
    charges_cents: int = 0
    reversals_cents: int = 0
    other_cents: int = 0

    @property
    def net_cents(self) -> int:
        """The sum of everything that moved."""
        return self.gross_cents + self.charges_cents + self.reversals_cents + self.other_cents


def add_up(hours: Iterable[KindTotal]) -> Totals:
    """M-Pesa's rows by hour as one total. ``count`` is of customers' payments."""
    cents = {"received": 0, "charge": 0, "reversal": 0, "other": 0}
    count = 0
    for each in hours:
        cents[each.kind] += each.cents
        count += each.count if each.kind == "received" else 0
    return Totals(count, cents["received"], cents["charge"], cents["reversal"], cents["other"])
