"""``mpesa receipt --sms``: a receipt as a text message, because a person asks for it."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import Conflict, ExitStatus, MpesaError, RequestRefused, Temporary
from mpesa_cli.rules.values.msisdn import mask_msisdn, parse_msisdn
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.sms.notices import Notice
    from mpesa_cli.sms.notify import Message, SmsContext
    from mpesa_cli.sms.words import Language


class SmsInDoubt(MpesaError):
    """An SMS that may have gone out. The money is not in question."""

    exit_status = ExitStatus.TEMPORARY
    code = "sms-in-doubt"
    money_moved = "yes"


def send_receipt_sms(
    runtime: Runtime, profile: "Profile", ref: str, to: str | None, language: "Language | None", *, copy: bool
) -> Result:
    """Send the receipt of a paid payment as an SMS, now, and say what became of it.

    Raises Conflict (9: not paid, or it went out before), InvalidInput, SettingsError, SecretMissing,
    Temporary (5: not sent yet, it is tried again), RequestRefused (3: not sent) and SmsInDoubt (5).
    """
    from mpesa_cli.cli.payments.status import find
    from mpesa_cli.sms.notify import message_of, send_waiting
    from mpesa_cli.sms.ports import sms_context
    from mpesa_cli.sms.send_again import Wanted, stage_again

    payment = find(runtime, profile, ref)
    other = parse_msisdn(to) if to is not None else ""
    context = sms_context(runtime, profile)
    _check(profile, payment, other)
    sender = context.make_sender()  # what is missing in the configuration must be said before anything is staged
    context = replace(context, make_sender=lambda: sender)
    row = stage_again(context, payment, Wanted(other, copy, language))
    _say_size(runtime, message_of(payment, row, context.shop))
    summary = send_waiting(context, first=row.event_id, most=1)
    ours = next((n for n in summary.notices if n.event_id == row.event_id), None)
    notice = ours or _elsewhere(context, payment, row.event_id)
    if notice.state != "done":
        raise _failure(payment, notice)
    return Result(_document(payment, notice), [notice.sentence()])


def _check(profile: "Profile", payment: "Payment", other: str) -> None:
    from mpesa_cli.sms.notify import HAS_MONEY, can_receive

    if payment.profile != profile.name:
        raise Conflict(
            f"Order {payment.order_id} belongs to the profile {payment.profile}, and so do its receipts.",
            hint=f"No SMS was sent. Right: mpesa receipt {payment.order_id} --sms -P {payment.profile}",
            code="other-profile",
        )
    if payment.status in HAS_MONEY and not other and not can_receive(payment.telling.msisdn):
        raise Conflict(
            f"M-PESA did not tell the number that paid order {payment.order_id}.",
            hint=f"No SMS was sent. Ask the customer: mpesa receipt {payment.order_id} --sms --to PHONE",
            code="no-number",
        )


def _say_size(runtime: Runtime, message: "Message") -> None:
    from mpesa_cli.sms.notices import size_and_cost
    from mpesa_cli.sms.text import sms_length

    length = sms_length(message.text)
    size = f"{length.units} units of {length.encoding}, {size_and_cost(length.parts, '')}"
    runtime.streams.say(f"SMS to {mask_msisdn(message.msisdn)}, {size}:")
    runtime.streams.say(f"  {message.text}")


def _elsewhere(context: "SmsContext", payment: "Payment", event_id: str) -> "Notice":
    """The outcome of the same receipt in another process, which took it first."""
    from mpesa_cli.ledger.outbox import Outbox
    from mpesa_cli.sms.notices import Notice
    from mpesa_cli.sms.send_again import STATES

    row = next(r for r in Outbox(context.ledger).listed("sms", STATES, payment.payment_id) if r.event_id == event_id)
    known = json.loads(row.detail) if row.detail else {}
    state: Any = row.state if row.state in {"done", "given_up", "ambiguous"} else "again"
    return Notice(
        event_id=event_id,
        order_id=payment.order_id,
        msisdn=payment.telling.msisdn,
        state=state,
        parts=known.get("parts", 0),
        cost=known.get("cost", ""),
        message_id=known.get("message_id", ""),
        code=known.get("code", ""),
        words=known.get("words", "Another mpesa is sending it."),
    )


def _failure(payment: "Payment", notice: "Notice") -> MpesaError:
    if notice.state == "ambiguous":
        hint = f"The payment stands. Ask the customer, then: mpesa receipt {payment.order_id} --sms --copy"
        return SmsInDoubt(f"The SMS is in doubt. {notice.words}", hint=hint)
    again = f"The payment stands. Try again: mpesa receipt {payment.order_id} --sms"
    error: MpesaError
    if notice.state == "again":
        hint = f"It is tried again by itself. {again}"
        error = Temporary(f"The SMS is not sent yet. {notice.words}", hint=hint, code="sms-not-sent")
    else:
        error = RequestRefused(f"The SMS was not sent. {notice.words}", hint=again, code="sms-refused")
    error.money_moved = "yes"
    return error


def _document(payment: "Payment", notice: "Notice") -> dict[str, object]:
    return {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "environment": payment.environment,
        "sms": {
            "state": notice.state,
            "to": notice.msisdn,
            "parts": notice.parts,
            "cost": notice.cost or None,
            "message_id": notice.message_id or None,
        },
    }
