"""Names of the states of attempts and the statuses of payments. Values only: state.py decides which one holds."""

from enum import StrEnum
from typing import assert_never

from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.money_out.refund_state import Refund

OVERDUE_AFTER_S = 120  # a prompt lives about 60 to 90 s (daraja.md 2.4, docs/reference/assumptions.md A6)


class AttemptState(StrEnum):
    """The public names of an attempt's states."""

    CREATED = "created"
    SENDING = "sending"
    NOT_SENT = "not_sent"
    REJECTED = "rejected"
    PENDING = "pending"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"
    REVIEW = "review"


class Flag(StrEnum):
    """A mark that a state may carry besides its name."""

    OVERDUE = "overdue"
    LATE = "late"
    CONFLICT = "conflict"
    UNCONFIRMED = "unconfirmed"
    ODD_TIME = "odd_time"
    REFUNDING = "refunding"
    REFUND_UNKNOWN = "refund_unknown"


class PaymentStatus(StrEnum):
    """The public names of a payment's statuses."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REVIEW = "review"
    PARTIAL = "partial"
    OVERPAID = "overpaid"
    REFUNDED = "refunded"


MAY_BE_OUT = frozenset({AttemptState.SENDING, AttemptState.PENDING, AttemptState.UNKNOWN})
"""An attempt whose prompt may be on a phone."""
WAS_PAID = frozenset({PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED})
"""A payment whose money came, all of it, whatever became of it since."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of an attempt, which evidence must match. ``msisdn`` is empty once erased.

    ``prompted`` is False where the customer paid by hand from the M-PESA menu (C2B): nothing was sent, and
    ``amount_cents`` is what came.
    """

    amount_cents: int
    msisdn: str
    prompted: bool = True


@dataclass(frozen=True, slots=True)
class AttemptView:
    """The state of one attempt, and the evidence for it."""

    state: AttemptState
    flags: frozenset[Flag] = frozenset()
    receipt: str | None = None
    result_code: str | None = None
    result_desc: str | None = None
    source: ev.Source | None = None
    checkout_request_id: str | None = None
    merchant_request_id: str | None = None
    requested_us: int | None = None
    settled_us: int | None = None
    paid_us: int | None = None
    paid_cents: int = 0
    reversed_cents: int = 0
    receipts: frozenset[str] = frozenset()
    refunds: tuple[Refund, ...] = ()


def is_open(state: AttemptState) -> bool:
    """Whether money may still come, so that no other prompt may be sent without a person's reason."""
    match state:
        case AttemptState.CREATED | AttemptState.SENDING | AttemptState.PENDING | AttemptState.UNKNOWN:
            return True
        case AttemptState.NOT_SENT | AttemptState.REJECTED | AttemptState.FAILED:
            return False
        case AttemptState.PAID | AttemptState.REVIEW:
            return False
        case _:
            assert_never(state)
