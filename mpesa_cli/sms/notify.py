"""Notify: send the SMS receipts that wait in the outbox, each at most once.

A row is claimed in one durable transaction, sent, and settled in another. A claim that never came back is
``ambiguous`` and stays so: the customer has M-PESA's own message, a second receipt would only confuse.
Nothing here touches a payment.
"""

import json
import re
from collections.abc import Callable
from dataclasses import field

from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.outbox import Outbox, OutboxRow
from mpesa_cli.payments.each_alone import words_of
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import PaymentStatus
from mpesa_cli.sms import outbox as box
from mpesa_cli.sms.notices import Notice
from mpesa_cli.sms.providers.sender import InDoubt, Sent, SmsSender
from mpesa_cli.sms.text import parts
from mpesa_cli.sms.words import Language, facts_of, receipt_text

TOO_OLD_S = 24 * 3600
RECEIPT_NUMBER_GRACE_S = 120  # paid by a query: the callback that names the receipt may still come
MOST_AT_ONCE = 10
HAS_MONEY = frozenset({PaymentStatus.PAID, PaymentStatus.OVERPAID})

_MSISDN = re.compile(r"254[17]\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SmsShop:
    """The part of the profile that a receipt needs."""

    profile: str
    shop_name: str
    language: Language


@dataclass(frozen=True, slots=True)
class Message:
    """One receipt, ready to go: the phone (12 digits) and the text."""

    msisdn: str
    text: str


@dataclass(slots=True)
class Summary:
    """The outcome of one run. ``lost`` counts receipts whose sender had died: they are in doubt from now on."""

    notices: list[Notice] = field(default_factory=list)
    lost: int = 0


@dataclass(frozen=True, slots=True)
class SmsContext:
    """The clock, ids and sender for SMS receipts. ``make_sender`` is called only when something is to be sent."""

    ledger: Ledger
    shop: SmsShop
    make_sender: Callable[[], SmsSender]
    world: World


def send_waiting(context: SmsContext, *, first: str = "", most: int = MOST_AT_ONCE) -> Summary:
    """Send what is due, the payment or the row ``first`` before others. One SELECT where nothing waits.

    Stops early where the provider is out of reach or the account in trouble: the rest would fare no better.
    Raises what ``make_sender`` raises, before anything was claimed.
    """
    summary = Summary()
    rows = Outbox(context.ledger).listed(box.QUEUE, ("waiting", "sending"))
    if any(row.state == "sending" for row in rows):
        summary.lost = box.doubt_lost(context.ledger, context.world.now_us())
    due = [row for row in rows if row.state == "waiting" and row.due_us <= context.world.now_us()]
    sender: SmsSender | None = None
    for row in sorted(due, key=lambda row: first not in {row.event_id, row.payment_id}):
        try:
            ready = _prepare(context, row, patient=row.event_id != first)
        except MpesaError:
            raise
        except Exception as error:  # noqa: BLE001 - one that breaks must not keep the others waiting
            summary.notices += _set_aside(context, row, words_of(error))
            continue
        if isinstance(ready, Message):
            sender = sender or context.make_sender()
            notice = _send(context, row, ready, sender)
        else:
            notice = _give_up(context, row, ready)
        if notice is not None:
            summary.notices.append(notice)
            if notice.state in {"again", "ambiguous"} or len(summary.notices) >= most:
                break
    return summary


def message_of(payment: Payment, row: OutboxRow, shop: SmsShop) -> Message:
    """The receipt that a row stands for, on the terms of the person who asked for it, if one did (send_again.py)."""
    asked = json.loads(row.body) if row.body else {}
    facts = facts_of(payment, shop.shop_name, copy=asked.get("copy", False))
    text = receipt_text(facts, asked.get("language") or shop.language)
    return Message(asked.get("to") or payment.telling.msisdn, text)


def can_receive(msisdn: str) -> bool:
    """Whether this is a whole phone number: M-PESA hides the number of a customer who paid by hand."""
    return _MSISDN.fullmatch(msisdn) is not None


def is_too_old(row: OutboxRow, now_us: int) -> bool:
    """Whether the payment is so old that a receipt would only surprise the customer."""
    return now_us - row.created_us > TOO_OLD_S * SECOND_US


def _prepare(context: SmsContext, row: OutboxRow, *, patient: bool) -> Message | str | None:
    """The message; the reason why there can be none; or None where the row is not due, or another profile's."""
    payment, now_us = context.ledger.payment(row.payment_id), context.world.now_us()
    if payment is None:
        return "The ledger has no such payment any more."
    if payment.profile != context.shop.profile:
        return None
    if is_too_old(row, now_us):
        return "It could not be sent for a day."
    if payment.status not in HAS_MONEY:
        return f"The payment is {payment.status.value} now."
    message = message_of(payment, row, context.shop)
    if not can_receive(message.msisdn):
        return "M-PESA did not tell the customer's number."
    may_be_named_yet = now_us - row.created_us < RECEIPT_NUMBER_GRACE_S * SECOND_US
    if patient and payment.telling.view.receipt is None and may_be_named_yet:
        return None
    return message


def _set_aside(context: SmsContext, row: OutboxRow, why: str) -> list[Notice]:
    if not box.set_aside(context.ledger, row, why, context.world.now_us()):
        return []
    return [Notice(row.event_id, _order(context, row), "", "given_up", words=why)]


def _give_up(context: SmsContext, row: OutboxRow, why: str | None) -> Notice | None:
    if why is None or not box.give_up(context.ledger, row.event_id, why, context.world.now_us()):
        return None
    return Notice(row.event_id, _order(context, row), "", "given_up", words=why)


def _send(context: SmsContext, row: OutboxRow, message: Message, sender: SmsSender) -> Notice | None:
    """Claim, send, settle. None where another process was quicker."""
    claimed = box.claim(context.ledger, row.event_id, context.world.now_us())
    if claimed is None:
        return None
    try:
        outcome = sender.send(message.msisdn, message.text, claimed.event_id)
    except BaseException:
        stopped = InDoubt("stopped", "The program was stopped while sending.")
        box.record(context.ledger, claimed, stopped, sender.name, context.world.now_us(), 0.0)
        raise
    state = box.record(context.ledger, claimed, outcome, sender.name, context.world.now_us(), context.world.random())
    order_id = _order(context, row)
    if isinstance(outcome, Sent):
        return Notice(
            row.event_id, order_id, message.msisdn, state, outcome.parts, outcome.cost, outcome.message_id
        )
    return Notice(
        row.event_id, order_id, message.msisdn, state, parts(message.text),
        code=outcome.code, words=outcome.words,
    )


def _order(context: SmsContext, row: OutboxRow) -> str:
    payment = context.ledger.payment(row.payment_id)
    return payment.order_id if payment else ""
