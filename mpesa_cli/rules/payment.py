"""Payments and attempts as the ledger returns them.

A **payment** is what the shop wants: an order, an amount, a phone. An **attempt** is one prompt on one
phone. Where both stand is decided by rules/state.py; these are values.
"""

from typing import NamedTuple

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.refund_state import Refund, telling
from mpesa_cli.rules.state import AttemptState, AttemptView, PaymentStatus, payment_status


class AttemptRef(NamedTuple):
    """The name of one attempt: the payment and the attempt's number in it, from 1."""

    payment_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Intent:
    """A push as it is recorded before anything leaves.

    ``token_hash`` is the SHA-256 (hex) of the callback token; the token itself is stored nowhere.
    """

    payment_id: str
    order_id: str
    profile: str
    shortcode: str
    amount_cents: int
    msisdn: str
    account_reference: str
    description: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order that the shop told us of before anybody was asked for it; ``added_us`` is when."""

    order_id: str
    amount_cents: int
    added_us: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One prompt on one phone."""

    ref: AttemptRef
    msisdn: str
    amount_cents: int
    created_us: int
    withdrawn: bool
    view: AttemptView
    channel: str = "stk"  # "c2b" where the customer paid by hand from the M-PESA menu

    @property
    def state(self) -> AttemptState:
        """The attempt's state, by its public name."""
        return self.view.state


@dataclass(frozen=True, slots=True)
class Payment:
    """An order, an amount and a phone, with every attempt made for it, oldest first."""

    payment_id: str
    order_id: str
    environment: str
    profile: str
    shortcode: str
    amount_cents: int
    msisdn: str
    account_reference: str
    description: str
    created_us: int
    attempts: tuple[Attempt, ...]
    may_be_orders: tuple[str, ...] = ()  # for money by hand of no order: the orders whose prompt it may have paid

    @property
    def is_nobodys(self) -> bool:
        """Whether this is only what C2B told of one receipt, for no order that was known."""
        first = self.attempts[0].view.receipt
        return self.order_id == f"C2B-{first}" and len(self.attempts) == 1 and self.attempts[0].channel == "c2b"

    @property
    def status(self) -> PaymentStatus:
        """The payment's status, from its attempts."""
        return payment_status([a.view for a in self.attempts], self.amount_cents)

    @property
    def received_cents(self) -> int:
        """The cents that came for this payment and did not go back, over all attempts."""
        paid = (a.view for a in self.attempts if a.state is AttemptState.PAID)
        return sum(view.paid_cents - view.reversed_cents for view in paid)

    @property
    def reversed_cents(self) -> int:
        """The cents that came for this payment and went back."""
        return sum(a.view.reversed_cents for a in self.attempts if a.state is AttemptState.PAID)

    @property
    def receipts(self) -> dict[str, Attempt]:
        """Each receipt that pays this payment, with its attempt, in the order of the attempts."""
        paid = (a for a in self.attempts if a.state is AttemptState.PAID)
        return {receipt: a for a in paid for receipt in sorted(a.view.receipts)}

    @property
    def refund(self) -> Refund | None:
        """The refund that tells where money that is to go back stands, or None."""
        return telling([each for a in self.attempts for each in a.view.refunds])

    @property
    def last(self) -> Attempt:
        """The newest attempt. A payment is stored with its first one, so there always is one."""
        return self.attempts[-1]

    @property
    def telling(self) -> Attempt:
        """The attempt that decides the status: a paid one, one for review, else the newest."""
        for state in (AttemptState.PAID, AttemptState.REVIEW):
            found = [a for a in self.attempts if a.state is state]
            if found:
                return found[-1]
        return self.last
