"""Push: record the intent, send one prompt, record the answer. Killed anywhere, it can be finished.

Durable steps, each one transaction: (1) the intent, with the callback token's hash; (2) ``sending``, just
before a POST may leave; (3) the answer. Between (2) and (3) nobody knows, so an attempt found there is
never sent again.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mpesa_cli.daraja import answers
from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.domain import evidence as ev
from mpesa_cli.domain.moments import SECOND_US
from mpesa_cli.domain.payment import Attempt, AttemptRef, Intent, Payment
from mpesa_cli.domain.push_rules import Again, PickUp, Start, check_gap, check_ordered, check_phone, decide, may_send
from mpesa_cli.domain.state import AttemptState
from mpesa_cli.errors import LedgerBusy, LedgerUnusable, MpesaError, OutcomeUnknown
from mpesa_cli.ledger.ledger import Ledger, LedgerWrite

POSTS_MAX = 5
CREATED_GRACE_S = 3.0  # how long a push of the same order gets to come from its intent to its sending
PHONE_LOOKBACK_US = 300 * SECOND_US
TAKEN_OVER = "a new push of the same order took over"


class Daraja(Protocol):
    """What a push needs of Daraja."""

    def ready(self) -> None:
        """Have a token at hand. Raises CredentialsRefused or NotDelivered."""

    def push(self, request: PushRequest) -> answers.PushAnswer:
        """Send exactly one POST and say what is known of it. Never raises for network or answers."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person or program asked for, already checked. ``order_id`` is unique in the ledger."""

    order_id: str
    profile: str
    shortcode: str
    amount: int
    msisdn: str
    account_reference: str
    description: str


@dataclass(frozen=True, slots=True)
class Hands:
    """The outside things a push touches. ``hold`` keeps Ctrl-C back until an answer has been recorded."""

    ledger: Ledger
    daraja: Daraja
    now_us: Callable[[], int]
    sleep: Callable[[float], None]
    random: Callable[[], float]
    token_hex: Callable[[int], str]
    new_payment_id: Callable[[], str]
    request_for: Callable[[Payment, str, str], PushRequest]  # payment, msisdn, callback token → what to send
    hold: Callable[[], AbstractContextManager[None]]
    say: Callable[[str], None]
    accept_gap: bool = False  # a person says that a new order was not paid in the time that a restored ledger lacks


@dataclass(frozen=True, slots=True)
class Pushed:
    """The payment as it stands, and whether this push sent the prompt or picked up a running one."""

    payment: Payment
    picked_up: bool


def push(hands: Hands, order: Order) -> Pushed:
    """Ask for an order's money, once.

    Raises Conflict or PhoneBusy (decided on the ledger), CredentialsRefused or NotDelivered (no token),
    LedgerBusy, LedgerUnusable: in all of these nothing was sent. Raises OutcomeUnknown where an answer
    could not be stored.
    """
    token = hands.token_hex(16)
    intent = _intent(hands, order, token)
    running = _running(hands, intent)  # before the token: a paid order is refused without a network
    if running is not None:
        return Pushed(running, picked_up=True)
    hands.ledger.check_space()
    hands.daraja.ready()
    attempt = _record_intent(hands, intent)
    if isinstance(attempt, Payment):
        return Pushed(attempt, picked_up=True)
    return send(hands, attempt, token)


def send(hands: Hands, attempt: Attempt, token: str) -> Pushed:
    """Send the prompt of a recorded attempt: again only where it provably did not arrive."""
    pushed, answer = _post(hands, attempt.ref, token)
    if not isinstance(answer, answers.Undelivered) or answer.retry == "no" or pushed.picked_up:
        return pushed
    return _send_again(hands, attempt.ref, token, pushed, answer)


def _intent(hands: Hands, order: Order, token: str) -> Intent:
    return Intent(
        payment_id=hands.new_payment_id(),
        order_id=order.order_id,
        profile=order.profile,
        shortcode=order.shortcode,
        amount_cents=order.amount * 100,
        msisdn=order.msisdn,
        account_reference=order.account_reference,
        description=order.description,
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
    )


