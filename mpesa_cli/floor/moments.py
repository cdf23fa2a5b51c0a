"""Times. Inside: integer microseconds since 1970, UTC. At the edges: East Africa Time (UTC+3, no DST).

Daraja's wall times are EAT without a zone, whatever the machine's zone is (daraja.md 0.3, docs/assumptions.md A7).
"""

from datetime import UTC, datetime, timedelta, timezone

EAT = timezone(timedelta(hours=3), "EAT")
SECOND_US = 1_000_000
_STAMP = ((0, 4), (4, 2), (6, 2), (8, 2), (10, 2), (12, 2))  # strptime takes ten times as long


def daraja_stamp(at_us: int) -> str:
    """The 14 digits that a push or query is signed with: ``20261124103000``."""
    return _eat(at_us).strftime("%Y%m%d%H%M%S")


def from_daraja_stamp(digits: str) -> int | None:
    """Microseconds of a 14-digit EAT stamp, or None where it is no time at all."""
    if len(digits) != 14 or not (digits.isascii() and digits.isdecimal()):
        return None
    try:
        year, month, day, hour, minute, second = (int(digits[at : at + n]) for at, n in _STAMP)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=EAT)
        return int(moment.timestamp()) * SECOND_US
    except (ValueError, OverflowError):
        return None


def rfc3339(at_us: int | None) -> str | None:
    """A moment in EAT, to the second, ``2026-11-24T10:30:00+03:00``; None stays None."""
    return None if at_us is None else _eat(at_us).isoformat(timespec="seconds")


def clock_time(at_us: int) -> str:
    """A moment's EAT time for a line on a screen: ``10:30:00``."""
    return _eat(at_us).strftime("%H:%M:%S")


def day_and_time(at_us: int) -> str:
    """A moment in EAT, for people: ``24 Nov 2026 10:30``."""
    return _eat(at_us).strftime("%d %b %Y %H:%M").lstrip("0")


def _eat(at_us: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(EAT)
