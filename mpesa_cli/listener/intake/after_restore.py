"""Callbacks on an unknown address, in the day after a restore: they may be about lost prompts.

Kept and held, within bounds, and never believed: M-PESA's own record tells what they are about.
"""

from mpesa_cli.daraja.source_addresses import is_published
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.held import HeldWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.listener.events import Event, OnEvent
from mpesa_cli.listener.intake.deliveries import (
    ACCEPTED,
    CONFIRMED,
    UNKNOWN,
    C2bDelivery,
    StkDelivery,
    StoredDelivery,
    Verdict,
)
from mpesa_cli.rules.held import HeldChannel, Holding
from mpesa_cli.rules.held_facts import shown_in
from mpesa_cli.rules.restored import LOST_BODIES_MAX, LOST_BODY_BYTES, LOST_CODE, LOST_FOR_US, LOST_OF_ADDRESS_MAX
from mpesa_cli.rules.strangers import has_share, share_of

_WHY = "on an address that is not known here, in the day after a restore"


def keep_lost(ledger: Ledger, delivery: StoredDelivery, world: World, on_event: OnEvent) -> Verdict:
    """The answer to a delivery with an unknown secret. Raises where it should be kept and could not be."""
    at_us = world.now_us()
    is_callback = isinstance(delivery, StkDelivery) or (
        isinstance(delivery, C2bDelivery) and delivery.step == "confirmation"
    )
    since_us = Restores(ledger).last_restore_us() if is_callback else None
    if since_us is None or not since_us <= at_us < since_us + LOST_FOR_US or len(delivery.body) > LOST_BODY_BYTES:
        return UNKNOWN
    if not _has_room(ledger, delivery.peer, since_us):  # before the transaction: a flood of them shall cost little
        return UNKNOWN
    shown = shown_in(delivery.body)
    # Never as a payment by hand: applying held messages again must not believe a stranger's words.
    channel: HeldChannel = "stk" if isinstance(delivery, StkDelivery) else "open"
    with ledger.write() as tx:
        if not _has_room(tx, delivery.peer, since_us):
            return UNKNOWN
        held = HeldWrites(tx).hold(
            Holding(channel, at_us, LOST_CODE, _WHY, shown.receipt, shown.amount_cents, shown.shortcode,
                    delivery.peer, body=delivery.body), at_us,
        )
    on_event(Event("stored" if held else "repeat", at_us, delivery.peer, detail=_WHY))
    return ACCEPTED if isinstance(delivery, StkDelivery) else CONFIRMED


def _has_room(reads: Reads, peer: str, since_us: int) -> bool:
    kept_from = Restores(reads).lost_senders(since_us)
    if len(kept_from) >= LOST_BODIES_MAX:
        return False
    if is_published(peer) or not has_share(peer):
        return True
    own = share_of(peer)
    return sum(share_of(each) == own for each in kept_from) < LOST_OF_ADDRESS_MAX
