"""Outbox rows that a change of a payment's status causes: events for the shop's own system, an SMS receipt. Pure.

The rows are written in the transaction that changes the status, and sent afterwards by any process that runs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from mpesa_cli.floor.moments import SECOND_US, rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.refund_state import RefundState
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.rules.telling.unpaid import may_be_paid_until_us

Queue = Literal["webhook", "sms"]

# Statuses that the shop's own system is told of; the others are on the way to one of these.
TOLD = frozenset(
    {
        PaymentStatus.PAID,
        PaymentStatus.FAILED,
        PaymentStatus.PARTIAL,
        PaymentStatus.OVERPAID,
        PaymentStatus.REFUNDED,
        PaymentStatus.REVIEW,
        PaymentStatus.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Staged:
    """A row for the outbox. ``once`` is unique: a row that has been staged is never staged again."""

    queue: Queue
    event_type: str
    once: str
    body: bytes


def stage(before: PaymentStatus | None, payment: Payment, now_us: int, *, sms_receipt: bool) -> Sequence[Staged]:
    """The rows for a payment whose status was ``before``. An order is told PAID once, for ever."""
    after, rows = payment.status, _refunds_asked(payment, now_us)
    if after is before or after not in TOLD:
        return rows
    kind = f"order.{after.value}"
    once = payment.payment_id if after is PaymentStatus.PAID else f"{payment.payment_id}/{len(payment.attempts)}"
    rows.append(_event(kind, once, payment, now_us))
    if sms_receipt and after is PaymentStatus.PAID:
        rows.append(Staged("sms", "receipt", f"sms.receipt/{payment.payment_id}", b""))
    return rows


def _refunds_asked(payment: Payment, now_us: int) -> list[Staged]:
    """An event for each refund whose money may still go back: told once, when it is asked for."""
    waiting = [r for a in payment.attempts for r in a.view.refunds if r.state is RefundState.PENDING]
    return [_event("order.refund_pending", each.request_id, payment, now_us) for each in waiting]


def _event(
    kind: str, once: str, payment: Payment, now_us: int, more: Mapping[str, object] = MappingProxyType({})
) -> Staged:
    body = {"type": kind, "timestamp": rfc3339(now_us), "data": {**payment_document(payment, now_us), **more}}
    return Staged("webhook", kind, f"{kind}/{once}", json.dumps(body, separators=(",", ":")).encode())


UNPAID = "order.unpaid"
UNPAID_FOR_US = 3 * 24 * 3600 * SECOND_US
"""The time for which an unpaid order is news: as long as an event is tried."""


def stage_unpaid(payment: Payment, now_us: int) -> Staged:
    """The row that says once that an order is not paid, and until when money for it may still be told."""
    until_us = may_be_paid_until_us(payment)
    more = {
        "may_still_be_paid": until_us is not None and until_us > now_us, "may_still_be_paid_until": rfc3339(until_us),
    }
    return _event(UNPAID, payment.payment_id, payment, now_us, more)


SMS_FOR_US = 24 * 3600 * SECOND_US
"""The oldest money that an SMS receipt is sent for: a later one would only surprise."""


def late(rows: Sequence[Staged], payment: Payment, now_us: int) -> Sequence[Staged]:
    """The rows for news that is read only at ``now_us``: events say ``late``, and no SMS goes out for old money."""
    paid_us = payment.telling.view.paid_us
    is_old = paid_us is None or now_us - paid_us > SMS_FOR_US
    return [_said_late(row, now_us) for row in rows if not (row.queue == "sms" and is_old)]


def _said_late(row: Staged, now_us: int) -> Staged:
    if row.queue != "webhook":
        return row
    body = json.loads(row.body)
    body["timestamp"], body["data"] = rfc3339(now_us), {**body["data"], "late": True}
    return replace(row, body=json.dumps(body, separators=(",", ":")).encode())
