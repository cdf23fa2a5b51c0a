"""Movements of money on a simulated shortcode, with only the fields that a statement needs."""

from typing import Literal

from mpesa_cli.floor.records import dataclass

# Invented, but close to what shops report: 0.55 % above KES 200, at most KES 200. Real tariffs are many.
FREE_UP_TO_CENTS = 20_000
CHARGE_AT_MOST_CENTS = 20_000
CHARGE_PER_10_000 = 55


@dataclass(frozen=True, slots=True)
class Movement:
    """A customer's payment, or a reversal that gave one back. ``amount_cents`` is above 0 for both.

    ``linked`` is the receipt that a reversal undoes; ``at_us`` is on the simulator's own clock.
    """

    receipt: str
    kind: Literal["payment", "reversal"]
    amount_cents: int
    at_us: int
    shortcode: str
    msisdn: str
    account: str
    buy_goods: bool = False
    linked: str = ""

    @property
    def signed_cents(self) -> int:
        """The change of the shop's balance, without the charge."""
        return self.amount_cents if self.kind == "payment" else -self.amount_cents

    @property
    def charge_cents(self) -> int:
        """The shop's charge for it; reversals and small payments cost nothing."""
        if self.kind == "reversal" or self.amount_cents <= FREE_UP_TO_CENTS:
            return 0
        return min(self.amount_cents * CHARGE_PER_10_000 // 10_000, CHARGE_AT_MOST_CENTS)


@dataclass(frozen=True, slots=True)
class Balances:
    """The balances of a shortcode: money taken, and the charges for it, kept on an account of their own."""

    shop_cents: int = 0
    charges_cents: int = 0

    def after(self, movement: Movement) -> "Balances":
        """The balances once this has moved."""
        return Balances(self.shop_cents + movement.signed_cents, self.charges_cents - movement.charge_cents)
