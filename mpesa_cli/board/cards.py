"""The board: a card for each customer who waits, or whose answer nobody has acknowledged. Pure.

What a payment is follows from the journal, and so does what was acknowledged: the same journal is the same board, in
whichever process, before and after a restart. The counter and the owner's page show it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import assert_never

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.retry_advice import Advice, advise
from mpesa_cli.rules.state import PaymentStatus


class Kind(StrEnum):
    """What a card asks of whoever reads it."""

    WAITING = "waiting"  # the customer has the prompt, or is about to
    PAID = "paid"
    NOT_PAID = "not_paid"
    UNKNOWN = "unknown"  # it may have been paid, and nobody may ask again
    LOOK = "look"  # a person must look: what came is not what was asked, or went back


@dataclass(frozen=True, slots=True)
class Card:
    """One payment on the board. ``waited_s`` is whole seconds since its newest attempt began.

    ``advice`` is about asking again, for what is not paid; None for all others.
    """

    payment: Payment
    kind: Kind
    waited_s: int
    advice: Advice | None = None


def board(
    payments: Iterable[Payment], acknowledged: Mapping[str, str], since_us: int, now_us: int
) -> tuple[Card, ...]:
    """The cards, newest first. ``acknowledged`` is the last mark that was acknowledged of each payment, by its id.

    Whoever waits is always on it; all others from ``since_us`` on, until they are acknowledged, and again where
    anything has happened since. Money by hand that pays no order is no customer's yet, and has no card.
    """
    found = [
        payment for payment in payments
        if not payment.is_nobodys
        and (_is_waiting(payment)
             or (payment.last.created_us >= since_us and acknowledged.get(payment.payment_id) != mark(payment)))
    ]
    found.sort(key=lambda each: (each.last.created_us, each.payment_id), reverse=True)
    return tuple(card(each, now_us) for each in found)


def card(payment: Payment, now_us: int) -> Card:
    """The card of one payment."""
    kind = kind_of(payment.status)
    waited_s = max(0, (now_us - payment.last.created_us) // SECOND_US)
    return Card(payment, kind, waited_s, advise(payment, now_us) if kind is Kind.NOT_PAID else None)


def kind_of(status: PaymentStatus) -> Kind:
    """The kind of a payment's card."""
    match status:
        case PaymentStatus.PENDING:
            return Kind.WAITING
        case PaymentStatus.PAID:
            return Kind.PAID
        case PaymentStatus.FAILED:
            return Kind.NOT_PAID
        case PaymentStatus.UNKNOWN:
            return Kind.UNKNOWN
        case PaymentStatus.REVIEW | PaymentStatus.PARTIAL | PaymentStatus.OVERPAID | PaymentStatus.REFUNDED:
            return Kind.LOOK
        case _:
            assert_never(status)


def mark(payment: Payment) -> str:
    """What is acknowledged of a payment: how it stands. With anything that changes that, it is another one."""
    return f"{payment.status} {len(payment.attempts)} {payment.received_cents} {payment.reversed_cents}"


def _is_waiting(payment: Payment) -> bool:
    return payment.status is PaymentStatus.PENDING
