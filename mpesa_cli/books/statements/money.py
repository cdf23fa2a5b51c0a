"""Amounts as a statement writes them, in cents: ``1053.00``, ``1,053.00``, ``-4000.00``, ``(4,000.00)``; a blank
may stand for the comma."""

import re

# More than a shop turns over; beyond it a cell is something else that got into this column.
DIGITS_AT_MOST = 15

_AMOUNT = re.compile(
    r"([-−+]?) ?(?:(?:KES|KSHS?)\.? ?)?(\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.(\d{1,2}))?",
    re.ASCII | re.IGNORECASE,
)


def read_cents(text: str) -> int | None:
    """Cents, with the sign that is written; 0 for an empty cell, None for what is no amount."""
    bare = text.replace(",", "")
    digits = bare.replace(".", "")
    # Nearly every amount of every export ends here, in a third of the time that the pattern takes: two digits
    # after the only stop, and a comma before every third digit in front of it, or none at all.
    whole = len(digits) == len(bare) - 1 and 3 <= len(digits) <= DIGITS_AT_MOST
    if whole and text[-3:-2] == "." and digits.isdecimal() and text.isascii():
        commas = len(text) - len(bare)
        if not commas or (text[-7::-4] == ",,,,,"[:commas] and text[0] != ","):
            return int(digits)
    return _slowly(" ".join(text.split()))


def _slowly(text: str) -> int | None:
    if text in {"", "-"}:
        return 0
    inner = f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text
    found = _AMOUNT.fullmatch(inner)
    if found is None:
        return None
    whole = found[2].replace(",", "").replace(" ", "")
    if len(whole) > DIGITS_AT_MOST:
        return None
    cents = int(whole) * 100 + int(((found[3] or "") + "00")[:2])
    return -cents if found[1] in {"-", "−"} else cents


def read_balance(text: str) -> int | None:
    """Cents of a balance, in half the time; None for an empty cell too. Where its commas stand doesn't matter."""
    whole, stop, cents = text.rpartition(".")
    if stop and len(cents) == 2:
        try:
            return int(whole.replace(",", "") + cents)
        except ValueError:
            pass
    return read_cents(text) if text.strip() else None
