"""A whole check: each delivery to an order of its own, and what the receiver made of it."""

from collections.abc import Callable, Iterator

from mpesa_cli.floor.errors import Temporary
from mpesa_cli.floor.world import World
from mpesa_cli.listener.checking.deliveries import DELIVERIES, NO_ORDER, UNPAID, Delivery, State
from mpesa_cli.listener.checking.judging import Checked, judge
from mpesa_cli.listener.checking.wire import Receiver

See = Callable[[str], State | None]
"""Where an order stands at the receiver: as it says itself, or as a person sees it. None where it can't be seen."""


def order_ids(world: World) -> dict[str, str]:
    """A fresh order id for each delivery, by its name."""
    run = world.new_id("CHECK-", 6)
    return {each.name: f"{run}-{number}" for number, each in enumerate(DELIVERIES, 1)}


def check(receiver: Receiver, orders: dict[str, str], see: See) -> Iterator[Checked]:
    """Each delivery's verdict, as soon as there is one. A receiver that goes away in between fails what is left."""
    told: list[State] = []

    def look(order_id: str) -> State | None:
        seen = see(order_id)
        if seen not in (None, NO_ORDER):
            told.append(seen)
        return seen

    for delivery in DELIVERIES:
        order_id = orders[delivery.name]
        try:
            why = _why(receiver, delivery, order_id, look, told)
        except Temporary as gone:
            why = gone.message
        yield Checked(delivery, order_id, why)


def _why(receiver: Receiver, delivery: Delivery, order_id: str, look: See, told: list[State]) -> str:
    if delivery.is_known and (before := look(order_id)) not in (UNPAID, NO_ORDER, None):
        return f"the order was {before.status if before else ''} before anything was sent"
    answers = [(post, receiver.deliver(post, order_id)) for post in delivery.posts]
    seen = look(order_id)
    if not delivery.is_known and seen == UNPAID and not any(a.is_taken for _, given in answers for a in given):
        # It was refused, and the order is there now: the event comes again.
        answers = [(post, receiver.deliver(post, order_id)) for post in delivery.posts]
        seen = look(order_id)
    return judge(delivery, answers, seen, tells=bool(told))
