"""The digits of a phone number, in whatever form people type and paste it."""

import re

_GAP = r"\s\-().\u00a0\u2009\u202f\u2010-\u2015"
# Marks of direction, joiners and blanks of no width, which contacts and web pages put around numbers.
_INVISIBLE = re.compile(r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
_SEPARATORS = re.compile(f"[{_GAP}]+")
_LENGTH_MAX = 64
_ZERO_CENTS = re.compile(r"(?<=\d{9})\.00?\Z", re.ASCII)
# A point before the last one or two digits makes a decimal, and so does a single point before noughts only.
_DECIMAL = re.compile(r".*\.\d{1,2}|[^.]*\.0+", re.ASCII | re.DOTALL)
_ZERO = rf"\([{_GAP}]*0[{_GAP}]*\)"
_ZERO_BEHIND_COUNTRY = re.compile(rf"([{_GAP}]*(?:\+|00)?[{_GAP}]*2[{_GAP}]*5[{_GAP}]*4[{_GAP}]*){_ZERO}")
_ZERO_ELSEWHERE = re.compile(rf"[\d+].*{_ZERO}", re.ASCII | re.DOTALL)
_COUNTRY_AND_ZERO = re.compile(r"((?:\+|00)?254)0(?=\d{9}\Z)", re.ASCII)


def without_marks(text: str) -> str:
    """The text without its invisible characters."""
    return _INVISIBLE.sub("", text)


def without_gaps(text: str) -> str:
    """The text without the blanks, dashes, points and brackets that stand between digits."""
    return _SEPARATORS.sub("", text)


def digits_of(typed: str) -> str:
    """The digits that were typed, with the plus before them; empty where it is in doubt which ones are meant."""
    text = without_marks(typed).strip()
    if text[:1] in {"'", "\u2019"}:  # a spreadsheet's sign for "this is text"
        text = text[1:].strip()
    text = _ZERO_CENTS.sub("", text)
    if len(text) > _LENGTH_MAX or _DECIMAL.fullmatch(text):
        return ""
    if behind_country := _ZERO_BEHIND_COUNTRY.match(text):
        return _SEPARATORS.sub("", behind_country[1] + text[behind_country.end() :])
    if _ZERO_ELSEWHERE.search(text):
        return ""
    digits = _SEPARATORS.sub("", text)
    with_zero = _COUNTRY_AND_ZERO.match(digits)
    return with_zero[1] + digits[with_zero.end() :] if with_zero else digits
