"""Refresh: one payment brought up to date, with one query about each attempt that a query can settle."""

from collections.abc import Callable

from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.ask import Asked, Queries, ask, can_settle
from mpesa_cli.payments.wait import look
from mpesa_cli.rules.payment import Payment


def refresh(
    ledger: Ledger,
    daraja: Callable[[], Queries],
    payment: Payment,
    world: World,
    *,
    deliver: Callable[[], object],
    told: Callable[[Asked], object] = lambda _: None,
) -> Payment:
    """The payment once all that came in is applied and Daraja, where it can help, was asked once.

    ``daraja`` is only called where something can be asked; ``told`` gets the outcome of each query.
    """
    deliver()
    payment = look(ledger, payment.payment_id, world.now_us())
    for attempt in payment.attempts:
        if can_settle(attempt):
            asked = ask(ledger, daraja(), payment, attempt, world)
            payment = asked.payment
            told(asked)
    return payment
