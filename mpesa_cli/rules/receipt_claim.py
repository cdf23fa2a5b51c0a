"""A receipt that a customer shows, the claim about it, and the known facts about its money."""

from typing import Literal

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Payment

Proof = Literal["ledger", "statement", "status"]
"""The source: our own ledger, a statement or Pull row in it, or Daraja's Transaction Status just now."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A receipt, and the payment it is said to prove; None where nobody said.

    ``amount_cents`` is what must have been paid. ``text_cents`` is what a pasted message says was paid: anybody may
    have written that, so it decides nothing but whether the text is true.
    """

    receipt: str
    amount_cents: int | None = None
    msisdn: str | None = None
    order_id: str | None = None
    text_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """The known facts about a receipt's money. ``payer`` as far as it is shown, ``order_id`` empty where it pays none.

    ``gone_back`` where it was given back, all of it; ``amount_cents`` None where nobody said how much.
    """

    proof: Proof
    amount_cents: int | None
    at_us: int | None
    payer: str
    order_id: str = ""
    payment_id: str = ""
    gone_back: bool = False


def belongs_to_nobody(payment: Payment, receipt: str) -> bool:
    """Whether a payment is only what C2B reported of this receipt, for no order that was known (payments/c2b.py)."""
    return payment.order_id == f"C2B-{receipt}"
