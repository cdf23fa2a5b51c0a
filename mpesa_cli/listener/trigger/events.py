"""Recorded bodies, one file each, to send to an app under development without anybody paying.

``stk.*`` and ``c2b.*`` are what Daraja posts (docs/develop/daraja.md 3.1 and 5.6), ``order.*`` what this program
posts to a shop's own system. Values are invented, on the simulator's numbers.
"""

import json
from pathlib import Path
from typing import Any

from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.records import dataclass

FOLDER = Path(__file__).with_name("events_data")
WEBHOOK = "order."


@dataclass(frozen=True, slots=True)
class TriggerEvent:
    """A recorded body. ``name`` is its file's name too, ``story`` its meaning for the app."""

    name: str
    story: str

    @property
    def sender(self) -> str:
        """The real sender of such a body."""
        return "mpesa" if self.name.startswith(WEBHOOK) else "Daraja"

    @property
    def file(self) -> Path:
        """The file with the recorded body."""
        return FOLDER / f"{self.name}.json"

    def document(self) -> dict[str, Any]:
        """A fresh copy of the body."""
        body: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return body


EVENTS: tuple[TriggerEvent, ...] = (
    TriggerEvent("stk.paid", "The customer paid KES 150."),
    TriggerEvent("stk.balance-no-value", "Paid; the Balance item has no Value, as often in life."),
    TriggerEvent("stk.balance-text", "Paid; the Balance is a text that only looks like JSON."),
    TriggerEvent("stk.cancelled", "1032: the customer pressed Cancel."),
    TriggerEvent("stk.wrong-pin", "2001: the customer typed a wrong PIN."),
    TriggerEvent("stk.pin-locked", "8006: the customer's PIN is locked."),
    TriggerEvent("stk.insufficient", "1: too little money in the account."),
    TriggerEvent("stk.unreachable", "1037: the phone was off or out of reach."),
    TriggerEvent("stk.no-response", "1037 with its other text: nobody answered the prompt."),
    TriggerEvent("stk.expired", "1019: the prompt was not completed in time."),
    TriggerEvent("stk.line-busy", "1001: another transaction was open on the line."),
    TriggerEvent("stk.rule-limited", "17: the same amount again within two minutes."),
    TriggerEvent("stk.push-error", "1025: the prompt could not be shown."),
    TriggerEvent("stk.string-code", "SFC_IC0003: the result code is a text, not a number."),
    TriggerEvent("c2b.confirmation.v2", "KES 500 came by hand to a paybill; the number is masked."),
    TriggerEvent("c2b.confirmation.v1-hashed", "The same by the older API: the number is hashed."),
    TriggerEvent("c2b.confirmation.full-msisdn", "The same in its oldest form: the whole number and name."),
    TriggerEvent("c2b.confirmation.till", "KES 500 came by hand to a till: no account number."),
    TriggerEvent("c2b.validation", "May a customer pay KES 500 for INV-00418? Answer within 8 s."),
    TriggerEvent("order.paid", "The order is paid: mark it PAID and CONFIRMED."),
    TriggerEvent("order.failed", "Every prompt for the order ended without money."),
    TriggerEvent("order.unpaid", "Nobody paid in time: let the goods go. It may still be paid."),
    TriggerEvent("order.unknown", "A prompt may have gone through; nobody knows yet."),
    TriggerEvent("order.review", "What came in does not fit the order: a person must look."),
    TriggerEvent("order.partial", "Part of the order's money came in by hand."),
    TriggerEvent("order.overpaid", "The order was paid twice: one payment is owed back."),
    TriggerEvent("order.refund_pending", "The order was paid, and its money was asked to go back."),
    TriggerEvent("order.refunded", "The order was paid, and M-PESA gave all of the money back."),
)


def find_event(name: str) -> TriggerEvent:
    """The event of this name. Raises InvalidInput, with the nearest name."""
    from mpesa_cli.settings.values import did_you_mean

    found = next((event for event in EVENTS if event.name == name), None)
    if found is None:
        raise InvalidInput(
            f"There is no event called {name[:60]!r}.",
            hint=f"Nothing was sent. {did_you_mean(name, [e.name for e in EVENTS])}All of them:  mpesa trigger --list",
            code="unknown-event",
        )
    return found