def _running(hands: Hands, intent: Intent) -> Payment | None:
    """The payment to watch instead, if the order is being paid already. Raises what ``decide`` raises.

    An attempt that another process has only just created gets a moment to move on: if that process is
    dead, the intent is taken over.
    """
    deadline_us = hands.now_us() + int(CREATED_GRACE_S * SECOND_US)
    check_ordered(hands.ledger.order(intent.order_id), intent)
    while True:
        now_us = hands.now_us()
        # In this order: a push of the same order that commits in between must be seen as that order's payment,
        # not as a stranger's prompt on the phone.
        prompts = hands.ledger.prompts_on(intent.msisdn, now_us - PHONE_LOOKBACK_US)
        existing = hands.ledger.payment_by_order(intent.order_id)
        decision = decide(existing, intent, prompts, now_us)
        if not isinstance(decision, PickUp):
            if existing is None and not hands.accept_gap:
                check_gap(hands.ledger.restored(), intent.order_id)
            return None
        if decision.payment.last.state is not AttemptState.CREATED:
            return decision.payment
        if now_us >= deadline_us:
            return None
        hands.sleep(0.2)


def _record_intent(hands: Hands, intent: Intent) -> Attempt | Payment:
    """Durable step 1. Returns the attempt to send, or the payment that somebody else is sending already."""
    with hands.ledger.write() as tx:
        now_us = hands.now_us()
        check_ordered(tx.order(intent.order_id), intent)
        existing = tx.payment_by_order(intent.order_id)
        prompts = tx.prompts_on(intent.msisdn, now_us - PHONE_LOOKBACK_US)
        match decide(existing, intent, prompts, now_us):
            case Start():
                return tx.open_payment(intent, now_us).last
            case Again(payment):
                return _replace_last(hands, tx, payment, intent, now_us)
            case PickUp(payment) if _is_abandoned(payment.last, now_us):
                payment = tx.append(payment.last.ref, ev.Withdrawn(now_us, TAKEN_OVER))
                # It may have been a retry: an earlier prompt that may be paid, or was answered, still stands.
                if isinstance(decide(payment, intent, prompts, now_us), Again):
                    return _replace_last(hands, tx, payment, intent, now_us)
                return payment
            case PickUp(payment):
                return payment


def _is_abandoned(attempt: Attempt, now_us: int) -> bool:
    """An intent whose process had its moment. One from the future was recorded before the clock was set back."""
    is_fresh = 0 <= now_us - attempt.created_us < CREATED_GRACE_S * SECOND_US
    return attempt.state is AttemptState.CREATED and not is_fresh


def _replace_last(hands: Hands, tx: LedgerWrite, payment: Payment, intent: Intent, now_us: int) -> Attempt:
    """Take over from an attempt of which nothing left: after this its process can't announce a POST any more."""
    others = [
        p for p in tx.prompts_on(intent.msisdn, now_us - PHONE_LOOKBACK_US) if p.ref.payment_id != payment.payment_id
    ]
    check_phone(others, intent.msisdn, intent.amount_cents, now_us)
    tx.append(payment.last.ref, ev.Withdrawn(now_us, TAKEN_OVER))
    attempt: Attempt = tx.open_attempt(payment.payment_id, intent.msisdn, intent.token_hash, now_us)
    return attempt


def _post(hands: Hands, ref: AttemptRef, token: str) -> tuple[Pushed, answers.PushAnswer | None]:
    """Durable steps 2 and 3 around one POST. Ctrl-C waits until the answer is on disk."""
    with hands.hold():
        payment, post = _announce(hands, ref)
        if post == 0:
            return Pushed(payment, picked_up=True), None
        attempt = next(a for a in payment.attempts if a.ref == ref)
        try:
            answer = hands.daraja.push(hands.request_for(payment, attempt.msisdn, token))
        except BaseException:
            # A second Ctrl-C, or our own bug: the POST may have left, and the ledger must say so.
            with hands.ledger.write() as tx:
                tx.append(ref, ev.Ambiguous(hands.now_us(), post, "interrupted", "stopped before an answer came"))
            raise
        return Pushed(_record_answer(hands, ref, post, answer), picked_up=False), answer


