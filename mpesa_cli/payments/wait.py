"""Waiting: one payment is watched until it is settled or the time is up.

The ledger is looked at often (a listener writes there), Daraja is asked seldom: first 10 s after the
prompt, then at growing intervals, within the ration that all processes share.
"""

from collections.abc import Callable, Iterator

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.ask import Queries, ask, can_settle, is_doubted
from mpesa_cli.payments.settle import apply_unread, give_up_on_lost_senders
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus

FIRST_QUERY_AFTER_S = 10.0
QUERY_INTERVAL_MAX_S = 30.0
LOOK_EVERY_S = 0.25
RECEIPT_GRACE_S = 3.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a payment: its state, seconds left to wait, and news from a query, if any."""

    payment: Payment
    seconds_left: float
    news: str = ""


def watch(
    ledger: Ledger,
    daraja: Queries | None,
    payment_id: str,
    *,
    timeout_s: float,
    world: World,
    deliver: Callable[[], object],
) -> Iterator[Seen]:
    """Yield looks until the payment is settled or ``timeout_s`` is over. The last look is the result.

    ``deliver`` brings in callbacks that are due (the embedded simulator's); ``daraja`` None never asks.
    """
    deadline_us = world.now_us() + int(timeout_s * SECOND_US)
    interval_s = FIRST_QUERY_AFTER_S
    next_query_us: int | None = None
    doubted = False
    while True:
        deliver()
        payment = look(ledger, payment_id, world.now_us())
        news = ""
        if next_query_us is None:
            next_query_us = _first_query_us(payment, world.now_us(), world.random())
        if not doubted and any(is_doubted(a) for a in payment.attempts):
            doubted, next_query_us = True, world.now_us()  # only a query can settle it
        open_attempt = next((a for a in reversed(payment.attempts) if can_settle(a)), None)
        if daraja is not None and open_attempt and not is_settled(payment) and world.now_us() >= next_query_us:
            asked = ask(ledger, daraja, payment, open_attempt, world)
            payment, news = asked.payment, asked.words
            interval_s = min(interval_s * 1.5, QUERY_INTERVAL_MAX_S)
            next_query_us = world.now_us() + int(max(interval_s, asked.wait_s) * (1 + 0.1 * world.random()) * SECOND_US)
        left_s = (deadline_us - world.now_us()) / SECOND_US
        yield Seen(payment, max(0.0, left_s), news)
        if left_s <= 0 or (is_settled(payment) and not _receipt_may_come(payment, world.now_us())):
            return
        world.sleep(min(LOOK_EVERY_S, left_s))


def look(ledger: Ledger, payment_id: str, now_us: int) -> Payment:
    """The payment as it stands once every stored callback and every lost sender has been taken in."""
    payment = ledger.payment(payment_id)
    if payment is None:
        raise KeyError(payment_id)
    for attempt in payment.attempts:
        if apply_unread(ledger, attempt.ref):
            payment = ledger.payment(payment_id) or payment
    return give_up_on_lost_senders(ledger, payment, now_us)


def is_settled(payment: Payment) -> bool:
    """Whether the payment is not expected to change any more."""
    match payment.status:
        case PaymentStatus.PENDING | PaymentStatus.UNKNOWN:
            return False
        case (
            PaymentStatus.PAID
            | PaymentStatus.FAILED
            | PaymentStatus.REVIEW
            | PaymentStatus.PARTIAL
            | PaymentStatus.OVERPAID
            | PaymentStatus.REFUNDED
        ):
            return True


def _receipt_may_come(payment: Payment, now_us: int) -> bool:
    """Whether a query has just said paid, so that the callback with the receipt number may be a moment behind."""
    view = payment.telling.view
    if Flag.UNCONFIRMED not in view.flags or view.state is not AttemptState.PAID or view.settled_us is None:
        return False
    return 0 <= now_us - view.settled_us < RECEIPT_GRACE_S * SECOND_US


def _first_query_us(payment: Payment, now_us: int, random: float) -> int:
    """The time ten seconds after the prompt, spread a little so that many tills don't ask in the same second."""
    since_us = payment.last.view.requested_us or now_us
    return max(now_us, since_us + int(FIRST_QUERY_AFTER_S * (1 + 0.2 * random) * SECOND_US))
