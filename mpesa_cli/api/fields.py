"""The fields that a request may hold, each with its JSON Schema and its reader side by side. Pure.

A value is taken exactly where its schema says so, so that the OpenAPI document promises neither more nor less.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import Limits
from mpesa_cli.rules.values.msisdn import parse_msisdn
from mpesa_cli.rules.values.reference import ORDER_ID_MAX
from mpesa_cli.rules.values.typed_digits import without_marks

Schema: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[Any], Any]
"""From a JSON value to ours. Raises InvalidInput, or Unfit where it is not what the schema says."""

# Patterns are read by Python here and by ECMAScript elsewhere: "$" alone would let a line end pass in Python.
_END = r"$(?!\n)"
ORDER_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9 ._:#/@+-]*[A-Za-z0-9])?" + _END
# What an account reference may hold (rules/values/reference.py), for orders whose id becomes one.
REFERENCE_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9 ._/-]*[A-Za-z0-9])?" + _END
# daraja.md 9: nine digits after 0 or 254, as people space and paste them (rules/values/msisdn.py).
_GAP = "[ -]?"
_SERIES_1 = _GAP.join(("1", f"(?:0{_GAP}[0-8]|1{_GAP}[0-9]|2{_GAP}[014]|3{_GAP}[05-9]|4{_GAP}[0-6]|8{_GAP}[0-9])"))
_NATIONAL = rf"(?:7(?:{_GAP}[0-9]){{8}}|{_SERIES_1}(?:{_GAP}[0-9]){{6}})"
_COUNTRY = rf"\+?2{_GAP}5{_GAP}4{_GAP}(?:\(0\){_GAP}|0{_GAP})?"
_ONE = _SERIES_1.replace(_GAP, "")
# What a spreadsheet makes of a number.
_AS_DECIMAL = rf"(?:\+?2540?|0)?(?:7[0-9]{{8}}|{_ONE}[0-9]{{6}})\.00?"
PHONE_PATTERN = rf"^'?(?:(?:{_COUNTRY}|0{_GAP})?{_NATIONAL}|{_AS_DECIMAL})" + _END
_DAYS_31, _DAYS_30 = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])", r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_DAY = rf"20[0-9]{{2}}-(?:{_DAYS_31}|{_DAYS_30}|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_TIME = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
MOMENT_PATTERN = rf"^(?:today|yesterday|[0-9]{{1,3}}[mhdw]|{_DAY}(?:{_TIME})?)" + _END
CURSOR_PATTERN = r"^[0-9]{1,18}~[A-Za-z0-9-]{1,40}" + _END
# A reason in one line, as the ledger keeps it: it begins and ends with something that is seen.
REASON_PATTERN = r"^[!-~](?:[ -~]{8,198})[!-~]" + _END
KEY_PATTERN = r"^[!-~]{1,128}" + _END
_ORDER_NUMBER_MAX = 10**15


_NOTHING, _ALL = "Nothing was sent. ", " All fields: GET /openapi.json"


class Unfit(ValueError):
    """The value is not what its schema says; the text says what it must be."""


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a body, or one parameter. ``example`` is shown, and must be one that is taken."""

    name: str
    meaning: str
    schema: Schema
    read: Read
    example: Any
    required: bool = False


