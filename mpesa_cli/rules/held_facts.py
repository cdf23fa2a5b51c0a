"""Facts to find a held message by: the receipt, amount and shortcode that its body shows. Nothing is decided on them.

Pure and total: any bytes have a reading, and nothing is raised.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from mpesa_cli.floor.records import dataclass

_RECEIPTS = frozenset({"transid", "mpesareceiptnumber", "receiptno", "receipt", "transactionid"})
_AMOUNTS = frozenset({"transamount", "amount", "transactionamount"})
_SHORTCODES = frozenset({"businessshortcode", "shortcode"})
_ACCOUNTS = frozenset({"billrefnumber", "accountreference"})
_PAIR = re.compile(r'"([A-Za-z]{4,30})"\s*:\s*("(?:[^"\\]|\\.){0,60}"|-?[0-9][0-9.,]{0,30})')
_NAMED = re.compile(
    r'"(?:Name|Key)"\s*:\s*"([A-Za-z]{4,30})"\s*,\s*"Value"\s*:\s*("(?:[^"\\]|\\.){0,60}"|-?[0-9][0-9.,]{0,30})'
)
_RECEIPT = re.compile(r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9]{8,20}")  # with a letter, so that no phone number is one
_AMOUNT = re.compile(r"([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.([0-9]{1,2})0{0,2})?")
_SHORTCODE = re.compile(r"[0-9]{4,9}")
_BYTES_MAX, _PAIRS_MAX = 65_536, 400


@dataclass(frozen=True, slots=True)
class Shown:
    """The facts that could be read; empty or None where none could, or where two contradict each other."""

    receipt: str = ""
    amount_cents: int | None = None
    shortcode: str = ""
    account: str = ""


def shown_in(body: bytes) -> Shown:
    """The facts that a body shows, whatever is wrong with the rest of it."""
    pairs = _pairs(body[:_BYTES_MAX])
    receipts = {r for name, value in pairs if name in _RECEIPTS and (r := receipt_shown(value))}
    amounts = {a for name, value in pairs if name in _AMOUNTS and (a := amount_shown(value)) is not None}
    shortcodes = {v for name, value in pairs if name in _SHORTCODES and _SHORTCODE.fullmatch(v := value.strip())}
    accounts = {value for name, value in pairs if name in _ACCOUNTS}
    return Shown(_only(receipts) or "", _only(amounts), _only(shortcodes) or "", _only(accounts) or "")


def receipt_shown(text: str) -> str:
    """A receipt number in capitals, or nothing."""
    found = text.strip().upper()
    return found if _RECEIPT.fullmatch(found) and found.isascii() else ""


def amount_shown(text: str) -> int | None:
    """Cents of ``11720``, ``11,720.00`` or ``KES 50``, or None."""
    bare = re.sub(r"^(?:KES|KSH)S?\.?\s*|\s*/[-=]$", "", text.strip(), flags=re.IGNORECASE)
    found = _AMOUNT.fullmatch(bare)
    return int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0")) if found else None


def _only(found: "set[Any]") -> Any:
    return next(iter(found)) if len(found) == 1 else None


def _pairs(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    seen: list[tuple[str, str]] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen.extend((name.casefold(), _text(value)) for name, value in pairs)
        said = dict(pairs)
        if isinstance(named := said.get("Name", said.get("Key")), str) and "Value" in said:
            seen.append((named.casefold(), _text(said["Value"])))
        return said

    try:
        json.loads(text.lstrip("\ufeff"), object_pairs_hook=keep, parse_int=str, parse_float=str)
    except (ValueError, RecursionError, MemoryError):
        seen = list(_scanned(text))
    return seen[:_PAIRS_MAX]


def _scanned(text: str) -> Iterator[tuple[str, str]]:
    for pattern in (_NAMED, _PAIR):
        for found in pattern.finditer(text):
            yield found[1].casefold(), found[2].strip('"')


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
