"""Sending: from a recorded attempt to the answer to its POST. Killed anywhere, it can be finished.

Two durable steps around each POST: ``sending``, just before it may leave, and the answer. Between the two
nobody knows, so an attempt found there is never sent again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from mpesa_cli.daraja import answers
from mpesa_cli.daraja.stk_push import PushRequest
from mpesa_cli.domain import evidence as ev
from mpesa_cli.domain.payment import Attempt, AttemptRef, Payment
from mpesa_cli.domain.push_rules import may_send
from mpesa_cli.domain.restored import NotPaid
from mpesa_cli.errors import LedgerBusy, LedgerUnusable, MpesaError, OutcomeUnknown
from mpesa_cli.ledger.ledger import Ledger

POSTS_MAX = 5


class Daraja(Protocol):
    """What a push needs of Daraja."""

    def ready(self) -> None:
        """Have a token at hand. Raises CredentialsRefused or NotDelivered."""

    def push(self, request: PushRequest) -> answers.PushAnswer:
        """Send exactly one POST and say what is known of it. Never raises for network or answers."""


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
    takes_money_on: tuple[str, ...] = ()  # every shortcode of the profile
    not_paid: NotPaid | None = None  # a person says so of these orders, for the time that a restored ledger lacks


@dataclass(frozen=True, slots=True)
class Pushed:
    """The payment as it stands, and whether this push sent the prompt or picked up a running one."""

    payment: Payment
    picked_up: bool


def send(hands: Hands, attempt: Attempt, token: str) -> Pushed:
    """Send the prompt of a recorded attempt: again only where it provably did not arrive."""
    pushed, answer = _post(hands, attempt.ref, token)
    if not isinstance(answer, answers.Undelivered) or answer.retry == "no" or pushed.picked_up:
        return pushed
    return _send_again(hands, attempt.ref, token, pushed, answer)


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
