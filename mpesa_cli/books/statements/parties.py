"""The other side's number, as far as a row shows it: in a column of its own, or in Details."""

import re

from mpesa_cli.rules.values.shown_number import proves

# A mask may have blanks or dashes around it: 2547 ***** 126 (daraja.md 5.6).
_NUMBER = r"\+?(\d(?:[\d*•xX]|[ -](?=[*•])|(?<=[*•])[ -](?=\d)){4,20})(?=\s|-|$)"
_FIRST = re.compile(_NUMBER, re.ASCII)
_IN_DETAILS = re.compile(rf"\b(?:from|to|by)[ :-]+{_NUMBER}", re.ASCII | re.IGNORECASE)
_GAPS = re.compile("[ -]")
_MASK = re.compile("[^0-9]")


def number_first(text: str) -> str:
    """The number at the beginning of a text such as ``254708374149 - JANE``; empty where there is none."""
    found = _FIRST.match(text)
    return _international(found[1]) if found else ""


def number_in_details(details: str) -> str:
    """The number in ``Pay Bill from 254708374149 - JANE Acc. 1042``; empty where there is none."""
    found = _IN_DETAILS.search(details)
    return _international(found[1]) if found else ""


def fuller(masked: str, details: str) -> str:
    """The whole number where the details show it and it is what was masked; else what was masked."""
    whole = number_in_details(details)
    return whole if whole.isdecimal() and proves(whole, masked) else masked


def _international(number: str) -> str:
    """``0722…`` and ``722…``, whose zero a spreadsheet dropped, → ``254722…``; what is masked has asterisks."""
    if not number.isdecimal():
        number = _MASK.sub("*", _GAPS.sub("", number))
        return "254" + number[1:] if number.startswith(("07", "01")) else number
    if len(number) == 10 and number.startswith(("07", "01")):
        return "254" + number[1:]
    return "254" + number if len(number) == 9 and number.startswith(("7", "1")) else number
