"""The history of payments as flat rows: the filter, and the named values of each row. Pure.

A row is one payment as its telling attempt shows it. Values are worked out a column at a time, which is
what lets a million rows stream in seconds.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from mpesa_cli.floor.moments import SECOND_US, rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.codes.lookup import no_prompt_meaning, stk_result
from mpesa_cli.rules.state import OVERDUE_AFTER_S, AttemptState, Flag, PaymentStatus
from mpesa_cli.rules.values.amount import cents_to_json

Value = str | int | float | None

_DAY_S = 86_400
_EAT_S = 3 * 3_600
_SECONDS = tuple(f"{second:02d}+03:00" for second in range(60))


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """The conditions on the payments to show; every one that is given must hold.

    ``since_us`` is included, ``until_us`` is not; both are about when the payment was created. ``msisdn``
    finds a phone in any attempt, ``msisdn_shown`` all phones that a masked number may be (parse_masked).
    ``amount_cents`` is what was asked; ``unclaimed`` leaves C2B money that pays no order. ``status`` is a
    PaymentStatus, and ``open_only`` leaves those of which nothing is expected any more; ``limit`` None means all.
    ``after`` is the time of creation and the id of the last payment of a page before this one.
    """

    since_us: int | None = None
    until_us: int | None = None
    status: str | None = None
    open_only: bool = False
    msisdn: str | None = None
    msisdn_shown: tuple[str, str] | None = None
    amount_cents: int | None = None
    unclaimed: bool = False
    order_id: str | None = None
    order_prefix: str | None = None
    limit: int | None = None
    after: tuple[int, str] | None = None


OPEN_STATUSES = (
    PaymentStatus.PENDING, PaymentStatus.UNKNOWN, PaymentStatus.REVIEW, PaymentStatus.PARTIAL, PaymentStatus.OVERPAID,
)
"""Money may still come, is missing, is owed back, or a person must look."""


class HistoryRow(NamedTuple):
    """One payment: money in cents, times in microseconds, ``flags`` with spaces between them."""

    payment_id: str
    order_id: str
    profile: str
    shortcode: str
    amount_cents: int
    msisdn: str
    account_reference: str
    description: str
    created_us: int
    status: str
    receipt: str | None
    paid_us: int | None
    received_cents: int
    reversed_cents: int
    state: str
    flags: str
    result_code: str | None
    result_desc: str | None
    requested_us: int | None
    attempt_count: int

    def flags_at(self, now_us: int) -> str:
        """The flags with ``overdue`` where the prompt has outlived its time (rules/state.with_clock)."""
        return _flags(self.flags, self.state, self.requested_us, now_us)

    def reason(self) -> str:
        """The reason why it is not paid, as the title of its result code; empty where it has not failed."""
        if self.status != PaymentStatus.FAILED:
            return ""
        if self.result_code is None:
            return "Not sent"
        if self.state in {AttemptState.REJECTED, AttemptState.NOT_SENT}:
            return no_prompt_meaning(self.result_code, self.result_desc or "").title
        return stk_result(self.result_code).title


FIELDS = (
    "payment_id", "order_id", "environment", "profile", "shortcode", "amount", "msisdn", "account_reference",
    "description", "status", "received", "reversed", "receipt", "result_code", "result_desc", "created_at", "paid_at",
    "flags", "attempt_count",
)
"""The names of a row's values, in the order in which they are shown."""


def values(
    rows: Sequence[HistoryRow], fields: Sequence[str], environment: str, now_us: int
) -> Iterator[tuple[Value, ...]]:
    """The rows as tuples of ``fields``: amounts in shillings, times RFC 3339, ``flags`` with spaces."""
    if not rows:
        return iter(())
    stored = dict(zip(HistoryRow._fields, zip(*rows, strict=True), strict=True))
    columns: list[Sequence[Value] | Iterator[Value]] = []
    for field in fields:
        if field == "environment":
            columns.append(repeat(environment, len(rows)))
        elif field == "flags":
            columns.append(
                list(map(_flags, stored["flags"], stored["state"], stored["requested_us"], repeat(now_us)))
            )
        elif field in _WORKED_OUT:
            source, work = _WORKED_OUT[field]
            columns.append(work(stored[source]))
        else:
            columns.append(stored[field])
    return zip(*columns, strict=True)


def rfc3339_column(times_us: Iterable[int | None]) -> list[str | None]:
    """The times as moments.rfc3339 writes each, several times as fast."""
    days, minutes, seconds = _Days(), _minutes(), _SECONDS
    return [
        None
        if at is None
        else f"{days[(s := at // SECOND_US + _EAT_S) // _DAY_S]}{minutes[s % _DAY_S // 60]}{seconds[s % 60]}"
        for at in times_us
    ]


def hour_of(at_us: int) -> str:
    """The hour in East Africa Time: ``2026-11-24 10:00``."""
    seconds = at_us // SECOND_US + _EAT_S
    return f"{_day(seconds // _DAY_S)} {seconds % _DAY_S // 3_600:02d}:00"


def month_of(at_us: int) -> str:
    """The month in East Africa Time: ``2026-11``."""
    return day_of(at_us)[:7]


def day_of(at_us: int) -> str:
    """The day in East Africa Time: ``2026-11-24``."""
    return _day((at_us // SECOND_US + _EAT_S) // _DAY_S)


def _flags(flags: str, state: str, requested_us: int | None, now_us: int) -> str:
    if state != "pending" or requested_us is None or now_us - requested_us <= OVERDUE_AFTER_S * SECOND_US:
        return flags
    return " ".join(sorted({*flags.split(), Flag.OVERDUE.value}))


@lru_cache(maxsize=1_024)
def _day(number: int) -> str:
    return str(rfc3339((number * _DAY_S - _EAT_S) * SECOND_US))[:10]


class _Days(dict[int, str]):
    """Days by their number, each worked out once."""

    def __missing__(self, number: int) -> str:
        self[number] = _day(number)
        return self[number]


@lru_cache(maxsize=1)
def _minutes() -> tuple[str, ...]:
    """``T00:00:`` to ``T23:59:``."""
    return tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1_440))


def _shillings_column(cents: Iterable[int]) -> list[int | float]:
    return list(map(cents_to_json, cents))


_WORKED_OUT: dict[str, tuple[str, Callable[[Iterable[Any]], Sequence[Value]]]] = {
    "amount": ("amount_cents", _shillings_column),
    "received": ("received_cents", _shillings_column),
    "reversed": ("reversed_cents", _shillings_column),
    "created_at": ("created_us", rfc3339_column),
    "paid_at": ("paid_us", rfc3339_column),
}
