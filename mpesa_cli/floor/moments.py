"""Times. Inside: integer microseconds since 1970, UTC. At the edges: East Africa Time (UTC+3, no DST).

Daraja's wall times are EAT without a zone, whatever the machine's zone is (daraja.md 0.3, assumptions.md A7).
"""

from datetime import UTC, date, datetime, timedelta, timezone

SECOND_US = 1_000_000
_DAY_1970 = date(1970, 1, 1).toordinal()
_EAT_HOURS = 3
EAT = timezone(timedelta(hours=_EAT_HOURS), "EAT")


def daraja_stamp(at_us: int) -> str:
    """The 14 digits that a push or query is signed with: ``20261124103000``."""
    return _eat(at_us).strftime("%Y%m%d%H%M%S")


def from_daraja_stamp(digits: str) -> int | None:
    """Microseconds of a 14-digit EAT stamp, or None where it is no time at all."""
    if len(digits) != 14 or not (digits.isascii() and digits.isdecimal()):
        return None
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:])
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:  # every callback has one, and a datetime with a zone takes several times as long
        days = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).toordinal() - _DAY_1970
    except ValueError:
        return None
    return (((days * 24 + hour - _EAT_HOURS) * 60 + minute) * 60 + second) * SECOND_US


def rfc3339(at_us: int | None) -> str | None:
    """A moment in EAT, to the second, ``2026-11-24T10:30:00+03:00``; None stays None."""
    return None if at_us is None else _eat(at_us).isoformat(timespec="seconds")


def clock_time(at_us: int) -> str:
    """A moment's EAT time for a line on a screen: ``10:30:00``."""
    return _eat(at_us).strftime("%H:%M:%S")


def day_and_time(at_us: int) -> str:
    """A moment in EAT, for people: ``24 Nov 2026 10:30``."""
    return _eat(at_us).strftime("%d %b %Y %H:%M").lstrip("0")


def eat_day(at_us: int) -> date:
    """The day in Nairobi."""
    return _eat(at_us).date()


def _eat(at_us: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(EAT)


def day_begin_us(at_us: int) -> int:
    """The beginning of a moment's day in EAT."""
    into_it_us = (at_us + _EAT_HOURS * 3_600 * SECOND_US) % (86_400 * SECOND_US)
    return at_us - into_it_us
