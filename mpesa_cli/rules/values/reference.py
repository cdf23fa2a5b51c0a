"""Account references, descriptions and order ids: what they may hold and how long they may be.

Daraja documents at most 12 characters for AccountReference and 13 for TransactionDesc; live reports
differ (docs/reference/assumptions.md A3). A reference is never shortened: the customer reads it, and statements
are matched by it. A description is kept whole in the ledger and cut only on the wire.
"""

import re

from mpesa_cli.floor.errors import InvalidInput

ACCOUNT_REFERENCE_MAX = 12
DESCRIPTION_MAX = 13
ORDER_ID_MAX = 64

_REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/-]*[A-Za-z0-9])?")
_ORDER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:#/@+-]*[A-Za-z0-9])?")


def account_reference(template: str, order_id: str, max_length: int) -> str:
    """Fill ``{order}`` in the profile's template and check the result.

    Returns the AccountReference to send. Raises InvalidInput where it is longer than ``max_length``
    or has characters that made prompts fail silently in the field (``@ # &``, daraja.md 2.1).
    """
    reference = template.replace("{order}", order_id).strip()
    if not _REFERENCE.fullmatch(reference):
        raise InvalidInput(
            f"The account reference {reference!r} has characters that M-Pesa does not carry.",
            hint="Letters, digits, space and . _ / - only, with a letter or digit at both ends. "
            "Right: --account INV-417. Nothing was sent.",
            code="invalid-account-reference",
        )
    if len(reference) > max_length:
        raise InvalidInput(
            f"The account reference {reference!r} has {len(reference)} characters; "
            f"this profile allows {max_length}.",
            hint=f"It is never shortened, because customers and statements go by it. "
            f"Right: --account {reference[:max_length].rstrip(' ._/-')} (or account_reference_max in the profile). "
            "Nothing was sent.",
            code="invalid-account-reference",
        )
    return reference


def check_description(text: str) -> str:
    """A description for people: one line, 1 to 100 characters. Raises InvalidInput otherwise."""
    cleaned = " ".join(text.split())
    if not 1 <= len(cleaned) <= 100 or not cleaned.isprintable():
        raise InvalidInput(
            f"The description {text[:120]!r} must be one line of 1 to 100 characters.",
            hint="Right: --description 'Order 417'. Nothing was sent.",
            code="invalid-description",
        )
    return cleaned


def wire_description(text: str, max_length: int) -> str:
    """The description that Daraja gets: the first ``max_length`` characters, plain ASCII, never empty.

    Leaving it out or empty was answered "Invalid Remarks" (daraja.md 2.1).
    """
    plain = "".join(c for c in text if c.isascii() and (c.isalnum() or c in " ._/-")).strip()
    return (plain[:max_length].strip()) or "Payment"


def check_order_id(typed: str) -> str:
    """An order id as the shop writes it, 1 to 64 characters. Raises InvalidInput otherwise."""
    cleaned = typed.strip()
    if len(cleaned) > ORDER_ID_MAX or not _ORDER.fullmatch(cleaned):
        raise InvalidInput(
            f"{typed[:80]!r} can't be an order id.",
            hint=f"Letters, digits, space and . _ : # / @ + - only, up to {ORDER_ID_MAX}, with a letter or "
            "digit at both ends. Right: --order 1042. Nothing was sent.",
            code="invalid-order",
        )
    return cleaned
