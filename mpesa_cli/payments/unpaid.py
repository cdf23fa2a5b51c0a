"""The timed pass that tells a shop's own system of orders that nobody paid (``order.unpaid``), once per order."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox, OutboxWrites
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.told import is_unread, shop_of
from mpesa_cli.rules.staging import UNPAID_FOR_US, stage_unpaid
from mpesa_cli.rules.telling.unpaid import is_unpaid

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile



def tell_unpaid(ledger: Ledger, profile: "Profile", world: World) -> int:
    """Stage the events that are due, where the profile wants them; returns how many. Raises LedgerBusy or
    LedgerUnusable.
    """
    if profile.unpaid_after_minutes is None:
        return 0
    after_us, told = profile.unpaid_after_minutes * 60 * SECOND_US, 0
    latest_us = world.now_us() - after_us
    for payment_id in Outbox(ledger).untold_unpaid(profile.name, latest_us - UNPAID_FOR_US, latest_us):
        with ledger.write() as tx:
            told += _tell(tx, payment_id, profile, after_us, world)
    return told


def _tell(tx: Write, payment_id: str, profile: "Profile", after_us: int, world: World) -> bool:
    """Decided here once more: a callback, or a further prompt, may have come since the order was found."""
    payment, now_us = tx.payment(payment_id), world.now_us()
    if payment is None:
        return False
    gap = Restores(tx).in_the_gap(payment.order_id, payment.amount_cents, payment.msisdn, profile.takes_money_on)
    if not is_unpaid(payment, gap, now_us, after_us):
        return False
    # What is stored and not read, or could not be applied, may say otherwise.
    if Bodies(tx).unread_callbacks_of({each.ref for each in payment.attempts}) or Held(tx).of(payment_id):
        return False
    if is_unread(tx, payment.order_id, shop_of(profile, world)):
        return False
    OutboxWrites(tx).put([stage_unpaid(payment, now_us)], payment_id, now_us)
    return True
