"""Held messages in words: one line each, what to do about them, and as documents for programs."""

from collections.abc import Sequence
from typing import Any

from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.rules.held import HeldChannel, HeldMessage, HeldState
from mpesa_cli.rules.strangers import Report
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.terminal.amount_words import counted

CHANNEL_WORDS: dict[HeldChannel, str] = {
    "stk": "answer to a prompt",
    "c2b": "payment by hand",
    "open": "payment by hand, to the address without secret",
    "result": "answer to a question",
    "sms_report": "SMS delivery report",
    "statement": "row of a statement",
    "pull": "row of Pull Transactions",
    "outbox": "message to send",
}
_SEEN = {
    "payment": "its receipt pays an order now",
    "record": "M-PESA's record has its money now",
}
ADVICE = (
    "Look at one: mpesa held show ID. Read them again after an upgrade: mpesa held read-again. "
    "Dealt with: mpesa held done ID --by NAME --reason TEXT"
)


def held_line(message: HeldMessage) -> str:
    """``HELD  28 Nov 2026 21:18  payment by hand  UKS4Q7X24A  KES 50  …: no amount  [HLD-…]``."""
    amount = "" if message.amount_cents is None else format_cents(message.amount_cents)
    what = " ".join(filter(None, [message.receipt or "no receipt", amount]))
    if message.count > 1:
        what = f"{message.count:,} that show no receipt, the first then"
    why = message.why + (f" ({message.shortcode})" if message.code == "foreign-shortcode" and message.shortcode else "")
    again = f"; dealt with by {message.done_by}, but {_SEEN[message.seen]}" if message.seen in _SEEN else ""
    return (
        f"HELD  {day_and_time(message.received_us)}  {CHANNEL_WORDS[message.channel]}  {what}: {why}{again}  "
        f"[{message.held_id}]"
    )


def lost_line(found: Sequence[HeldMessage]) -> str:
    """One line for all callbacks that came after a restore for prompts which the ledger does not know."""
    first, last = found[0], found[-1]
    when = day_and_time(first.received_us)
    until = "" if len(found) == 1 else f" to {day_and_time(last.received_us)}"
    shown = [each.receipt for each in found if each.receipt]
    receipts = f", with receipts {', '.join(shown[:3])}{' and more' if len(shown) > 3 else ''}" if shown else ""
    return (
        f"HELD  {when}{until}  {counted(len(found), 'callback')} for prompts that the restored ledger does not know"
        f"{receipts}: M-PESA's record tells. All of them: mpesa held"
    )


def about(found: Sequence[HeldMessage]) -> str:
    """The sentence about a receipt that held messages show: the newest of them, and who dealt with it."""
    last = found[-1]
    told = f"A message about it is held: it came on {day_and_time(last.received_us)} ({CHANNEL_WORDS[last.channel]})"
    told += f" and could not be applied: {last.why}."
    if last.state is HeldState.DONE:
        told += f" {last.done_by} dealt with it: {last.done_reason}"
    return told


def reported(reports: Sequence[Report]) -> str:
    """The sentence about a receipt that somebody without our secret reported."""
    last = reports[-1]
    return (
        f"Somebody without our secret reported {format_cents(last.amount_cents)} with it on "
        f"{day_and_time(last.received_us)}: that proves nothing."
    )


def held_document(message: HeldMessage) -> dict[str, Any]:
    """The document of a held message, for programs; terminal/json_words_held.py explains its fields."""
    return {
        "id": message.held_id,
        "state": message.state.value,
        "channel": message.channel,
        "received_at": rfc3339(message.received_us),
        "receipt": message.receipt or None,
        "amount": None if message.amount_cents is None else cents_to_json(message.amount_cents),
        "shortcode": message.shortcode or None,
        "code": message.code,
        "why": message.why,
        "about": message.source or None,
        "count": message.count,
        "by": message.done_by or None,
        "reason": message.done_reason or None,
        "done_at": rfc3339(message.done_us) if message.state is not HeldState.OPEN else None,
        "payment_id": message.payment_id or None,
        "seen": message.seen or None,
    }
