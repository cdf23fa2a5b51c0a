"""Dates as people say them, in East Africa Time: ``today``, ``yesterday``, ``7d``, ``2026-11-24``. Pure."""

import re
from datetime import UTC, datetime, timedelta

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import EAT, SECOND_US

RIGHT_FORMS = "today, yesterday, 7d, 2w, 12h, 30m, 2026-11-24, 24/11/2026 or '2026-11-24 10:30'"

_AGO = re.compile(r"(\d{1,4})\s?(m|h|d|w)", re.IGNORECASE | re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?", re.IGNORECASE | re.ASCII
)


def parse_since(typed: str, now_us: int) -> int:
    """The first moment meant, in microseconds since 1970.

    A day means its beginning: ``today`` and ``0d`` are last midnight, ``7d`` is midnight seven days before
    that. Minutes and hours are counted from now. A time without an offset is East Africa Time. Raises
    InvalidInput.
    """
    day, moment = _read(typed, now_us, "--since")
    return _us(day) if moment is None else moment


def parse_until(typed: str, now_us: int) -> int:
    """The first moment after the time meant: a day is meant to its end, a moment up to itself.

    Raises InvalidInput as :func:`parse_since` does.
    """
    day, moment = _read(typed, now_us, "--until")
    return _us(day + timedelta(days=1)) if moment is None else moment


def parse_day(typed: str, now_us: int, option: str) -> str:
    """A whole day, ``today`` or ``24/11/2026``, as ``2026-11-24``. Raises InvalidInput, naming ``option``."""
    day, moment = _read(typed, now_us, option)
    if moment is not None:
        raise InvalidInput(
            f"{option} {typed!r} is a moment, not a day.",
            hint=f"Nothing was done. Right: {option} 2026-11-24, 24/11/2026, today or yesterday. Days are Nairobi's.",
            code="invalid-date",
        )
    return day.date().isoformat()


def _read(typed: str, now_us: int, option: str) -> tuple[datetime, int | None]:
    """The day meant, and the moment in it where one is named."""
    text = typed.strip()
    midnight = _moment(now_us).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        if text.lower() in {"today", "yesterday"}:
            return midnight - timedelta(days=text.lower() == "yesterday"), None
        if ago := _AGO.fullmatch(text):
            return _ago(int(ago[1]), ago[2].lower(), midnight, now_us)
        if found := _DAY_FIRST.fullmatch(text):
            return datetime(int(found[3]), int(found[2]), int(found[1]), tzinfo=EAT), None
        if _YEAR_FIRST.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=EAT), None
        if _MOMENT.fullmatch(text):
            named = datetime.fromisoformat(text.upper())
            named = named if named.tzinfo else named.replace(tzinfo=EAT)
            return named, _us(named)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput(
        f"{option} {typed!r} is not a date that this program can read.",
        hint=f"Right: {RIGHT_FORMS}. Days are Nairobi's.",
        code="invalid-date",
    )


def _ago(count: int, unit: str, midnight: datetime, now_us: int) -> tuple[datetime, int | None]:
    match unit:
        case "m":
            return midnight, now_us - count * 60 * SECOND_US
        case "h":
            return midnight, now_us - count * 3_600 * SECOND_US
        case "w":
            return midnight - timedelta(weeks=count), None
        case _:
            return midnight - timedelta(days=count), None


def _moment(at_us: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(EAT)


def _us(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
