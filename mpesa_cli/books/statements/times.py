"""Dates of a statement: their order of day and month is decided once, from all rows of the file (daraja.md 10.2).

Times are East Africa Time. A file whose dates fit both orders is read day first, unless the receipts, whose
first three characters tell their day (daraja.md 10.1), all say that it is month first.
"""

import re
from dataclasses import field
from datetime import datetime

from mpesa_cli.books.statements.refusals import dates_ambiguous
from mpesa_cli.floor.moments import EAT, SECOND_US
from mpesa_cli.floor.records import dataclass

MINUTE_US = 60 * SECOND_US
DAY_US = 86_400 * SECOND_US
# Kept minutes: rows stand in order of time, so few are met again.
MINUTES_AT_MOST = 4_096
_SECONDS_US = {f"{second:02d}": second * SECOND_US for second in range(60)}
_DAY_CODES = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_FIRST_YEAR = 2006  # the letter A in a receipt

_DATE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})|(\d{4})([-/.])(\d{1,2})\6(\d{1,2})", re.ASCII)
_AROUND_SIGNS = re.compile(r"\s*([-/.:])\s*")
_SPACED = re.compile(r" [-/.:]|[-/.:] ")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?(?:\s?([AaPp])\.?[Mm]\.?)?", re.ASCII)


@dataclass(slots=True)
class OrderVotes:
    """The votes of a file's dates for an order of day and month. ``see`` each; then ``month_first`` decides."""

    day_first_line: int = 0
    month_first_line: int = 0
    _receipts: list[int] = field(default_factory=lambda: [0, 0])

    def see(self, text: str, receipt: str, line: int) -> None:
        """Take one date into account, with the receipt of its row and the line it stands on."""
        found = _DATE.match(_joined(text))
        if found is None or found[1] is None:
            return
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if first > 12 >= second:
            self.day_first_line = self.day_first_line or line
        elif second > 12 >= first:
            self.month_first_line = self.month_first_line or line
        elif first != second:
            self._receipts[0] += _code(year, second, first) == receipt[:3]
            self._receipts[1] += _code(year, first, second) == receipt[:3]

    def month_first(self) -> bool:
        """Whether the month comes first. Raises InvalidInput (statement-dates-ambiguous) for both orders in one."""
        if self.day_first_line and self.month_first_line:
            raise dates_ambiguous(self.day_first_line, self.month_first_line)
        if self.day_first_line or self.month_first_line:
            return bool(self.month_first_line)
        day, month = self._receipts
        return month > 0 and day == 0


class Times:
    """The reader of one file's times, whose order is known."""

    def __init__(self, *, month_first: bool) -> None:
        self.month_first = month_first
        self._minutes: dict[str, int] = {}

    def read(self, text: str) -> int | None:
        """Microseconds since 1970 of ``24-11-2026 10:45:12`` and its kin, or None where it is no time.

        A time needs hour and minute; without seconds it is the beginning of the minute.
        """
        # "24-11-2026 10:45:" and two digits: nearly every cell of every export.
        minute_us = self._minutes.get(text[:17])
        second_us = _SECONDS_US.get(text[17:])
        if minute_us is not None and second_us is not None:
            return minute_us + second_us
        moment = self._moment(text)
        if moment is None or moment[1] == DAY_US:
            return None
        if second_us is not None and text[16:17] == ":":
            if len(self._minutes) >= MINUTES_AT_MOST:
                self._minutes.clear()
            self._minutes[text[:17]] = moment[0] - second_us
        return moment[0]

    def period(self, text: str) -> tuple[int | None, int | None]:
        """The first moment of a period such as ``01-11-2026 - 30-11-2026``, and the first one after it."""
        dates = list(_DATE.finditer(text))
        if len(dates) != 2:
            return None, None
        first, last = text[: dates[1].start()][dates[0].start() :], text[dates[1].start() :]
        begins, ends = self._moment(first.rstrip(" -–to")), self._moment(last)
        return (None if begins is None else begins[0]), (None if ends is None else ends[0] + ends[1])

    def _moment(self, text: str) -> tuple[int, int] | None:
        """A moment and how long what was written lasts: a second, a minute or a day, in microseconds."""
        text = _joined(text)
        date = _DATE.match(text)
        if date is None:
            return None
        if date[1] is None:
            year, month, day = int(date[5]), int(date[7]), int(date[8])
        else:
            day, month, year = int(date[1]), int(date[3]), int(date[4])
            if self.month_first:
                day, month = month, day
        rest = text[date.end() :].lstrip(" T,")
        clock = _TIME.fullmatch(rest)
        if rest and clock is None:
            return None
        hour, minute, second = (int(clock[1]), int(clock[2]), int(clock[3] or 0)) if clock else (0, 0, 0)
        if clock and clock[4]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if clock[4] in "pP" else 0)
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=EAT)
        except ValueError:
            return None
        if not 2007 <= year <= 2100:
            return None
        lasts_us = DAY_US if clock is None else SECOND_US if clock[3] else MINUTE_US
        return int(moment.timestamp()) * SECOND_US, lasts_us


def _joined(text: str) -> str:
    """The date with no white space around its signs: a line of a table may have ended there."""
    text = " ".join(text.split())
    return _AROUND_SIGNS.sub(r"\1", text) if _SPACED.search(text) else text  # few have any, and to look is a fifth


def _code(year: int, month: int, day: int) -> str:
    """The first three characters of a receipt of that day; empty where there is none."""
    if not (0 <= year - _FIRST_YEAR < 26 and 1 <= month <= 12 and 1 <= day <= 31):
        return ""
    return chr(ord("A") + year - _FIRST_YEAR) + chr(ord("A") + month - 1) + _DAY_CODES[day]
