"""Reconcile: finish the story of everything that is open. What cron runs; run again, it changes nothing more."""

from collections.abc import Callable
from dataclasses import dataclass

from mpesa_cli.domain.payment import Payment
from mpesa_cli.domain.state import PaymentStatus
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.operations.ask import Queries, ask, can_settle
from mpesa_cli.operations.settle import apply_unread
from mpesa_cli.operations.wait import look

# What a person has to look at: no query and no callback will settle it by itself.
NEEDS_A_PERSON = frozenset({PaymentStatus.UNKNOWN, PaymentStatus.REVIEW, PaymentStatus.OVERPAID})


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The payments that were open, as they stand now, and how many could not be asked about this time."""

    payments: tuple[Payment, ...]
    not_asked: int

    @property
    def for_a_person(self) -> tuple[Payment, ...]:
        """Those that a person has to look at."""
        return tuple(p for p in self.payments if p.status in NEEDS_A_PERSON)


def settle_open(
    ledger: Ledger, daraja: Callable[[], Queries], now_us: Callable[[], int], deliver: Callable[[], object]
) -> Reconciled:
    """Apply every stored callback, give up on lost senders, and ask about what is still open, within the ration.

    ``daraja`` is only called where something can be asked. Raises LedgerBusy or LedgerUnusable.
    """
    deliver()
    apply_unread(ledger, None, now_us())
    settled: list[Payment] = []
    not_asked = 0
    for found in ledger.unfinished():
        payment = look(ledger, found.payment_id, now_us())
        for attempt in payment.attempts:
            if not can_settle(attempt):
                continue
            asked = ask(ledger, daraja(), payment, attempt, now_us)
            payment = asked.payment
            not_asked += not asked.reached
        settled.append(payment)
    return Reconciled(tuple(settled), not_asked)