def read_fields(fields: Sequence[Field], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The values of all that was given, by name. Raises InvalidInput that names every wrong field; its code is the
    first one's.

    ``what`` is the word for a field there: ``field``, ``parameter``.
    """
    known = {field.name: field for field in fields}
    there = ", ".join(known) or "none"
    troubles = [
        wrong(f"There is no {what} {name[:60]!r} here.", f"There are: {there}.", "unknown-field")
        for name in sorted(given.keys() - known.keys())[:1]
    ]
    troubles += [
        wrong(f"The {what} {name!r} is missing.", f"Right: {_shown(field)}.", "missing-field")
        for name, field in known.items() if field.required and name not in given
    ]
    values = {}
    for name in [name for name in known if name in given]:
        try:
            values[name] = _value(known[name], given[name], what)
        except InvalidInput as trouble:
            troubles.append(trouble)
    if not troubles:
        return values
    if len(troubles) > 1:
        first = troubles[0]
        hints = " ".join(each.hint.removeprefix(_NOTHING).removesuffix(_ALL) for each in troubles)
        raise wrong(" ".join(each.message for each in troubles), hints, first.code)
    raise troubles[0]


def wrong(message: str, hint: str, code: str) -> InvalidInput:
    """A request that breaks the rules of this API."""
    return InvalidInput(message, hint=f"{_NOTHING}{hint}{_ALL}", code=code)


def _value(field: Field, value: Any, what: str) -> Any:
    try:
        return field.read(value)
    except Unfit as unfit:
        raise wrong(
            f"The {what} {field.name!r} {unfit}.", f"Right: {_shown(field)}.", "invalid-field"
        ) from None


def _shown(field: Field) -> str:
    example = f'"{field.example}"' if isinstance(field.example, str) else str(field.example)
    return f'"{field.name}": {example}'


def matching(pattern: str, must: str, then: Read = str, first: Callable[[str], str] = str) -> Read:
    """A reader of text that matches once ``first`` was applied to it; ``then`` makes our value of it."""
    compiled = re.compile(pattern)

    def read(value: Any) -> Any:
        if not isinstance(value, str) or not compiled.search(text := first(value)):
            raise Unfit(must)
        return then(text)

    return read


def text_schema(pattern: str, **more: Any) -> Schema:
    """The schema that goes with :func:`matching`."""
    return {"type": "string", "pattern": pattern, **more}


@dataclass(frozen=True, slots=True)
class OrderRule:
    """Order ids that can be used: text of ``pattern`` up to ``length_max``, or a whole number that fits."""

    pattern: str
    length_max: int

    @property
    def _number_max(self) -> int:
        return min(_ORDER_NUMBER_MAX, int(10**self.length_max - 1))

    @property
    def schema(self) -> Schema:
        """The JSON Schema of these order ids."""
        return {
            "anyOf": [
                text_schema(self.pattern, minLength=1, maxLength=self.length_max),
                {"type": "integer", "minimum": 0, "maximum": self._number_max},
            ]
        }

    def read(self, value: Any) -> str:
        """The order id, given as text or as a whole number."""
        must = f"must be a whole number, or text as order ids are, of 1 to {self.length_max} characters"
        if isinstance(value, str):
            if len(value) > self.length_max:
                raise Unfit(must)
            return str(matching(self.pattern, must)(value))
        number = _whole(value)
        if number is None or not 0 <= number <= self._number_max:
            raise Unfit(must)
        return str(number)


ANY_ORDER = OrderRule(ORDER_PATTERN, ORDER_ID_MAX)
read_phone = matching(
    PHONE_PATTERN, "must be a Kenyan mobile number, as 0712345678 or +254712345678", parse_msisdn, without_marks
)


def amount_reader(limits: Limits) -> Read:
    """A reader of whole shillings within ``limits``."""

    def read(value: Any) -> int:
        shillings = _whole(value)
        if shillings is None or not limits.amount_min <= shillings <= limits.amount_max:
            raise Unfit(f"must be whole shillings, {limits.amount_min} to {limits.amount_max}, as a number")
        return shillings

    return read


def amount_schema(limits: Limits) -> Schema:
    """The JSON Schema of the amounts that :func:`amount_reader` takes."""
    return {"type": "integer", "minimum": limits.amount_min, "maximum": limits.amount_max}


def one_of(choices: Sequence[str]) -> Read:
    """A reader of one of some words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise Unfit(f"must be one of: {', '.join(choices)}")
        return str(value)

    return read


def number_between(least: int, most: int) -> Read:
    """A reader of a whole number in an address, where everything is text."""

    def read(value: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) or (
            not least <= int(value) <= most
        ):
            raise Unfit(f"must be a whole number, {least} to {most}")
        return int(value)

    return read


def _whole(value: Any) -> int | None:
    """The whole number that a JSON number is; 1500.0 is one to JSON Schema, and so to us."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(value) if value == int(value) else None
