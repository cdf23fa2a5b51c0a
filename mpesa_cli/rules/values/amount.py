"""Amounts: whole shillings in, cents inside.

Daraja takes whole shillings only (daraja.md 2.1); C2B reports cents. The ledger keeps cents as an
integer, so nothing is ever rounded.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass

if TYPE_CHECKING:
    from decimal import Decimal
    from types import ModuleType

CENTS = 100

_TYPED = re.compile(
    r"(?:(?:kes|kshs?|sh)\.?\s*)?"
    r"(\d{1,3}(?:,\d{3})+|\d+)"
    r"(?:\.00?)?"  # no cents at all: with any other digits, or a third one, it may have meant something else
    r"(?:\s*/[-=])?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the most that one prompt may ask for, in whole shillings. Regulated and changed three times: data.

    The defaults are those of Safaricom's M-Pesa Express page, FAQ 5 (daraja.md 2.1).
    """

    amount_min: int = 1
    amount_max: int = 250_000


def parse_shillings(typed: str, limits: Limits) -> int:
    """Read an amount as people type it: ``1500``, ``1,500``, ``1,500.00``, ``KES 1500``, ``1500/-``.

    Returns whole shillings within ``limits``. Raises InvalidInput for cents that are not zero, signs,
    exponents, other text, and amounts outside the limits.
    """
    found = _TYPED.fullmatch(typed.strip())
    if found is None or not typed.isascii():
        raise InvalidInput(
            f"{typed!r} is not an amount in whole shillings.",
            hint="M-Pesa prompts take whole shillings only. Right: 1500, 1,500 or 'KES 1500'. Nothing was sent.",
            code="invalid-amount",
        )
    digits = found[1].replace(",", "")
    shillings = int(digits) if len(digits) <= 12 else limits.amount_max + 1
    if not limits.amount_min <= shillings <= limits.amount_max:
        raise InvalidInput(
            f"{typed!r} is outside what one prompt may ask for: "
            f"{format_shillings(limits.amount_min)} to {format_shillings(limits.amount_max)}.",
            hint=f"Right: any whole amount up to {limits.amount_max:,}, for example 1500. Nothing was sent. "
            "The limits are the profile's: mpesa config show",
            code="invalid-amount",
        )
    return shillings


def format_shillings(shillings: int) -> str:
    """Whole shillings as text: ``1500`` → ``KES 1,500``."""
    return f"KES {shillings:,}"


def format_cents(cents: int) -> str:
    """Cents as text: ``150000`` → ``KES 1,500``; ``150050`` → ``KES 1,500.50``; ``-275`` → ``-KES 2.75``."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), CENTS)
    return f"{sign}KES {whole:,}" if rest == 0 else f"{sign}KES {whole:,}.{rest:02d}"


def cents_to_json(cents: int) -> int | float:
    """Cents in shillings: an integer where whole, otherwise a decimal with at most two places."""
    whole, rest = divmod(cents, CENTS)
    return whole if rest == 0 else cents / CENTS


@cache
def _decimal() -> "ModuleType":
    """The module, imported where the first amount from the wire is read: a push without a callback needs none."""
    import decimal

    return decimal


def decimal_to_cents(value: "Decimal | int | str") -> int | None:
    """The exact cents of an amount from the wire (``1``, ``1.00``, ``"5.00"``), or None where it isn't one."""
    decimal = _decimal()
    try:
        cents = decimal.Decimal(value) * CENTS
    except (decimal.InvalidOperation, ValueError, TypeError):
        return None
    if not cents.is_finite() or cents < 0 or cents > 10**15 or cents != cents.to_integral_value():
        return None
    return int(cents)
