"""Retry advice: whether a new attempt of a payment is safe now, from the payment and its last code's row. Pure.

The rules: nothing is asked again while money may still come, or has come. A final no that only a query
told must be confirmed first, because the sandbox's query was seen contradicting a callback. Then the
code's row decides who must act and how long to wait; and no two prompts of one amount reach a phone
within 120 s (result code 17, docs/reference/assumptions.md A4). Other payments' prompts on the same phone are the
ledger's to know: rules/push_rules.py checks them when the attempt is recorded.
"""

import shlex
from typing import assert_never

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.codes.lookup import Actor, Code, NewAttempt, no_prompt_meaning, stk_result
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.push_rules import SPACING_SAME_AMOUNT_S
from mpesa_cli.rules.state import AGREEING_QUERIES_APART_S, AttemptState, Flag, PaymentStatus


@dataclass(frozen=True, slots=True)
class RetryNow:
    """Advice that a new attempt is safe at once. ``automatic``: no person need be asked either."""

    reason: str
    automatic: bool


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Advice that a new attempt is safe in ``wait_s`` whole seconds, at least 1."""

    wait_s: int
    reason: str
    automatic: bool


@dataclass(frozen=True, slots=True)
class FixFirst:
    """Advice that no money was taken, and a new attempt fails again until ``actor`` has done what ``reason`` says.

    Who types `retry REF` may say so; batches and automatic retries must not. ``wait_s`` is what the
    spacing between prompts still asks for, 0 where nothing.
    """

    actor: Actor
    reason: str
    wait_s: int


@dataclass(frozen=True, slots=True)
class CheckFirst:
    """Advice to query again: one query said no. A second no, in ``wait_s`` seconds at the earliest, makes it final."""

    reason: str
    wait_s: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Advice against a new attempt; ``next_command`` is what to run instead."""

    reason: str
    next_command: str


Advice = RetryNow | RetryAfter | FixFirst | CheckFirst | Refuse


def advise(payment: Payment, now_us: int, msisdn: str | None = None) -> Advice:
    """The retry advice for a payment. ``msisdn`` is the phone to ask where it isn't the last attempt's.

    Settle the last attempt first (callbacks, then a query): the advice is only as good as the evidence.
    """
    order = shlex.quote(payment.order_id)
    look, story = f"mpesa status {order}", f"mpesa log {order}"
    match payment.status:
        case PaymentStatus.PAID:
            return Refuse("It is paid already.", look)
        case PaymentStatus.OVERPAID:
            return Refuse("More came in than was asked; some of it is owed back.", story)
        case PaymentStatus.REFUNDED:
            return Refuse("It was paid and the money went back; ask again under an order id of its own.", story)
        case PaymentStatus.PARTIAL:
            return Refuse("It is partly paid; ask for the rest under an order id of its own.", look)
        case PaymentStatus.REVIEW:
            decide = f"mpesa resolve {order} paid --reason WHY"
            return Refuse("What came in does not fit what was asked; a person must decide, paid or failed.", decide)
        case PaymentStatus.PENDING:
            return Refuse("The last prompt is still open; the customer may yet pay it.", look)
        case PaymentStatus.UNKNOWN:
            return Refuse("It is not known whether the last prompt was paid; money may have moved.", look)
        case PaymentStatus.FAILED:
            return _after_failure(payment, now_us, msisdn or payment.last.msisdn)
        case _:
            assert_never(payment.status)


def _after_failure(payment: Payment, now_us: int, msisdn: str) -> Advice:
    doubtful = [a for a in payment.attempts if Flag.UNCONFIRMED in a.view.flags]
    if doubtful:
        wait_s = max(_left_s(a.view.settled_us, AGREEING_QUERIES_APART_S, now_us) for a in doubtful)
        return CheckFirst("Only one query says that it failed, no callback: another must agree.", wait_s)
    # An attempt that was given up before it left says nothing; the one before it does.
    last = next((a for a in reversed(payment.attempts) if not _given_up(a)), payment.last)
    spacing_s = max(_spacing_left_s(a, msisdn, now_us) for a in payment.attempts)
    if last.state is AttemptState.NOT_SENT and last.view.result_code is None:
        return _timed(spacing_s, "Nothing was sent.", automatic=True)
    match last.state:
        case AttemptState.NOT_SENT | AttemptState.REJECTED:
            row = no_prompt_meaning(last.view.result_code or "", last.view.result_desc or "")
            unexplained = not row.listed or row.new_attempt is NewAttempt.NOW
            if last.state is AttemptState.REJECTED and unexplained:  # so it would be refused again
                return FixFirst(Actor.OWNER, row.staff, spacing_s)
            return _by_row(row, last, spacing_s, now_us)
        case AttemptState.FAILED:
            return _after_a_no(last, msisdn, spacing_s, now_us)
        case (
            AttemptState.CREATED | AttemptState.SENDING | AttemptState.PENDING
            | AttemptState.UNKNOWN | AttemptState.PAID | AttemptState.REVIEW
        ):
            raise AssertionError(f"a failed payment with an attempt that is {last.state}")
        case _:
            assert_never(last.state)


def _given_up(attempt: Attempt) -> bool:
    return attempt.withdrawn and attempt.state is AttemptState.NOT_SENT


def _after_a_no(last: Attempt, msisdn: str, spacing_s: int, now_us: int) -> Advice:
    if last.view.source == "person":
        return _timed(spacing_s, "A person decided that no money came.", automatic=False)
    row = stk_result(last.view.result_code or "")
    if msisdn != last.msisdn and row.actor is Actor.CUSTOMER:
        return _timed(spacing_s, f"{row.title}, on the other line; this one is free.", automatic=False)
    return _by_row(row, last, spacing_s, now_us)


def _by_row(row: Code, last: Attempt, spacing_s: int, now_us: int) -> Advice:
    """The advice of the code's row; the last attempt is confirmed by now, so AFTER_CHECK is only a wait."""
    wait_s = max(spacing_s, _left_s(last.view.settled_us, row.wait_s, now_us))
    match row.new_attempt:
        case NewAttempt.NOW | NewAttempt.AFTER_WAIT | NewAttempt.AFTER_CHECK:
            return _timed(wait_s, row.staff, automatic=row.automatic)
        case NewAttempt.AFTER_FIX:
            return FixFirst(row.actor, row.staff, wait_s)
        case NewAttempt.NEVER:
            return Refuse(row.staff, f"mpesa explain {row.code}")
        case _:
            assert_never(row.new_attempt)


def _timed(wait_s: int, reason: str, *, automatic: bool) -> RetryNow | RetryAfter:
    return RetryAfter(wait_s, reason, automatic) if wait_s else RetryNow(reason, automatic)


def _spacing_left_s(attempt: Attempt, msisdn: str, now_us: int) -> int:
    """The seconds left between two prompts of one amount on one phone. Only a FAILED one has rung."""
    if attempt.state is not AttemptState.FAILED or attempt.msisdn != msisdn:
        return 0
    return _left_s(attempt.view.requested_us, SPACING_SAME_AMOUNT_S, now_us)


def _left_s(since_us: int | None, period_s: int, now_us: int) -> int:
    """Whole seconds left of a period, rounded up. One far in the future means a clock set back: none."""
    if since_us is None or since_us - now_us > period_s * SECOND_US:
        return 0
    return max(0, period_s - (now_us - since_us) // SECOND_US)
