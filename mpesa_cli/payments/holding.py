"""Holding a body that could not be applied, in the transaction that would have applied it."""

from mpesa_cli.ledger.held import HeldWrites
from mpesa_cli.ledger.values import RawBody, RawCallback, ResultBody
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.held import HeldChannel, Holding
from mpesa_cli.rules.held_facts import shown_in


def hold_body(
    tx: Write, raw: RawCallback | RawBody | ResultBody, channel: HeldChannel, code: str, why: str
) -> None:
    """Mark a stored body as one that could not be applied, and hold it with the facts that it shows.

    ``code`` is stable, ``why`` words for people, without names and numbers of theirs.
    """
    tx.mark_callback(raw.callback_id, f"unreadable: {code}")
    shown = shown_in(raw.body)
    source, line = "", 0
    if isinstance(raw, RawCallback):
        source, line = raw.attempt.payment_id, raw.attempt.number
    elif isinstance(raw, ResultBody):
        source = raw.request_id
    HeldWrites(tx).hold(
        Holding(
            channel, raw.received_us, code, why, shown.receipt, shown.amount_cents, shown.shortcode, raw.peer,
            raw.callback_id, source=source, line=line,
        ),
        raw.received_us,
    )
