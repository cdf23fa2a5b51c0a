"""Sending: from a recorded attempt to the answer to its POST. Killed anywhere, it can be finished.

Two durable steps around each POST: ``sending``, just before it may leave, and the answer. Between the two
nobody knows, so an attempt found there is never sent again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from math import inf
from typing import TYPE_CHECKING, Protocol

from mpesa_cli.daraja import answers
from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable, MpesaError, NotDelivered, OutcomeUnknown
from mpesa_cli.floor.gate import Deadline
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.exchange import TOTAL_S
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.push_rules import NEVER_LEFT, POSTS_MAX, TRIES_MAX, may_follow, may_send
from mpesa_cli.rules.restored import NotPaid

if TYPE_CHECKING:
    from mpesa_cli.payments.told import ShopOf


class Daraja(Protocol):
    """The part of Daraja that a push needs."""

    def ready(self, by: Deadline | None) -> None:
        """Have a token at hand, in time. Raises CredentialsRefused or NotDelivered."""

    def push(self, request: PushRequest, by: Deadline) -> answers.PushAnswer:
        """Send exactly one POST, before ``by`` or never, and return what is known of it. Never raises for answers."""


@dataclass(frozen=True, slots=True)
class PushContext:
    """The outside things a push touches. ``hold`` keeps Ctrl-C back until an answer has been recorded."""

    ledger: Ledger
    daraja: Daraja
    world: World
    request_for: Callable[[Payment, str, str], PushRequest]  # payment, msisdn, callback token → what to send
    hold: Callable[[], AbstractContextManager[None]]
    say: Callable[[str], None]
    until: Deadline | None = None  # a POST not sent by then is never sent; None: nobody set a time
    takes_money_on: tuple[str, ...] = ()  # every shortcode of the profile
    shop: "ShopOf | None" = None  # how money by hand is read that came in and was not read yet
    not_paid: NotPaid | None = None  # a person's answer for the order, where a restored ledger has a gap

    def left_s(self) -> float:
        """Seconds in which a POST may still be sent."""
        return inf if self.until is None else self.until.left_s()


@dataclass(frozen=True, slots=True)
class Pushed:
    """The payment as it stands, and whether this push sent the prompt or picked up a running one."""

    payment: Payment
    picked_up: bool


def send(context: PushContext, attempt: Attempt, token: str) -> Pushed:
    """Send the prompt of a recorded attempt: once more only where it provably did not arrive, and in time."""
    with context.ledger.senders.held(attempt.ref):
        nth = 0
        while True:
            pushed, answer = _post(context, attempt.ref, token)
            if pushed.picked_up or not isinstance(answer, answers.Undelivered) or answer.retry == "no":
                return pushed
            nth += 1
            pause_s = _pause_s(answer, nth, context.world.random())
            if not may_follow(context.ledger.evidence(attempt.ref)) or pause_s >= context.left_s():
                return pushed
            if pause_s:
                most = TRIES_MAX if answer.error_code in NEVER_LEFT else POSTS_MAX
                context.say(
                    f"Not delivered ({answer.description}). Nothing was charged; trying again in "
                    f"{max(1, round(pause_s))} s, {nth + 1} of {most}."
                )
            context.world.sleep(pause_s)
            context.daraja.ready(context.until)


def check_time(context: PushContext) -> None:
    """Raise NotDelivered where the time in which something may be sent is over."""
    if context.left_s() <= 0:
        raise NotDelivered(
            "The time was over before the prompt could be sent.",
            hint="Nothing was sent. Run the same command again, with more time: --timeout 120",
            code="not-in-time",
        )


def _post(context: PushContext, ref: AttemptRef, token: str) -> tuple[Pushed, answers.PushAnswer | None]:
    """Durable steps 2 and 3 around one POST. Ctrl-C waits until the answer is on disk."""
    with context.hold():
        # Begins before the POST is announced, so that others who count from there never count shorter.
        by = context.world.deadline(min(TOTAL_S, context.left_s()))
        payment, post = _announce(context, ref, by)
        if post == 0:
            return Pushed(payment, picked_up=True), None
        attempt = next(a for a in payment.attempts if a.ref == ref)
        try:
            answer = context.daraja.push(context.request_for(payment, attempt.msisdn, token), by)
        except BaseException:
            # A second Ctrl-C, or our own bug: the POST may have left, and the ledger must say so.
            with context.ledger.write() as tx:
                now_us = context.world.now_us()
                tx.append(ref, ev.Ambiguous(now_us, post, "interrupted", "stopped before an answer came"))
            raise
        return Pushed(_record_answer(context, ref, post, answer), picked_up=False), answer


def _announce(context: PushContext, ref: AttemptRef, by: Deadline) -> tuple[Payment, int]:
    """Durable step 2. Returns the POST's number, or 0 where this attempt may not be sent (any more)."""
    with context.ledger.write(by.left_s()) as tx:
        now_us = context.world.now_us()
        payment = tx.payment(ref.payment_id)
        if payment is None:
            raise KeyError(ref)
        attempt = next(a for a in payment.attempts if a.ref == ref)
        if not may_send(payment, attempt, tx.evidence(ref), now_us):
            return payment, 0
        post = len(tx.posts(ref)) + 1
        return tx.append(ref, ev.Sending(now_us, post)), post


def _record_answer(context: PushContext, ref: AttemptRef, post: int, answer: answers.PushAnswer) -> Payment:
    """Durable step 3. The POST is out, so a failure to store its answer is no failure of the push."""
    evidence = _evidence(answer, context.world.now_us(), post)
    for tries_left in (2, 1, 0):
        try:
            with context.ledger.write() as tx:
                return tx.append(ref, evidence)
        except (LedgerBusy, LedgerUnusable) as error:
            if tries_left:
                context.world.sleep(1.0)
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


def _pause_s(answer: answers.Undelivered, nth: int, random: float) -> float:
    """Seconds before the next POST: none for a fresh token, 0.5 to 8 s for a connection, 5 s and more for a limit."""
    match answer.retry:
        case "backoff":
            return min(5.0 * 1.5 ** (nth - 1), 15.0) * (1 + 0.2 * random)
        case "connect":
            return min(0.5 * 2.0 ** (nth - 1), 8.0) * (1 + 0.2 * random)
        case _:
            return 0.0
