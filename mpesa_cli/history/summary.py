"""Payments counted per day: their number, the money that came, why others failed, how long paying took. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import field
from itertools import groupby
from typing import Literal, NamedTuple

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.history.query import HistoryRow, day_of, hour_of, month_of
from mpesa_cli.rules.state import WAS_PAID, PaymentStatus

By = Literal["hour", "day", "month", "till"]
_PERIODS: dict[str, Callable[[int], str]] = {"hour": hour_of, "day": day_of, "month": month_of}


class Reason(NamedTuple):
    """A reason why payments failed, and their number. ``code`` is empty where nothing was sent."""

    code: str
    title: str
    number: int


@dataclass(frozen=True, slots=True)
class DaySummary:
    """One day in East Africa Time (or hour, month or till: ``day`` names it), or all of them (``day`` is ``total``).

    ``count`` = ``paid`` + ``failed`` + ``unsettled``; the last are pending, unknown, partly paid or for
    review. What was refunded counts as paid. ``gross_cents`` is the money that came, as in the
    books; ``reversed_cents`` is what of it went back.
    ``success_rate`` is the share of paid among paid and failed, 0 to 1, None where there are neither.
    ``median_seconds_to_pay`` is from the prompt to the payment; what customers paid by hand has no prompt and
    does not count.
    """

    day: str
    count: int
    gross_cents: int
    reversed_cents: int
    paid: int
    failed: int
    unsettled: int
    failed_by_reason: tuple[Reason, ...]
    success_rate: float | None
    median_seconds_to_pay: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The days with payments, oldest first, and their total. ``cut`` where older days were left out."""

    days: tuple[DaySummary, ...]
    total: DaySummary
    cut: bool


@dataclass(slots=True)
class _Tally:
    statuses: Counter[str] = field(default_factory=Counter)
    gross_cents: int = 0
    reversed_cents: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: Counter[int] = field(default_factory=Counter)

    def add(self, row: HistoryRow) -> None:
        self.statuses[row.status] += 1
        self.gross_cents += row.received_cents + row.reversed_cents  # received is what stayed
        self.reversed_cents += row.reversed_cents
        if row.status == PaymentStatus.FAILED:
            self.reasons[row.result_code or "", row.reason()] += 1
        elif row.status in WAS_PAID and row.paid_us is not None and row.requested_us is not None:
            # Daraja tells the time of a payment to the second, so it can seem to be before its prompt.
            self.seconds[max(0, (row.paid_us - row.requested_us) // SECOND_US)] += 1

    def merge(self, other: "_Tally") -> None:
        self.statuses += other.statuses
        self.gross_cents += other.gross_cents
        self.reversed_cents += other.reversed_cents
        self.reasons += other.reasons
        self.seconds += other.seconds

    def close(self, day: str) -> DaySummary:
        count = self.statuses.total()
        paid = sum(self.statuses[status] for status in WAS_PAID)
        failed = self.statuses[PaymentStatus.FAILED]
        by_count = sorted(self.reasons.items(), key=lambda each: (-each[1], each[0]))
        return DaySummary(
            day=day,
            count=count,
            gross_cents=self.gross_cents,
            reversed_cents=self.reversed_cents,
            paid=paid,
            failed=failed,
            unsettled=count - paid - failed,
            failed_by_reason=tuple(Reason(code, title, number) for (code, title), number in by_count),
            success_rate=paid / (paid + failed) if paid + failed else None,
            median_seconds_to_pay=_median(self.seconds),
        )


def summarise(rows: Iterable[HistoryRow], days_max: int | None = None, by: By = "day") -> Summary:
    """Count ``rows``, which come newest first, per hour, day or month.

    No more rows are taken than the ``days_max`` newest periods need.
    """
    period_of = _PERIODS[by]
    total = _Tally()
    days: list[DaySummary] = []
    cut = False
    for day, of_day in groupby(rows, key=lambda row: period_of(row.created_us)):
        if days_max is not None and len(days) == days_max:
            cut = True
            break
        tally = _Tally()
        for row in of_day:
            tally.add(row)
        total.merge(tally)
        days.append(tally.close(day))
    return Summary(tuple(reversed(days)), total.close("total"), cut)


def summarise_tills(tills: Iterable[tuple[str, Iterable[HistoryRow]]]) -> Summary:
    """Count the rows of each till by the name of its profile, in the order in which they come, and their total."""
    total = _Tally()
    counted: list[DaySummary] = []
    for name, rows in tills:
        tally = _Tally()
        for row in rows:
            tally.add(row)
        total.merge(tally)
        counted.append(tally.close(name))
    return Summary(tuple(counted), total.close("total"), cut=False)


def _median(counted: Counter[int]) -> float | None:
    count = counted.total()
    if not count:
        return None
    middle = [_nth(counted, (count - 1) // 2), _nth(counted, count // 2)]
    return sum(middle) / 2


def _nth(counted: Counter[int], wanted: int) -> int:
    seen = 0
    for value in sorted(counted):
        seen += counted[value]
        if seen > wanted:
            return value
    raise IndexError(wanted)
