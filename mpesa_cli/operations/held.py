"""What waits for somebody: held messages, after those were closed that became payments by another way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mpesa_cli.domain.held import HeldMessage
from mpesa_cli.domain.moments import SECOND_US

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger

BODY_KEPT_US = 90 * 86_400 * SECOND_US
"""So long after a message was dealt with its body is kept; receipt, amount and time stay for ever."""


def waiting(ledger: "Ledger", now_us: int) -> Sequence[HeldMessage]:
    """Held messages that wait for somebody, oldest first; bodies whose time is over are taken away meanwhile."""
    if not ledger.held_listed(1):
        return ()
    with ledger.write() as tx:
        tx.held_review(now_us)
        tx.held_remove_bodies(now_us - BODY_KEPT_US, now_us)
        return tx.held_open()
