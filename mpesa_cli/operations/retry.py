"""Retry: a further attempt of a payment, where and only where that is safe (domain/retry_advice.py)."""

import hashlib
from collections.abc import Callable

from mpesa_cli.domain.api_call import CallKey
from mpesa_cli.domain.evidence import Withdrawn
from mpesa_cli.domain.moments import SECOND_US
from mpesa_cli.domain.payment import Attempt, Payment
from mpesa_cli.domain.push_rules import check_phone
from mpesa_cli.domain.state import AttemptState, PaymentStatus
from mpesa_cli.errors import Conflict
from mpesa_cli.ledger.ledger import Ledger, LedgerWrite
from mpesa_cli.operations.push import CREATED_GRACE_S, PHONE_LOOKBACK_US, Hands, Pushed, send


def new_attempt(
    hands: Hands, advised: Payment, msisdn: str, *, forced_because: str = "", call: CallKey | None = None
) -> Pushed:
    """Record and send a further attempt of ``advised``, the payment as it stood when the advice was given.

    Raises Conflict where anything has happened to it since, PhoneBusy where its phone has another prompt,
    and what a push raises. ``forced_because`` is a person's reason for going against the advice; it is
    journaled with the attempt. ``call``, once claimed in the ledger, makes at most one attempt that may ring.
    """
    hands.ledger.check_space()
    hands.daraja.ready()
    token = hands.token_hex(16)
    attempt = _record(hands, advised, msisdn, hashlib.sha256(token.encode()).hexdigest(), forced_because, call)
    if isinstance(attempt, Payment):
        return Pushed(attempt, picked_up=True)
    return send(hands, attempt, token)


def made_before(tx: LedgerWrite, call: CallKey, at_us: int) -> Payment | None:
    """The payment whose attempt a repeated call made before; None where it made none, or none that left.

    Claims the call. Raises Conflict ``idempotency-key-reused``.
    """
    ref = tx.claim_call(call, at_us)
    payment = tx.payment(ref.payment_id) if ref else None
    made = next((a for a in payment.attempts if a.ref == ref), None) if payment else None
    return payment if made is not None and made.state is not AttemptState.NOT_SENT else None


def withdraw_abandoned(
    ledger: Ledger, payment: Payment, now_us: Callable[[], int], sleep: Callable[[float], None]
) -> Payment:
    """Give up a newest attempt that was recorded and never announced: whoever recorded it is gone.

    Nothing of it has left, and after this nothing can. A process that has only just recorded it gets a moment.
    """
    deadline_us = payment.last.created_us + int(CREATED_GRACE_S * SECOND_US)
    while payment.last.state is AttemptState.CREATED and 0 < deadline_us - now_us() <= CREATED_GRACE_S * SECOND_US:
        sleep(0.2)
        payment = ledger.payment(payment.payment_id) or payment
    if payment.last.state is not AttemptState.CREATED:
        return payment
    with ledger.write() as tx:
        found = tx.payment(payment.payment_id)
        if found is None or found.last.ref != payment.last.ref or found.last.state is not AttemptState.CREATED:
            return found or payment
        return tx.append(found.last.ref, Withdrawn(now_us(), "recorded, and never sent by a process that is gone"))


def _record(
    hands: Hands, advised: Payment, msisdn: str, token_hash: str, reason: str, call: CallKey | None
) -> Attempt | Payment:
    with hands.ledger.write() as tx:
        now_us = hands.now_us()
        if call is not None and (made := made_before(tx, call, now_us)) is not None:
            return made
        payment = tx.payment(advised.payment_id)
        if payment is None or not _unchanged(payment, advised):
            raise Conflict(
                f"Something happened to order {advised.order_id} in the meantime, so no prompt was sent now.",
                hint=f"See it: mpesa status {advised.order_id}",
                code="changed-meanwhile",
            )
        prompts = tx.prompts_on(msisdn, now_us - PHONE_LOOKBACK_US)
        others = [p for p in prompts if p.ref.payment_id != payment.payment_id]
        check_phone(others if reason else prompts, msisdn, payment.amount_cents, now_us)
        attempt: Attempt = tx.open_attempt(payment.payment_id, msisdn, token_hash, now_us, forced_because=reason)
        if call is not None:
            tx.bind_call(call, attempt.ref)
        return attempt


def _unchanged(payment: Payment, advised: Payment) -> bool:
    """Nobody paid, nobody else tried, no doubt arose since the advice."""
    if payment.status in {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}:
        return False
    return len(payment.attempts) == len(advised.attempts) and payment.status is advised.status
