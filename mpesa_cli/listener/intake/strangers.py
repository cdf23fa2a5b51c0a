"""Bodies on the paths without a secret: anyone may have sent them, and none of them is believed.

The most such a body causes is a query about an open attempt of ours. One that reads as a payment to us is kept, within
bounds; from an address of Daraja's it is held: then payments are reported to an address that we can't believe.
"""

from mpesa_cli.daraja.c2b_payment import C2bPayment, read_c2b
from mpesa_cli.daraja.callbacks import StkPaid, read_stk_callback
from mpesa_cli.daraja.source_addresses import is_published
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.ledger.bodies import Bodies, BodyWrites
from mpesa_cli.ledger.held import HeldWrites
from mpesa_cli.ledger.strangers import StrangerWrites
from mpesa_cli.ledger.writes import Write
from mpesa_cli.listener.events import Event
from mpesa_cli.listener.intake.deliveries import ACCEPTED, NO_PAYMENT, NO_ROOM, NO_SMALL_BODY, C2bContext, OpenDelivery
from mpesa_cli.listener.intake.store_outcome import StoreOutcome
from mpesa_cli.rules.held import Holding
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import is_open
from mpesa_cli.rules.strangers import BODY_MAX_BYTES, Report, has_share, share_of

OPEN_CHANNEL = "open-"
_WHY = "reported to an address without secret, so it is not believed"


def store_untrusted(tx: Write, delivery: OpenDelivery, at_us: int, context: C2bContext | None) -> StoreOutcome:
    """Keep, hold or only count it; ask about the attempt that it names, where that is ours and open."""
    if len(delivery.body) > BODY_MAX_BYTES:
        return StoreOutcome(NO_SMALL_BODY, None)
    if delivery.path == "stk":
        return _prompt(tx, delivery, at_us)
    said = read_c2b(delivery.body)
    ours = isinstance(said, C2bPayment) and context is not None and said.shortcode in context.shop.shortcodes
    if not isinstance(said, C2bPayment) or not ours:
        return StoreOutcome(NO_PAYMENT, None)
    if delivery.path == "c2b-validation":  # no money has come yet
        return StoreOutcome(ACCEPTED, Event("untrusted", at_us, delivery.peer, delivery.path, receipt=said.receipt))
    report = Report(at_us, share_of(delivery.peer), said.receipt, said.amount_cents)
    kept = _kept(tx, delivery, report, said.shortcode)
    if kept is None:
        return StoreOutcome(NO_ROOM, None)
    return StoreOutcome(
        ACCEPTED,
        Event("untrusted", at_us, delivery.peer, delivery.path, callback_id=kept, receipt=said.receipt),
    )


def _prompt(tx: Write, delivery: OpenDelivery, at_us: int) -> StoreOutcome:
    said = read_stk_callback(delivery.body)
    checkout_id = "" if isinstance(said, Unreadable) else said.checkout_request_id
    payment, attempt = _attempt_named(tx, checkout_id)
    if payment is None or attempt is None:
        return StoreOutcome(NO_PAYMENT, None)
    kept: str | None = ""
    if isinstance(said, StkPaid):
        kept = _kept(tx, delivery, Report(at_us, share_of(delivery.peer), said.receipt, said.amount_cents), "")
    named = (payment, attempt) if is_open(attempt.state) else None
    event = Event(
        "untrusted", at_us, delivery.peer, delivery.path, attempt=attempt.ref if named else None,
        payment=payment if named else None, callback_id=kept or "", checkout_request_id=checkout_id,
    )
    return StoreOutcome(ACCEPTED if kept is not None else NO_ROOM, event, ask=named)


def _kept(tx: Write, delivery: OpenDelivery, report: Report, shortcode: str) -> str | None:
    """The id of the body that is kept, empty where it was kept before; None where there is no room."""
    channel = OPEN_CHANNEL + delivery.path
    if is_published(delivery.peer):
        callback_id = BodyWrites(tx).store_body(channel, delivery.body, delivery.peer, report.received_us)
        if callback_id is None:
            return ""
        tx.mark_callback(callback_id, "untrusted")
        HeldWrites(tx).hold(
            Holding("open", report.received_us, "without-secret", _WHY, report.receipt, report.amount_cents,
                    shortcode, delivery.peer, callback_id), report.received_us,
        )
        return callback_id
    if Bodies(tx).knows_body(channel, delivery.body):
        return ""
    return StrangerWrites(tx).keep(channel, delivery.body, report, shared=has_share(delivery.peer))


def _attempt_named(tx: Write, checkout_id: str) -> tuple[Payment | None, Attempt | None]:
    """The attempt of ours with this id. A stranger's ids cost no query."""
    payment = tx.find(checkout_id) if checkout_id.startswith("ws_") else None
    attempts = payment.attempts if payment else ()
    return payment, next((a for a in attempts if a.view.checkout_request_id == checkout_id), None)
