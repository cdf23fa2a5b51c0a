"""JSON from strangers, read strictly: one meaning or none.

``json.loads`` alone lets a repeated key win (``{"ResultCode":1032,"ResultCode":0}`` is a success to it),
accepts NaN, and fails on a thousand brackets. A document that passes here has one reading for every program.
"""

import json
import re
from typing import TYPE_CHECKING, TypeAlias, Union

from mpesa_cli.floor.records import dataclass

if TYPE_CHECKING:
    from decimal import Decimal

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12
MAX_DIGITS = 20
MAX_EXPONENT = 30

Json: TypeAlias = Union["dict[str, Json]", "list[Json]", str, int, "Decimal", bool, None]

_BOM = b"\xef\xbb\xbf"
# Patterns are compiled when they are first needed: an answer to a push needs none.
# Possessive, and an unclosed string runs to the end, so that no text makes this search twice.
_STRINGS = rb'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_NOT_BRACKETS = rb"[^\[\]{}]+"
_SURROGATE = r"\\u[dD][89a-fA-F]"
_FLOAT = r"(?a)-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The reason why a body can't be believed: a stable slug for programs, words for people."""

    reason: str
    words: str


class UnreadableError(ValueError):
    """A body that can't be believed. Readers catch it at their edge and return ``why``."""

    def __init__(self, reason: str, words: str) -> None:
        """See :class:`Unreadable`."""
        super().__init__(words)
        self.why = Unreadable(reason, words)


def read_json(body: bytes, *, max_bytes: int = MAX_BYTES) -> Json | Unreadable:
    """Read one JSON document. Whole numbers come as int, others as Decimal. Never raises.

    Refused, with the reason: ``too-large``, ``not-utf8``, ``too-deep``, ``not-json``, ``duplicate-key``,
    ``not-a-number`` (NaN, Infinity), ``absurd-number``, ``lone-surrogate``. A byte order mark is skipped.
    """
    try:
        return parse_json(body, max_bytes=max_bytes)
    except UnreadableError as unreadable:
        return unreadable.why


def parse_json(body: bytes, *, max_bytes: int = MAX_BYTES) -> Json:
    """The document, as from :func:`read_json`. Raises UnreadableError, and nothing else."""
    if len(body) > max_bytes:
        raise UnreadableError("too-large", f"more than {max_bytes} bytes")
    if not _shallow(body):
        raise UnreadableError("too-deep", f"nested more than {MAX_DEPTH} levels deep")
    try:
        text = body.removeprefix(_BOM).decode()
        value: Json = _DECODER.decode(text)
        if "\\u" in text and re.search(_SURROGATE, text):
            _refuse_lone_surrogates(value)
    except UnreadableError:
        raise
    except UnicodeDecodeError as error:
        raise UnreadableError("not-utf8", "not UTF-8 text") from error
    except (ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise UnreadableError("not-json", "not a JSON document") from error
    return value


def _shallow(body: bytes) -> bool:
    """Whether brackets outside strings nest no deeper than allowed, found without parsing."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return True
    depth = 0
    for bracket in re.sub(_NOT_BRACKETS, b"", re.sub(_STRINGS, b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            return False
    return True


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("duplicate-key", "an object names one key twice")
    return found


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise UnreadableError("absurd-number", f"a whole number of more than {MAX_DIGITS} digits")
    return int(digits)


def _decimal(text: str) -> "Decimal":
    from decimal import Decimal  # most answers have whole numbers only

    found = re.fullmatch(_FLOAT, text)
    if (
        found is None
        or len(found[1]) + len(found[2] or "") > 2 * MAX_DIGITS
        or abs(int(found[3] or 0)) > MAX_EXPONENT
    ):
        raise UnreadableError("absurd-number", "a number too long or too large to mean money")
    return Decimal(text)


def _constant(name: str) -> Json:
    raise UnreadableError("not-a-number", f"{name} is not a number")


def _refuse_lone_surrogates(value: Json) -> None:
    match value:
        case str():
            if not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value):
                raise UnreadableError("lone-surrogate", "half a character, which no text can hold")
        case list():
            for each in value:
                _refuse_lone_surrogates(each)
        case dict():
            for key, each in value.items():
                _refuse_lone_surrogates(key)
                _refuse_lone_surrogates(each)
        case _:
            return


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)
