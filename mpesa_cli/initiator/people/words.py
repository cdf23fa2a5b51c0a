"""A proposal in words and as a document."""

from typing import Any

from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.rules.money_out.approval import Proposal
from mpesa_cli.rules.values.amount import cents_to_json, format_cents


def proposal_line(waiting: Proposal, order_id: str) -> str:
    """One proposal in a line: what, for which order, by whom and why."""
    asking = waiting.asking
    return (
        f"{waiting.request_id}  {format_cents(waiting.amount_cents)} of receipt {waiting.receipt}, order {order_id}, "
        f"asked for by {asking.by} on {day_and_time(waiting.made_us)}: {asking.reason}"
    )


def proposal_document(waiting: Proposal) -> dict[str, Any]:
    """The JSON document of a proposal."""
    return {
        "request_id": waiting.request_id,
        "state": "waits_for_approval" if waiting.state == "open" else waiting.state,
        "payment_id": waiting.payment_id,
        "receipt": waiting.receipt,
        "amount": cents_to_json(waiting.amount_cents),
        "by": waiting.asking.by,
        "reason": waiting.asking.reason,
        "asked_at": rfc3339(waiting.made_us),
    }
