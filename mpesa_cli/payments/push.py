"""Push: record the intent, once for an order, and have its one prompt sent (payments/sending.py)."""

from mpesa_cli.floor.errors import earlier_prompt_in_doubt
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.gap import gap_of
from mpesa_cli.payments.sending import PushContext, Pushed, check_time, send
from mpesa_cli.payments.told import check_read, take_in
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, Intent, Payment
from mpesa_cli.rules.push_rules import Again, Decision, PickUp, Start, check_ordered, decide
from mpesa_cli.rules.state import AttemptState

CREATED_GRACE_S = 3.0  # the time that another push of the same order has from its intent to its sending
PHONE_LOOKBACK_US = 300 * SECOND_US
TAKEN_OVER = "a new push of the same order took over"


@dataclass(frozen=True, slots=True)
class Order:
    """A request for money by a person or program, already checked. ``order_id`` is unique in the ledger."""

    order_id: str
    profile: str
    shortcode: str
    amount: int
    msisdn: str
    account_reference: str
    description: str


def push(context: PushContext, order: Order) -> Pushed:
    """Ask for an order's money, once.

    Raises Conflict or PhoneBusy (decided on the ledger), CredentialsRefused or NotDelivered (no token),
    LedgerBusy, LedgerUnusable: in all of these nothing was sent. Raises OutcomeUnknown where an answer
    could not be stored.
    """
    token = context.world.token_hex(16)
    intent = intent_of(order, payment_id=context.world.new_id("PAY-"), token=token)
    running = _running(context, intent)  # before the token: a paid order is refused without a network
    if running is not None:
        return Pushed(running, picked_up=True)
    context.ledger.check_space()
    context.daraja.ready(context.until)
    check_time(context)
    attempt = _record_intent(context, intent)
    if isinstance(attempt, Payment):
        return Pushed(_running(context, intent) or attempt, picked_up=True)
    return send(context, attempt, token)


def intent_of(order: Order, *, payment_id: str, token: str) -> Intent:
    """The record of an order before anything leaves. Of the callback token only its SHA-256."""
    return Intent(
        payment_id=payment_id,
        order_id=order.order_id,
        profile=order.profile,
        shortcode=order.shortcode,
        amount_cents=order.amount * 100,
        msisdn=order.msisdn,
        account_reference=order.account_reference,
        description=order.description,
        token_hash=secret_hash(token),
    )


def _running(context: PushContext, intent: Intent) -> Payment | None:
    """The payment to watch instead, if the order is being paid already. Raises what ``decide`` raises.

    Decided once every callback that is stored for the order is taken in: nobody may have read it yet. An attempt that
    another process has only just created gets a moment to move on: if that process is dead, the intent is taken over.
    """
    deadline_us = context.world.now_us() + int(CREATED_GRACE_S * SECOND_US)
    while True:
        now_us = context.world.now_us()
        if context.shop is not None:
            take_in(context.ledger, context.shop)
        if (known := context.ledger.payment_by_order(intent.order_id)) is not None:
            from mpesa_cli.payments.wait import look  # nothing of it is needed for an order that is new

            with earlier_prompt_in_doubt():
                look(context.ledger, known.payment_id, now_us)
        decision = _decided(context, context.ledger, intent, now_us)
        if not isinstance(decision, PickUp):
            return None
        if decision.payment.last.state is not AttemptState.CREATED:
            return decision.payment
        if now_us >= deadline_us:
            return None
        context.world.sleep(0.2)


def _decided(context: PushContext, known: Reads, intent: Intent, now_us: int) -> Decision:
    """The decision on the order, from what is ``known``: only inside a write transaction may it open an attempt."""
    check_ordered(Orders(known).order(intent.order_id), intent)
    check_read(known, intent.order_id, context.shop)
    gap = gap_of(context, known, intent.order_id, intent.amount_cents, intent.msisdn)
    # In this order: a push of the same order that commits in between must be seen as that order's payment,
    # not as a stranger's prompt on the phone.
    prompts = known.prompts_on(intent.msisdn, now_us - PHONE_LOOKBACK_US)
    return decide(known.payment_by_order(intent.order_id), intent, prompts, gap, now_us)


def _record_intent(context: PushContext, intent: Intent) -> Attempt | Payment:
    """Durable step 1. Returns the attempt to send, or the payment that somebody else is sending already."""
    with context.ledger.write(context.left_s()) as tx:
        now_us = context.world.now_us()
        match _decided(context, tx, intent, now_us):
            case Start() as start:
                return tx.open_payment(start, now_us).last
            case Again() as again:
                return _replace_last(tx, again, intent, now_us)
            case PickUp(payment) if _is_abandoned(payment.last, now_us):
                payment = tx.append(payment.last.ref, ev.Withdrawn(now_us, TAKEN_OVER))
                # It may have been a retry: an earlier prompt that may be paid, or was answered, still stands.
                decision = _decided(context, tx, intent, now_us)
                return _replace_last(tx, decision, intent, now_us) if isinstance(decision, Again) else payment
            case PickUp(payment):
                return payment


def _is_abandoned(attempt: Attempt, now_us: int) -> bool:
    """Whether an intent's process had its time. One from the future was recorded before the clock was set back."""
    is_fresh = 0 <= now_us - attempt.created_us < CREATED_GRACE_S * SECOND_US
    return attempt.state is AttemptState.CREATED and not is_fresh


def _replace_last(tx: Write, again: Again, intent: Intent, now_us: int) -> Attempt:
    """Take over from an attempt of which nothing left: after this its process can't announce a POST any more."""
    tx.append(again.payment.last.ref, ev.Withdrawn(now_us, TAKEN_OVER))
    attempt: Attempt = tx.open_attempt(again, intent.token_hash, now_us)
    return attempt
