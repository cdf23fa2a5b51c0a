"""The plan of a batch for each of its payments, and the batch's exit status: pure, from the ledger's payments.

An interrupted batch goes on when the same file is run again: only what never left is sent.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

from mpesa_cli.batch.file import Row
from mpesa_cli.batch.text import Fault
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState, PaymentStatus
from mpesa_cli.rules.values.amount import format_cents, format_shillings
from mpesa_cli.rules.values.msisdn import masked_apart


class RowStatus(StrEnum):
    """The status of one payment of a batch, in one word for rows and JSON."""

    NOT_SENT = "not_sent"  # nothing has left; running the batch again sends it
    ACCEPTED = "accepted"  # Daraja took the prompt; the customer decides
    PAID = "paid"
    FAILED = "failed"
    REJECTED = "rejected"  # Daraja said no; no phone rang
    UNKNOWN = "unknown"  # money may have moved
    REVIEW = "review"
    PARTIAL = "partial"
    OVERPAID = "overpaid"
    REFUNDED = "refunded"


_NOTHING_LEFT = frozenset({AttemptState.CREATED, AttemptState.NOT_SENT})


@dataclass(frozen=True, slots=True)
class Planned:
    """One row and what is known of its order. ``left_out`` says why it is not sent; empty where it is."""

    row: Row
    payment: Payment | None
    left_out: str


def plan(row: Row, existing: Payment | None) -> Planned | Fault:
    """The plan for one row. A Fault where the ledger has this order with another phone or amount."""
    if existing is None:
        return Planned(row, None, "")
    if existing.amount_cents != row.amount * 100 or existing.msisdn != row.msisdn:
        known, wanted = masked_apart(existing.msisdn, row.msisdn)
        return Fault(
            "differs", row.line,
            f"Order {row.order_id} is in the ledger as {format_cents(existing.amount_cents)} from {known}, "
            f"not {format_shillings(row.amount)} from {wanted}.",
        )
    return Planned(row, existing, _left_out(existing))


def _left_out(payment: Payment) -> str:
    receipt = payment.telling.view.receipt
    match row_status(payment):
        case RowStatus.NOT_SENT:
            return ""
        case RowStatus.PAID:
            return f"already paid, receipt {receipt}" if receipt else "already paid"
        case RowStatus.ACCEPTED:
            return "asked already, the customer has not answered yet"
        case RowStatus.UNKNOWN:
            return "asked already, not known whether it was paid"
        case RowStatus.FAILED | RowStatus.REJECTED:
            return f"asked already, not paid: mpesa retry {payment.order_id}"
        case RowStatus.REVIEW:
            return "a person must look at what came in for it"
        case RowStatus.PARTIAL:
            return "partly paid already"
        case RowStatus.OVERPAID:
            return "more than its amount has come in"
        case RowStatus.REFUNDED:
            return "paid already, and the money went back"


def row_status(payment: Payment | None) -> RowStatus:
    """The status of a payment as a row. NOT_SENT only where nothing ever left."""
    if payment is None or {a.state for a in payment.attempts} <= _NOTHING_LEFT:
        return RowStatus.NOT_SENT
    match payment.status:
        case PaymentStatus.PENDING:
            return _open(payment.last.state)
        case PaymentStatus.FAILED:
            return RowStatus.REJECTED if payment.last.state is AttemptState.REJECTED else RowStatus.FAILED
        case PaymentStatus.PAID:
            return RowStatus.PAID
        case PaymentStatus.UNKNOWN:
            return RowStatus.UNKNOWN
        case PaymentStatus.REVIEW:
            return RowStatus.REVIEW
        case PaymentStatus.PARTIAL:
            return RowStatus.PARTIAL
        case PaymentStatus.OVERPAID:
            return RowStatus.OVERPAID
        case PaymentStatus.REFUNDED:
            return RowStatus.REFUNDED
        case _:
            assert_never(payment.status)


def _open(newest: AttemptState) -> RowStatus:
    match newest:
        case AttemptState.CREATED:  # a further attempt that never left; those before it are over
            return RowStatus.FAILED
        case AttemptState.SENDING:
            return RowStatus.UNKNOWN
        case _:
            return RowStatus.ACCEPTED


def retry_row_status(payment: Payment) -> RowStatus:
    """The same status in a batch of retries: NOT_SENT where the newest attempt never left."""
    if payment.status in {PaymentStatus.FAILED, PaymentStatus.PENDING} and payment.last.state in _NOTHING_LEFT:
        return RowStatus.NOT_SENT
    return row_status(payment)


def batch_status(statuses: Iterable[RowStatus], *, waited: bool) -> ExitStatus:
    """The exit status of a batch, by its most urgent payment.

    6 where money may have moved unseen, 5 where running the same again sends the rest, 8 where customers
    were waited for and have not answered, 7 where some are not paid and a person must look, else 0.
    """
    found = set(statuses)
    if found & {RowStatus.UNKNOWN, RowStatus.REVIEW}:
        return ExitStatus.UNKNOWN
    if RowStatus.NOT_SENT in found:
        return ExitStatus.TEMPORARY
    if waited and found & {RowStatus.ACCEPTED, RowStatus.PARTIAL}:
        return ExitStatus.PENDING
    if found & {RowStatus.FAILED, RowStatus.REJECTED, RowStatus.OVERPAID, RowStatus.PARTIAL, RowStatus.REFUNDED}:
        return ExitStatus.DIFFERENCES
    return ExitStatus.DONE
