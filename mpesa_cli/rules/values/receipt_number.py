"""M-PESA receipt numbers: their date, and the number a customer who misread one may have meant (daraja.md 10.1).

Ten capital letters and digits; the first three are the date in Nairobi. Safaricom does not document that, so it only
ever makes a warning, never a verdict (docs/reference/assumptions.md A32).
"""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import EAT
from mpesa_cli.floor.records import dataclass

_FIRST_YEAR = 2006  # A; L is 2017 and U is 2026
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RECEIPT = re.compile(r"[A-Z0-9]{8,20}")
_USUAL = re.compile(r"[A-Z0-9]{10}")
_SEPARATORS = re.compile(r"[\s.\-]+")
_CONFUSED = {"O": "O0", "0": "0O", "I": "I1", "1": "1I"}
_CONFUSED_MAX = 6  # more look-alikes than that in one number would make a list that helps nobody
_OLD_AFTER_DAYS = 90
_FUTURE_AFTER_DAYS = 1  # a payment near midnight may carry the next day's code


@dataclass(frozen=True, slots=True)
class Plausibility:
    """A receipt number judged by its form alone. ``day`` is None where its first characters are no date.

    ``words`` are sentences for staff, empty where nothing is odd; ``meant`` are numbers that differ from it only
    in letters and digits that look alike, and whose date fits.
    """

    day: date | None
    words: tuple[str, ...]
    meant: tuple[str, ...]


def parse_receipt(typed: str) -> str:
    """A receipt number as people type it, in capitals and without spaces. Raises InvalidInput for what can't be one."""
    receipt = _SEPARATORS.sub("", typed.strip()).upper()
    if not receipt.isascii() or not _RECEIPT.fullmatch(receipt):
        raise InvalidInput(
            f"{typed[:40]!r} is no M-PESA receipt number.",
            hint="It is the code at the beginning of the SMS: ten letters and digits, such as UKO4Q7WX2B. "
            "Nothing was asked.",
            code="invalid-receipt",
        )
    return receipt


def date_code(at_us: int) -> str:
    """The three characters with which receipts of this moment's day begin, in Nairobi."""
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(EAT)
    return f"{chr(ord('A') + (local.year - _FIRST_YEAR) % 26)}{chr(ord('A') + local.month - 1)}{_DIGITS[local.day]}"


def day_of(receipt: str) -> date | None:
    """The day that a receipt's first three characters stand for, or None where they are no date."""
    if not receipt[0].isalpha() or not receipt[1].isalpha():
        return None
    year, month = _FIRST_YEAR + ord(receipt[0]) - ord("A"), ord(receipt[1]) - ord("A") + 1
    try:
        return date(year, month, _DIGITS.find(receipt[2]))
    except ValueError:
        return None


def look_alikes(receipt: str) -> tuple[str, ...]:
    """Every number that differs only in O and 0, I and 1, without itself; empty where that would be too many."""
    places = [_CONFUSED.get(character, character) for character in receipt]
    if sum(len(place) > 1 for place in places) > _CONFUSED_MAX:
        return ()
    return tuple(made for made in map("".join, product(*places)) if made != receipt)


def plausibility(receipt: str, now_us: int) -> Plausibility:
    """The plausibility of a number by its form. Warns only."""
    today = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_us)).astimezone(EAT).date()
    day = day_of(receipt) if len(receipt) == 10 else None
    words = []
    if not _USUAL.fullmatch(receipt):
        words.append(f"It has {len(receipt)} characters; today's receipts have ten.")
    elif day is None:
        words.append("Its first three characters are no date, as they are in M-PESA's receipts.")
    elif (day - today).days > _FUTURE_AFTER_DAYS:
        words.append(f"By its first three characters it is of {day.day} {day:%B %Y}, which is yet to come.")
    elif (today - day).days > _OLD_AFTER_DAYS:
        words.append(f"By its first three characters it is of {day.day} {day:%B %Y}: long ago.")
    fits = _fits(day, today)
    meant = tuple(each for each in look_alikes(receipt) if not fits and _fits(day_of(each), today))
    return Plausibility(day, tuple(words), meant)


def _fits(day: date | None, today: date) -> bool:
    return day is not None and -_FUTURE_AFTER_DAYS <= (today - day).days <= _OLD_AFTER_DAYS
