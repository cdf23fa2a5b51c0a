"""The watch over many payments until each is settled or the time is up, within the ration of queries."""

from collections.abc import Callable, Iterator, Sequence

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.ask import Queries, ask, can_settle
from mpesa_cli.payments.wait import FIRST_QUERY_AFTER_S, QUERY_INTERVAL_MAX_S, is_settled, look
from mpesa_cli.rules.payment import Payment

LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the payments that were settled since the last, how many are open, and the seconds left."""

    settled: tuple[Payment, ...]
    open: int
    seconds_left: float


def watch_all(
    ledger: Ledger,
    daraja: Queries,
    payment_ids: Sequence[str],
    *,
    timeout_s: float,
    world: World,
    deliver: Callable[[], object],
) -> Iterator[Seen]:
    """Yield looks until all are settled or ``timeout_s`` is over.

    One query a look at most, of the payment that has waited longest for its turn; where the ration is used
    up, nobody is asked until there is one again.
    """
    deadline_us = world.now_us() + int(timeout_s * SECOND_US)
    turn_us = dict.fromkeys(payment_ids, 0)
    rationed_until_us = 0
    while True:
        deliver()
        looked = [look(ledger, payment_id, world.now_us()) for payment_id in turn_us]
        due = [p for p in looked if not is_settled(p) and _due_us(p, turn_us[p.payment_id]) <= world.now_us()]
        if due and world.now_us() >= rationed_until_us:
            first = min(due, key=lambda p: (turn_us[p.payment_id], p.created_us))
            asked = ask(ledger, daraja, first, first.last, world)
            rationed_until_us = world.now_us() + int(asked.wait_s * SECOND_US)
            if not asked.wait_s:
                turn_us[first.payment_id] = world.now_us() + int(QUERY_INTERVAL_MAX_S * SECOND_US)
            looked = [asked.payment if p.payment_id == first.payment_id else p for p in looked]
        settled = tuple(p for p in looked if is_settled(p))
        for payment in settled:
            del turn_us[payment.payment_id]
        left_s = (deadline_us - world.now_us()) / SECOND_US
        yield Seen(settled, len(turn_us), max(0.0, left_s))
        if not turn_us or left_s <= 0:
            return
        world.sleep(min(LOOK_EVERY_S, left_s))


def _due_us(payment: Payment, turn_us: int) -> int:
    """The time from which Daraja may be asked about this payment; never, in effect, where a query can tell nothing."""
    if not can_settle(payment.last):
        return 1 << 62
    return max(turn_us, (payment.last.view.requested_us or 0) + int(FIRST_QUERY_AFTER_S * SECOND_US))
