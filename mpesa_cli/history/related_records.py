"""The records of a payment besides its journal: messages sent, rows of statements, bodies of other channels."""

import json
from typing import TYPE_CHECKING, Any

from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.history.story_store import Story
from mpesa_cli.ledger.outbox import Outbox
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.rules.values.amount import format_cents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.ledger.outbox import OutboxRow
    from mpesa_cli.ledger.values import RawBody
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.rules.statement_row import StatementRow

_QUEUES = {"sms": "SMS receipt", "webhook": "event for your app"}
_STATES = {
    "waiting": "waits to be sent",
    "sending": "is being sent",
    "done": "was sent",
    "given_up": "was given up",
    "ambiguous": "may have been sent, nobody knows",
}


@dataclass(frozen=True, slots=True)
class RelatedRecords:
    """The records of one payment besides its journal."""

    sent: "Sequence[OutboxRow]"
    rows: "Sequence[StatementRow]"
    bodies: "Sequence[tuple[RawBody, str]]"
    merged: "Sequence[str]"

    @classmethod
    def of(cls, ledger: "Ledger", payment: "Payment") -> "RelatedRecords":
        """The related records of a payment, as the ledger has them."""
        receipts = sorted({receipt for attempt in payment.attempts for receipt in attempt.view.receipts})
        return cls(
            [row for queue in _QUEUES for row in Outbox(ledger).listed(queue, list(_STATES), payment.payment_id)],
            [row for receipt in receipts for row in StatementRows(ledger).of(receipt)],
            Story(ledger).bodies_of(payment.payment_id),
            Story(ledger).merged_from(payment.payment_id),
        )

    def lines(self, *, raw: bool) -> list[tuple[int, str, str]]:
        """Lines for people: when it began, what it is, and words."""
        lines = []
        for row in self.sent:
            why = f": {_reason(row)}" if _reason(row) else ""
            lines.append((row.created_us, _QUEUES[row.queue], f"{row.event_type} {_STATES[row.state]}{why}"))
        for line in self.rows:
            said = f"{line.kind} {format_cents(line.amount_cents)}, receipt {line.receipt}"
            lines.append((line.completed_us, "M-PESA's record", said))
        for body, verdict in self.bodies:
            text = body.body.decode("utf-8", "replace") if raw else f"{len(body.body)} bytes"
            became = verdict or "not read yet"
            lines.append((body.received_us, f"{body.channel} {body.callback_id}", f"{became}: {text}"))
        return lines

    def document(self, *, raw: bool) -> dict[str, Any]:
        """The same records as fields of the JSON document."""
        return {
            "bodies": [
                {
                    "callback_id": body.callback_id, "channel": body.channel, "received_at": rfc3339(body.received_us),
                    "peer": body.peer, "verdict": verdict,
                    **({"body": body.body.decode("utf-8", "replace")} if raw else {}),
                }
                for body, verdict in self.bodies
            ],
            "sent": [
                {
                    "event_id": row.event_id, "queue": row.queue, "type": row.event_type, "state": row.state,
                    "created_at": rfc3339(row.created_us), "tries": row.tries, "reason": _reason(row) or None,
                }
                for row in self.sent
            ],
            "statement_rows": [
                {
                    "receipt": row.receipt, "kind": row.kind, "amount": row.amount_cents / 100,
                    "completed_at": rfc3339(row.completed_us),
                }
                for row in self.rows
            ],
            "merged": list(self.merged),
        }


def _reason(row: "OutboxRow") -> str:
    """The reason for a row's state, in the words that its sender left."""
    try:
        known = json.loads(row.detail) if row.detail else {}
    except ValueError:
        return row.detail
    return str(known.get("words") or known.get("why") or "") if isinstance(known, dict) else row.detail
