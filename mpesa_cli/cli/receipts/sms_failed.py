"""``mpesa receipt --failed``: the SMS receipts that did not go out, or may not have."""

import json
from collections import Counter
from typing import TYPE_CHECKING

from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.ledger.outbox import OutboxRow
    from mpesa_cli.settings.profile import Profile

FAILED = ("given_up", "ambiguous")
OPEN = ("waiting", "sending")
LISTED_MAX = 500
# One and several of each state, for the line that counts them.
_COUNTED = {
    "given_up": ("was not sent", "were not sent"),
    "ambiguous": ("may have been sent or not", "may have been sent or not"),
    "sending": ("is being sent, or its program died in it", "are being sent, or their program died in it"),
    "waiting": ("waits to be sent", "wait to be sent"),
}
_NO_WORDS = {"waiting": "It waits to be sent.", "sending": "It is being sent, or the program died while sending."}


def failed_receipts(runtime: Runtime, profile: "Profile") -> Result:
    """The SMS receipts that did not go out, or may not have, newest last, and count them by what became of them.

    One that was sent again since is not listed any more; of very many, the newest are.
    """
    from mpesa_cli.ledger.outbox import Outbox

    ledger = runtime.ledger(profile)
    # Two questions, since each walks an index of its own.
    rows = sorted(
        (*Outbox(ledger).listed("sms", FAILED), *Outbox(ledger).listed("sms", OPEN)), key=lambda row: row.created_us
    )
    of_ours = [(order, row) for row in rows if (order := _order_of(runtime, profile, row)) is not None]
    documents = [_failed_document(order, row) for order, row in of_ours[-LISTED_MAX:]]
    facts = ("order_id", "state", "created_at", "reason")
    lines = ["\t".join(str(document[name]) for name in facts) for document in documents]
    if not of_ours:
        return Result(documents, lines, [Note("Every SMS receipt went out.")])
    counts = Counter(row.state for _, row in of_ours)
    said = [f"{counts[state]:,} {words[counts[state] > 1]}" for state, words in _COUNTED.items() if counts[state]]
    again = "To send one: mpesa receipt ORDER --sms  (with --copy where it may have arrived)"
    return Result(documents, lines, [Note(f"SMS receipts: {'; '.join(said)}."), Note(again)])


def _order_of(runtime: Runtime, profile: "Profile", row: "OutboxRow") -> str | None:
    """The order of a row that is the newest of its payment; None for others, and for other profiles' rows."""
    from mpesa_cli.ledger.outbox import Outbox
    from mpesa_cli.sms.send_again import STATES

    ledger = runtime.ledger(profile)
    payment = ledger.payment(row.payment_id)
    if payment is None or payment.profile != profile.name:
        return None
    newest = Outbox(ledger).listed("sms", STATES, row.payment_id)[-1]
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
        "reason": known.get("words", "") or _NO_WORDS.get(row.state, ""),
    }
