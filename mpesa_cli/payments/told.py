"""Payments to look at, once what came in for them and was stored is taken in: a listener may have died, or be behind.

Nothing here needs a network. Where the ledger can't be written just now, it is read as it stands.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict, LedgerBusy, LedgerUnusable
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.values import CONFIRMATION
from mpesa_cli.rules.payment import AttemptRef, Payment

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.floor.world import World
    from mpesa_cli.payments.c2b import Shop
    from mpesa_cli.settings.profile import Profile

    ShopOf = Callable[[], Shop]


def shop_of(profile: "Profile", world: "World") -> "ShopOf":
    """The shop of a profile for what was not read yet, made where there is something to read, which is seldom."""

    def shop() -> "Shop":
        from mpesa_cli.payments.c2b import Shop

        return Shop.of(profile, lambda: world.new_id("PAY-"))

    return shop


def find_told(ledger: Ledger, ref: str, shop: "ShopOf") -> Payment | None:
    """The payment by any reference, with all that is stored for it; None where there is none."""
    found = ledger.find(ref)
    if found is None:  # the receipt of a message that nobody has read may be what names it
        take_in(ledger, shop)
        return ledger.find(ref)
    applied = 0
    with suppress(LedgerBusy, LedgerUnusable):
        applied += sum(_callbacks(ledger, attempt.ref) for attempt in found.attempts)
    with suppress(LedgerBusy, LedgerUnusable):
        applied += _confirmations(ledger, shop)
    return ledger.payment(found.payment_id) if applied else found


def take_in(ledger: Ledger, shop: "ShopOf") -> None:
    """Apply callbacks and confirmations that are stored and were not read, before many payments are shown."""
    with suppress(LedgerBusy, LedgerUnusable):
        _callbacks(ledger, None)
        _confirmations(ledger, shop)


def is_unread(known: Reads, order_id: str, shop: "ShopOf | None") -> bool:
    """Whether money that can be a known order's is stored and not read: whoever stored it may have died."""
    if not (unread := Bodies(known).unread_bodies(CONFIRMATION)):
        return False
    payment = known.payment_by_order(order_id)
    if payment is None and Orders(known).order(order_id) is None:
        return False
    from mpesa_cli.payments.c2b import may_pay

    own = shop() if shop else None
    return any(may_pay(raw, order_id, payment, own) for raw in unread)


def check_read(known: Reads, order_id: str, shop: "ShopOf | None") -> None:
    """Raise Conflict where money that can be the order's is stored and was not read."""
    if is_unread(known, order_id, shop):
        raise Conflict(
            f"Money that may be order {order_id}'s came in and was not read yet, so no prompt was sent now.",
            hint=f"See it: mpesa status {order_id}",
            code="changed-meanwhile",
        )


def _callbacks(ledger: Ledger, attempt: AttemptRef | None) -> int:
    """How many were applied. What reads them is loaded where there is something to read, which is seldom."""
    if not Bodies(ledger).unread_callbacks(attempt):
        return 0
    from mpesa_cli.payments.settle import apply_unread

    return apply_unread(ledger, attempt)


def _confirmations(ledger: Ledger, shop: "ShopOf") -> int:
    if not Bodies(ledger).unread_bodies(CONFIRMATION):
        return 0
    from mpesa_cli.payments.c2b import apply_own_confirmations

    return len(apply_own_confirmations(ledger, shop()))
