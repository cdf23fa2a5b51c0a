"""The lines above the table: the statement's owner, its period, and the balances at both ends."""

import re
from collections.abc import Iterable, Sequence

from mpesa_cli.books.statements.columns import normal
from mpesa_cli.books.statements.money import read_cents
from mpesa_cli.books.statements.times import OrderVotes, Times
from mpesa_cli.books.statements.values import Heading

_LABELS = {
    "organizationname": "organisation", "organisationname": "organisation", "organization": "organisation",
    "organisation": "organisation",
    "timeperiod": "period", "statementperiod": "period", "period": "period",
    "openingbalance": "opening", "closingbalance": "closing",
    "currency": "currency", "currencycode": "currency",
}
# Exports name a shortcode in many ways: Short Code, Business Short Code, Paybill No., Store Number, Head Office.
_SHORTCODE_LABEL = re.compile(
    "(?:mpesa|your|business|company|organi[sz]ation|org|merchant|shop|receiving|lipana)*"
    "(?:(?P<till>(?:buygoods)?tills?|buygoods)|(?P<store>store|outlet|branch)|(?P<head>headoffice|ho|hq|parent)"
    "|(?P<code>shortcode|paybill|business|merchant|biller))"
    "(?:shortcode|organi[sz]ation|number|num|no|code|id)*"
)
# The narrowest says whose statement it is: shops of one owner share a head office, and some a paybill.
_NARROWEST_FIRST = ("till", "store", "code", "head")
_SHORTCODE = re.compile(r"(?<!\d)\d{5,7}(?!\d)", re.ASCII)


def read_heading(above: Iterable[Sequence[str]], *, month_first: bool) -> Heading:
    """The heading in these lines. ``month_first`` is the rows' own order, used where the period fits both."""
    said: dict[str, str] = {}
    for cells in above:
        label, value = _label_and_value(cells)
        if label and value:
            said.setdefault(label, value)
    begins, ends = _times(said.get("period", ""), month_first).period(said.get("period", ""))
    codes = (_SHORTCODE.search(said.get(kind, "")) for kind in _NARROWEST_FIRST)
    return Heading(
        organisation=said.get("organisation"),
        shortcode=next((found[0] for found in codes if found), None),
        from_us=begins,
        until_us=ends,
        opening_cents=read_cents(said["opening"]) if "opening" in said else None,
        closing_cents=read_cents(said["closing"]) if "closing" in said else None,
        currency=said.get("currency", ""),
    )


def _label_and_value(cells: Sequence[str]) -> tuple[str, str]:
    """``Short Code,600984``, ``Short Code: 600984`` or ``Short Code:,,600984``; a period may fill two cells."""
    first, *others = [cell.strip() for cell in cells if cell.strip()] or [""]
    label = _label(first)
    if label:
        return label, " - ".join(others)
    name, _, value = first.partition(":")
    return _label(name), " - ".join([value.strip(), *others])


def _label(text: str) -> str:
    """The field that the words before a value name; empty where that is not known."""
    name = normal(text)
    if name not in _LABELS and (code := _SHORTCODE_LABEL.fullmatch(name)):
        return code.lastgroup or ""
    return _LABELS.get(name, "")


def _times(period: str, month_first: bool) -> Times:
    votes = OrderVotes()
    for part in re.findall(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", period):
        votes.see(part, "", 1)
    if bool(votes.day_first_line) is not bool(votes.month_first_line):
        month_first = bool(votes.month_first_line)
    return Times(month_first=month_first)
