"""Reconcile: every open payment brought to its end. For cron; run again, it changes nothing more."""

from collections.abc import Callable

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.payments.ask import Queries, ask, can_settle
from mpesa_cli.payments.c2b import Shop, apply_confirmations
from mpesa_cli.payments.settle import apply_unread, forget_dead_senders
from mpesa_cli.payments.wait import look
from mpesa_cli.rules.by_hand import MayBe
from mpesa_cli.rules.evidence import GivenUp
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptState

GIVE_UP_AFTER_S = 86_400  # nobody knows for how long Daraja can be asked about a prompt (assumptions.md A12)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The payments that were open, as they stand now, the number that could not be asked about this time, and money
    by hand that may be theirs.
    """

    payments: tuple[Payment, ...]
    not_asked: int
    claims: tuple[MayBe, ...] = ()


def settle_open(
    ledger: Ledger,
    daraja: Callable[[], Queries],
    world: World,
    deliver: Callable[[], object],
    shop: Shop,
    read_results: Callable[[], object],
) -> Reconciled:
    """Apply every unread stored body, give up on lost senders, and ask about payments still open, within
    the ration; after a day, once more and never again.

    ``read_results`` applies what came for questions that an initiator asked. ``daraja`` is only called where something
    can be asked. Raises LedgerBusy or LedgerUnusable.
    """
    deliver()
    apply_unread(ledger, None)
    apply_confirmations(ledger, shop)
    read_results()
    settled: list[Payment] = []
    not_asked = 0
    for found in ledger.unfinished():
        payment = look(ledger, found.payment_id, world.now_us())
        for attempt in payment.attempts:
            if not can_settle(attempt) or (attempt.state is AttemptState.UNKNOWN and _is_over(attempt, world.now_us())):
                continue
            asked = ask(ledger, daraja(), payment, attempt, world)
            payment = asked.payment
            not_asked += not asked.reached
            if asked.reached and _is_over(attempt, world.now_us()):
                payment = _give_up(ledger, payment, attempt, world.now_us())
        settled.append(payment)
    forget_dead_senders(ledger)
    return Reconciled(tuple(settled), not_asked)


def _is_over(attempt: Attempt, now_us: int) -> bool:
    """Whether the day is over in which Daraja can be asked."""
    asked_us = attempt.view.requested_us
    return asked_us is not None and now_us - asked_us > GIVE_UP_AFTER_S * SECOND_US


def _give_up(ledger: Ledger, payment: Payment, attempt: Attempt, now_us: int) -> Payment:
    """The payment, its prompt unknown from now on where it is still pending after the day."""
    with ledger.write() as tx:
        now = tx.payment(payment.payment_id) or payment
        if any(a.ref == attempt.ref and a.state is AttemptState.PENDING for a in now.attempts):
            return tx.append(attempt.ref, GivenUp(now_us))
        return now
