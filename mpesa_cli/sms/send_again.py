"""A receipt by SMS that a person asks for: a first one, one that failed, or a copy."""

import json

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.outbox import Outbox, OutboxRow, OutboxWrites
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.staging import Staged
from mpesa_cli.sms.notify import HAS_MONEY, SmsContext, is_too_old
from mpesa_cli.sms.outbox import LOST, QUEUE, detail
from mpesa_cli.sms.words import Language

REPLACED = detail(code="replaced", words="Another one was asked for in its place.")
STATES = ("waiting", "sending", "done", "given_up", "ambiguous")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The person's wish: ``to`` another phone (12 digits), or empty; ``copy`` insists on a further one.

    ``language`` None means the profile's.
    """

    to: str = ""
    copy: bool = False
    language: Language | None = None


def stage_again(context: SmsContext, payment: Payment, wanted: Wanted) -> OutboxRow:
    """Put one receipt into the outbox, due now, or make the one that waits there due now. Returns its row.

    Raises Conflict where the payment is not paid, and where a receipt went out, or may have gone out, and
    nobody asks for a copy. Decided inside one write transaction, so two people get one SMS.
    """
    if payment.status not in HAS_MONEY:
        raise _not_paid(payment)
    now_us = context.world.now_us()
    with context.ledger.write() as tx:
        OutboxWrites(tx).doubt_lost(QUEUE, now_us, LOST)
        rows = Outbox(tx).listed(QUEUE, STATES, payment.payment_id)
        waiting = [] if wanted.to else [r for r in rows if r.state == "waiting" and not is_too_old(r, now_us)]
        if waiting and wanted.language is None:
            OutboxWrites(tx).again(waiting[0].event_id, waiting[0].detail, now_us)
            return waiting[0]
        for row in waiting:  # in another language now
            OutboxWrites(tx).finish(row.event_id, "given_up", REPLACED, now_us)
        went = [r for r in rows if r.state in {"sending", "done", "ambiguous"}]
        if went and not wanted.to and not wanted.copy:
            raise _went_out(payment, went[-1])
        asked = {"to": wanted.to, "copy": wanted.copy or bool(went), "language": wanted.language}
        body = json.dumps(asked).encode()
        once = f"sms.receipt/{payment.payment_id}/{len(rows) + 1}"
        known = {r.event_id for r in rows}
        OutboxWrites(tx).put([Staged("sms", "receipt", once, body)], payment.payment_id, now_us)
        return next(r for r in Outbox(tx).listed(QUEUE, STATES, payment.payment_id) if r.event_id not in known)


def _not_paid(payment: Payment) -> Conflict:
    return Conflict(
        f"Order {payment.order_id} is {payment.status.value}, so there is no receipt to send.",
        hint=f"No SMS was sent. Where it stands: mpesa status {payment.order_id}",
        code="not-paid",
    )


def _went_out(payment: Payment, row: OutboxRow) -> Conflict:
    words = {
        "done": "was sent already",
        "sending": "is being sent just now",
        "ambiguous": "was sent, or was not: no answer came",
    }[row.state]
    error = Conflict(
        f"The SMS receipt for order {payment.order_id} {words}.",
        hint=f"Nothing was sent now. Ask the customer; another one, marked as a copy: "
        f"mpesa receipt {payment.order_id} --sms --copy  or to another phone: --sms --to PHONE",
        code="receipt-already-sent",
    )
    error.money_moved = "yes"
    return error
