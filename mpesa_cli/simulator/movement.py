"""Movements of money on a simulated shortcode, with only the fields that a statement needs."""

from typing import Literal

from mpesa_cli.floor.records import dataclass

# Invented, but close to what shops report: 0.55 % above KES 200, at most KES 200. Real tariffs are many.
FREE_UP_TO_CENTS = 20_000
CHARGE_AT_MOST_CENTS = 20_000
CHARGE_PER_10_000 = 55
# What a payout costs, by the amount up to which it costs that; invented too.
PAYOUT_CHARGES_CENTS = ((150_000, 500), (500_000, 900))
PAYOUT_CHARGE_MOST_CENTS = 1_300

Kind = Literal["payment", "reversal", "payout", "b2b"]


@dataclass(frozen=True, slots=True)
class Movement:
    """A customer's payment, a reversal that gave one back, a payout to a phone, or money for another business.

    ``amount_cents`` is above 0 for all; ``msisdn`` is the other party's number, for ``b2b`` a shortcode. ``linked`` is
    the receipt that a reversal undoes; ``at_us`` is on the simulator's own clock. ``reason``, ``conversation`` (the
    OriginatorConversationID) and ``note`` (the remarks) are those of the request that moved it; empty where none did.
    """

    receipt: str
    kind: Kind
    amount_cents: int
    at_us: int
    shortcode: str
    msisdn: str
    account: str
    buy_goods: bool = False
    linked: str = ""
    reason: str = ""
    conversation: str = ""
    note: str = ""

    @property
    def signed_cents(self) -> int:
        """The change of the account that it moved, without the charge."""
        return self.amount_cents if self.kind == "payment" else -self.amount_cents

    @property
    def charge_cents(self) -> int:
        """The shop's charge for it; reversals, small payments and B2B cost nothing."""
        if self.kind == "payout":
            steps = (charge for up_to, charge in PAYOUT_CHARGES_CENTS if self.amount_cents <= up_to)
            return next(steps, PAYOUT_CHARGE_MOST_CENTS)
        if self.kind != "payment" or self.amount_cents <= FREE_UP_TO_CENTS:
            return 0
        return min(self.amount_cents * CHARGE_PER_10_000 // 10_000, CHARGE_AT_MOST_CENTS)


@dataclass(frozen=True, slots=True)
class Balances:
    """The balances of a shortcode: customers' money, the charges for it, and the account that pays businesses.

    Customers' money is on the utility account of a paybill, and on the merchant account of a till.
    """

    shop_cents: int = 0
    charges_cents: int = 0
    working_cents: int = 0

    def after(self, movement: Movement) -> "Balances":
        """The balances once this has moved."""
        moved, charge = movement.signed_cents, self.charges_cents - movement.charge_cents
        if movement.kind == "b2b":
            return Balances(self.shop_cents, charge, self.working_cents + moved)
        return Balances(self.shop_cents + moved, charge, self.working_cents)
