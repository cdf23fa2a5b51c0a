"""A proposal in words and as a document."""

from typing import Any

from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.rules.money_out.approval import Proposal
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.rules.values.msisdn import spoken_form


def proposal_line(waiting: Proposal, order_id: str = "") -> str:
    """One proposal in a line: what, for what, by whom and why. ``order_id`` is a refund's."""
    if waiting.is_payout:
        phone = spoken_form(waiting.msisdn) if waiting.msisdn.isdecimal() else waiting.msisdn
        what = f"to {phone} for {waiting.reference}"
    else:
        what = f"of receipt {waiting.receipt}, order {order_id}"
    return (
        f"{waiting.request_id}  {format_cents(waiting.amount_cents)} {what}, "
        f"asked for by {waiting.by} on {day_and_time(waiting.made_us)}: {waiting.reason}"
    )


def proposal_document(waiting: Proposal) -> dict[str, Any]:
    """The JSON document of a proposal. Of a payout ``payment_id`` and ``receipt`` are null, of a refund the others."""
    return {
        "request_id": waiting.request_id,
        "state": "waits_for_approval" if waiting.state == "open" else waiting.state,
        "payment_id": waiting.payment_id or None,
        "receipt": waiting.receipt or None,
        "reference": waiting.reference or None,
        "msisdn": waiting.msisdn or None,
        "amount": cents_to_json(waiting.amount_cents),
        "by": waiting.by,
        "reason": waiting.reason,
        "asked_at": rfc3339(waiting.made_us),
    }
