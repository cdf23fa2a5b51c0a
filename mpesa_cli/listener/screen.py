"""Lines for a person and objects for a program, about a listener's events. No token, no whole phone number."""

from typing import Any

from mpesa_cli.floor.moments import clock_time, rfc3339
from mpesa_cli.listener.events import Event
from mpesa_cli.rules.codes.lookup import stk_result
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.state_words import STATUS_WORDS

# The direction: in from Daraja, out to the shop's own system, or something to look at.
_SIGNS = {"forwarded": "<--", "unforwarded": "<-!", "unreadable": "-->!", "unstored": "-->!", "unsettled": "-->!"}
_QUIET = {"stored"}  # the line that follows, "settled", says more


def line(event: Event) -> str | None:
    """The line for a person, or None where the event says nothing new."""
    if event.kind in _QUIET or (event.kind == "settled" and event.payment is None):
        return None
    sign = _SIGNS.get(event.kind, "-->")
    times = f" ×{event.count}" if event.count > 1 else ""
    whose = f"{event.profile}  " if event.profile else ""
    return f"{clock_time(event.at_us)} {sign} {whose}{words(event)}{times}"


def words(event: Event) -> str:
    """The event in words, without time and direction."""
    match event.kind:
        case "settled":
            return _settled(event)
        case "repeat":
            return f"repeat       the same callback again{_from(event)}: nothing changed"
        case "validated":
            return f"validation   {event.receipt or 'a payment by hand'}: {event.detail}"
        case "unreadable":
            return f"unreadable   kept for a person to look at ({event.detail}){_from(event)}"
        case "untrusted":
            return f"untrusted    kept, not believed: it came without a secret ({event.detail}){_from(event)}"
        case "refused":
            return f"refused      {event.detail}{_from(event)}: nothing was stored"
        case "address":
            return f"address      a callback came from {event.peer}, which is not one of Safaricom's"
        case "unstored":
            return f"not stored   answered 503: {event.detail}"
        case "spooled":
            return "kept here    the ledger's database is away: handed in when it is back"
        case "handed_in":
            return "handed in    what was kept here is in the ledger now"
        case "unsettled":
            return f"not settled  stored, but not applied yet: {event.detail}"
        case _:
            return f"{event.kind:12} {event.detail}"


def document(event: Event) -> dict[str, Any]:
    """The event as a JSON object: one line of ``listen --json``."""
    payment = event.payment
    return {
        "type": event.kind,
        "at": rfc3339(event.at_us),
        "channel": event.channel or None,
        "peer": event.peer or None,
        "order_id": payment.order_id if payment else None,
        "payment_id": payment.payment_id if payment else event.attempt.payment_id if event.attempt else None,
        "attempt": event.attempt.number if event.attempt else None,
        "callback_id": event.callback_id or None,
        "receipt": event.receipt or None,
        "detail": event.detail or None,
        "count": event.count,
        "addresses": event.addresses,
        "payment": payment_document(payment, event.at_us) if payment else None,
        "profile": event.profile or None,
    }


def _settled(event: Event) -> str:
    payment = event.payment
    if payment is None:
        return f"settled      {event.detail}"
    view = payment.telling.view
    result = f"  {stk_result(view.result_code).title}" if payment.status == "failed" and view.result_code else ""
    word = {"nothing new": "repeat", "conflict": "conflict"}.get(event.detail, STATUS_WORDS[payment.status])
    return (
        f"{word:12} order {payment.order_id}  {format_cents(payment.amount_cents)}  "
        f"{mask_msisdn(payment.telling.msisdn)}  {view.receipt or ''}{result}"
    ).rstrip()


def _from(event: Event) -> str:
    if event.addresses > 1:
        return f" from {event.addresses:,} addresses"
    return f" from {event.peer}" if event.peer else ""
