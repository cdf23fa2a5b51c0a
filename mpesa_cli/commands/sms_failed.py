"""``mpesa receipt --failed``: the SMS receipts that were not sent, or may not have been."""

import json
from typing import TYPE_CHECKING

from mpesa_cli.domain.moments import rfc3339
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import print_json

if TYPE_CHECKING:
    from mpesa_cli.ledger.outbox import OutboxRow
    from mpesa_cli.settings.profile import Profile

FAILED = ("given_up", "ambiguous")
LISTED_MAX = 500


def show_failed_receipts(runtime: Runtime, profile: "Profile", *, as_json: bool) -> None:
    """List the SMS receipts that were not sent, or may not have been, newest last.

    One that was sent again since is not listed any more.
    """
    rows = [
        _failed_document(order, row)
        for row in runtime.ledger(profile).outbox("sms", FAILED)[-LISTED_MAX:]
        if (order := _order_of(runtime, profile, row)) is not None
    ]
    if as_json:
        print_json(runtime.streams, rows)
        return
    for row in rows:
        facts = (row["order_id"], row["state"], row["created_at"], row["reason"])
        runtime.streams.out("\t".join(map(str, facts)))
    if not rows:
        runtime.streams.say("Every SMS receipt went out.")
    elif runtime.streams.is_terminal(runtime.streams.stdout):
        runtime.streams.say("To send one: mpesa receipt ORDER --sms  (with --copy where it may have arrived)")


def _order_of(runtime: Runtime, profile: "Profile", row: "OutboxRow") -> str | None:
    """The order of a row that is the newest of its payment; None for others, and for other profiles' rows."""
    from mpesa_cli.operations.send_again import STATES

    ledger = runtime.ledger(profile)
    payment = ledger.payment(row.payment_id)
    if payment is None or payment.profile != profile.name:
        return None
    newest = ledger.outbox("sms", STATES, row.payment_id)[-1]
    return payment.order_id if newest.event_id == row.event_id else None


def _failed_document(order_id: str, row: "OutboxRow") -> dict[str, object]:
    known = json.loads(row.detail) if row.detail else {}
    return {
        "order_id": order_id,
        "payment_id": row.payment_id,
        "state": row.state,
        "created_at": rfc3339(row.created_us),
        "tries": row.tries,
        "code": known.get("code"),
        "reason": known.get("words", ""),
    }
