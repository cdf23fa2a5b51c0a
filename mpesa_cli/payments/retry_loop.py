"""Several attempts in one run: between two of them the advice is asked again, after a pause.

Only what needs no person is repeated: codes whose row says ``automatic``, and prompts that provably never
left. The wait is what the advice asks for, and on top of it a pause that doubles, with jitter.
"""

from collections.abc import Callable, Generator, Iterator

from mpesa_cli.floor.errors import NotDelivered, PhoneBusy
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.rules.codes.lookup import stk_result
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.retry_advice import Advice, CheckFirst, RetryAfter, RetryNow, advise

WAIT_MAX_S = 600
PAUSE_FIRST_S = 5.0
PAUSE_MAX_S = 120.0
CHECKS_MAX = 3
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class RetryContext:
    """The loop's effects. ``settle`` applies what came in and asks Daraja where that helps.

    ``attempt`` sends a further prompt and watches it; it raises what a retry raises.
    """

    settle: Callable[[Payment], Payment]
    attempt: Callable[[Payment], Payment]
    look: Callable[[Payment], Payment]
    world: World


@dataclass(frozen=True, slots=True)
class Pausing:
    """The wait before attempt ``number`` of this run; ``seconds_left`` counts down. ``reason`` is a sentence."""

    number: int
    seconds_left: float
    reason: str


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that is over: the payment as it stands, or the error that kept the prompt from being sent."""

    payment: Payment
    error: NotDelivered | PhoneBusy | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The advice against a further attempt by itself. The last event, unless all attempts were made."""

    payment: Payment
    advice: Advice


@dataclass(frozen=True, slots=True)
class _Wait:
    seconds: float
    reason: str
    checks: bool = False


Event = Pausing | Tried | GaveUp


def persist(context: RetryContext, payment: Payment, msisdn: str, most: int, *, at_once: bool) -> Iterator[Event]:
    """Make up to ``most`` attempts. ``at_once`` allows the first without asking the advice again.

    The first attempt is a person's wish, so its wait need not be automatic; every further one's must be.
    Interrupted passes through while pausing: then no prompt of this run is open.
    """
    error: NotDelivered | PhoneBusy | None = None
    for made in range(most):
        if made or not at_once:
            ready = yield from _until_ready(context, payment, msisdn, made, error)
            if ready is None:
                return
            payment = ready
        try:
            payment, error = context.attempt(payment), None
        except (NotDelivered, PhoneBusy) as not_now:
            if made + 1 == most:
                raise
            error = not_now
        yield Tried(payment, error)


def backoff_s(made: int, random: float) -> float:
    """The pause before the next attempt, after ``made`` of them: 5 s, doubling, and up to half as much again."""
    return float(min(PAUSE_FIRST_S * 2.0 ** (made - 1), PAUSE_MAX_S) * (1 + 0.5 * random)) if made else 0.0


def would_wait(payment: Payment, advice: Advice) -> bool:
    """Whether a first attempt may be waited for: a person asked for it, and the wait is short."""
    return _wait(payment, advice, made=0) is not None


def _until_ready(
    context: RetryContext, payment: Payment, msisdn: str, made: int, error: NotDelivered | PhoneBusy | None
) -> Generator[Event, None, Payment | None]:
    """Pause until the advice allows an attempt; returns the payment to retry, or None where it never will."""
    extra_s, checks = backoff_s(made, context.world.random()), 0
    if error is not None:
        payment = yield from _pause(context, payment, _Wait(extra_s, error.message), made)
        extra_s = 0.0
    while True:
        advice = advise(payment, context.world.now_us(), msisdn)
        wait = _wait(payment, advice, made)
        if wait is None or checks == CHECKS_MAX:
            yield GaveUp(payment, advice)
            return None
        if isinstance(advice, RetryNow) and not extra_s:
            return payment
        seconds = wait.seconds
        if wait.checks:
            checks += 1
        else:
            seconds, extra_s = seconds + extra_s, 0.0
        payment = yield from _pause(context, payment, _Wait(seconds, wait.reason), made)
        payment = context.settle(payment)


def _wait(payment: Payment, advice: Advice, made: int) -> _Wait | None:
    """The wait that the advice asks for, or None where it does not allow another attempt by itself."""
    match advice:
        case RetryNow(reason, automatic) if automatic or not made:
            return _Wait(0.0, reason)
        case RetryAfter(wait_s, reason, automatic) if (automatic or not made) and wait_s <= WAIT_MAX_S:
            return _Wait(wait_s, reason)
        case CheckFirst(reason, wait_s) if stk_result(payment.last.view.result_code or "").automatic:
            return _Wait(max(1, wait_s), reason, checks=True)
        case _:
            return None


def _pause(context: RetryContext, payment: Payment, wait: _Wait, made: int) -> Generator[Event, None, Payment]:
    """Let the time pass and apply what comes in. Ends early where the payment's status changes."""
    until_us = context.world.now_us() + int(wait.seconds * SECOND_US)
    while (left_us := until_us - context.world.now_us()) > 0:
        yield Pausing(made + 1, left_us / SECOND_US, wait.reason)
        context.world.sleep(min(LOOK_EVERY_S, left_us / SECOND_US))
        seen = context.look(payment)
        if seen.status is not payment.status:
            return seen
        payment = seen
    return payment