def _announce(hands: Hands, ref: AttemptRef) -> tuple[Payment, int]:
    """Durable step 2. Returns the POST's number, or 0 where this attempt may not be sent (any more)."""
    with hands.ledger.write() as tx:
        now_us = hands.now_us()
        payment = tx.payment(ref.payment_id)
        if payment is None:
            raise KeyError(ref)
        attempt = next(a for a in payment.attempts if a.ref == ref)
        if not may_send(payment, attempt, now_us):
            return payment, 0
        post = len(tx.posts(ref)) + 1
        return tx.append(ref, ev.Sending(now_us, post)), post


def _record_answer(hands: Hands, ref: AttemptRef, post: int, answer: answers.PushAnswer) -> Payment:
    """Durable step 3. The POST is out, so failing to store its answer is not the same as failing."""
    evidence = _evidence(answer, hands.now_us(), post)
    for tries_left in (2, 1, 0):
        try:
            with hands.ledger.write() as tx:
                return tx.append(ref, evidence)
        except (LedgerBusy, LedgerUnusable) as error:
            if tries_left:
                hands.sleep(1.0)
                continue
            raise _not_stored(ref, error) from error
    raise AssertionError("unreachable")


def _evidence(answer: answers.PushAnswer, at_us: int, post: int) -> ev.Evidence:
    match answer:
        case answers.Accepted():
            return ev.Accepted(at_us, post, answer.merchant_request_id, answer.checkout_request_id)
        case answers.Refused():
            return ev.Refused(at_us, post, answer.error_code, answer.description)
        case answers.Undelivered():
            return ev.Undelivered(at_us, post, answer.error_code, answer.description)
        case answers.Ambiguous():
            return ev.Ambiguous(at_us, post, answer.error_code, answer.description)


def _not_stored(ref: AttemptRef, error: MpesaError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The prompt of {ref.payment_id} was sent, but its answer could not be stored: {error.message}",
        hint=f"The customer may pay. Do not push again; mend the ledger, then: mpesa status {ref.payment_id}",
        code="answer-not-stored",
    )


def _send_again(
    hands: Hands, ref: AttemptRef, token: str, pushed: Pushed, answer: answers.Undelivered
) -> Pushed:
    """The POSTs that may follow one that provably did not arrive; tenacity keeps the times."""
    from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

    latest: list[tuple[Pushed, answers.PushAnswer | None]] = [(pushed, answer)]
    refreshed: list[bool] = []

    def wait(_: RetryCallState) -> float:
        said = latest[-1][1]
        return _pause_s(said, len(latest), hands.random()) if isinstance(said, answers.Undelivered) else 0.0

    def again(outcome: tuple[Pushed, answers.PushAnswer | None]) -> bool:
        said = outcome[1]
        if not isinstance(said, answers.Undelivered) or outcome[0].picked_up:
            return False
        return said.retry in {"backoff", "connect"} or (said.retry == "token" and not refreshed)

    def once_more() -> tuple[Pushed, answers.PushAnswer | None]:
        said = latest[-1][1]
        if isinstance(said, answers.Undelivered) and said.retry == "token":
            refreshed.append(True)
        hands.daraja.ready()
        latest.append(_post(hands, ref, token))
        return latest[-1]

    first_pause_s = _pause_s(answer, 1, hands.random())
    if first_pause_s:
        hands.say(f"Not delivered ({answer.description}). Nothing was charged; trying again.")
    hands.sleep(first_pause_s)
    retrying = Retrying(
        sleep=hands.sleep,
        wait=wait,
        stop=stop_after_attempt(POSTS_MAX - 1),
        retry=retry_if_result(again),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else latest[-1],
    )
    return retrying(once_more)[0]


def _pause_s(answer: answers.Undelivered, nth: int, random: float) -> float:
    """Seconds before the next POST: none for a fresh token, 0.5 to 8 s for a connection, 5 s and more for a limit."""
    match answer.retry:
        case "backoff":
            return min(5.0 * 1.5 ** (nth - 1), 15.0) * (1 + 0.2 * random)
        case "connect":
            return min(0.5 * 2.0 ** (nth - 1), 8.0) * (1 + 0.2 * random)
        case _:
            return 0.0
