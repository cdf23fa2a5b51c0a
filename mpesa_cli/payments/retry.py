"""Retry: a further attempt of a payment, where and only where that is safe (rules/asking_again.py)."""


from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.bodies import Bodies
from mpesa_cli.ledger.calls import Calls
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.gap import gap_of
from mpesa_cli.payments.push import CREATED_GRACE_S, PHONE_LOOKBACK_US
from mpesa_cli.payments.sending import PushContext, Pushed, check_time, send
from mpesa_cli.payments.told import check_read
from mpesa_cli.rules.asking_again import Asking, decide_again
from mpesa_cli.rules.evidence import Withdrawn
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.push_rules import Again
from mpesa_cli.rules.state import AttemptState
from mpesa_cli.rules.values.call_key import CallKey


def new_attempt(
    context: PushContext, advised: Payment, msisdn: str, asking: Asking, *, call: CallKey | None = None
) -> Pushed:
    """Record and send a further attempt of ``advised``, the payment as the caller saw it.

    Raises what check_again and a push raise, and Conflict where anything has happened to it since.
    ``call``, once claimed in the ledger, makes at most one attempt that may ring.
    """
    context.ledger.check_space()
    context.daraja.ready(context.until)
    check_time(context)
    token = context.world.token_hex(16)
    attempt = _record(context, advised, msisdn, secret_hash(token), asking, call)
    if isinstance(attempt, Payment):
        return Pushed(attempt, picked_up=True)
    return send(context, attempt, token)


def check_again(context: PushContext, payment: Payment, msisdn: str, asking: Asking) -> None:
    """Check, before anybody is asked, that a new attempt is allowed now; it is checked again when it is made.

    Raises Temporary, PhoneBusy or Conflict.
    """
    _decided(context, context.ledger, payment, msisdn, asking, context.world.now_us())


def made_before(tx: Write, call: CallKey, at_us: int) -> Payment | None:
    """The payment whose attempt a repeated call made before; None where it made none, or none that left.

    Claims the call. Raises Conflict ``idempotency-key-reused``.
    """
    ref = Calls(tx).claim(call, at_us)
    payment = tx.payment(ref.payment_id) if ref else None
    made = next((a for a in payment.attempts if a.ref == ref), None) if payment else None
    return payment if made is not None and made.state is not AttemptState.NOT_SENT else None


def withdraw_abandoned(ledger: Ledger, payment: Payment, world: World) -> Payment:
    """Give up a newest attempt that was recorded and never announced: its process is gone.

    Nothing of it has left, and after this nothing can. A process that has only just recorded it gets a moment.
    """
    grace_us = int(CREATED_GRACE_S * SECOND_US)
    deadline_us = payment.last.created_us + grace_us
    while payment.last.state is AttemptState.CREATED and 0 < deadline_us - world.now_us() <= grace_us:
        world.sleep(0.2)
        payment = ledger.payment(payment.payment_id) or payment
    if payment.last.state is not AttemptState.CREATED:
        return payment
    with ledger.write() as tx:
        found = tx.payment(payment.payment_id)
        if found is None or found.last.ref != payment.last.ref or found.last.state is not AttemptState.CREATED:
            return found or payment
        gone = Withdrawn(world.now_us(), "recorded, and never sent by a process that is gone")
        return tx.append(found.last.ref, gone)


def _record(
    context: PushContext, advised: Payment, msisdn: str, token_hash: str, asking: Asking, call: CallKey | None
) -> Attempt | Payment:
    with context.ledger.write(context.left_s()) as tx:
        now_us = context.world.now_us()
        if call is not None and (made := made_before(tx, call, now_us)) is not None:
            return made
        payment = tx.payment(advised.payment_id)
        if payment is None:
            raise KeyError(advised.payment_id)
        again = _decided(context, tx, payment, msisdn, asking, now_us)
        stored = any(Bodies(tx).unread_callbacks(each.ref) for each in payment.attempts)
        if stored or len(payment.attempts) != len(advised.attempts) or payment.status is not advised.status:
            raise Conflict(
                f"Something happened to order {advised.order_id} in the meantime, so no prompt was sent now.",
                hint=f"See it: mpesa status {advised.order_id}",
                code="changed-meanwhile",
            )
        attempt: Attempt = tx.open_attempt(again, token_hash, now_us)
        if call is not None:
            Calls(tx).bind(call, attempt.ref)
        return attempt


def _decided(
    context: PushContext, known: Reads, payment: Payment, msisdn: str, asking: Asking, now_us: int
) -> Again:
    """Leave to ask again, on what is ``known``: only inside a write transaction may it open an attempt."""
    check_read(known, payment.order_id, context.shop)
    gap = gap_of(context, known, payment.order_id, payment.amount_cents, msisdn)
    prompts = known.prompts_on(msisdn, now_us - PHONE_LOOKBACK_US)
    return decide_again(payment, asking, msisdn, prompts, gap, now_us)
