"""What the HTTP API needs of durable memory, and nothing of how: a part of the Ledger protocol (ledger.py)."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from mpesa_cli.api.call import CallKey
from mpesa_cli.rules.payment import AttemptRef, ShopOrder


class Change(NamedTuple):
    """One fact in the journal about a payment: its place in the journal, and whose it is."""

    seq: int
    payment_id: str


class OrderReads(Protocol):
    """What can be asked about orders that are known before they are paid."""

    def order(self, order_id: str) -> ShopOrder | None:
        """The order as the shop added it, or None where it did not."""

    def added_orders_meant(self, keys: Sequence[str]) -> Sequence[ShopOrder]:
        """Added orders nobody was asked for yet, whose id, reduced to letters and digits, is one of ``keys``."""


class OrderWrites(Protocol):
    """What can be written about orders and calls in one transaction."""

    def add_order(self, order: ShopOrder) -> None:
        """Remember an order. Its id must be new."""

    def claim_call(self, call: CallKey, at_us: int) -> AttemptRef | None:
        """Remember a call by its key before anything is done for it.

        Returns the attempt that was made for it before, or None. Raises Conflict ``idempotency-key-reused``
        where the key was used with other inputs.
        """

    def bind_call(self, call: CallKey, attempt: AttemptRef) -> None:
        """This attempt is what the call made. In the transaction that records the attempt."""
