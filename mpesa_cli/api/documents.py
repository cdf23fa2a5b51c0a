"""The documents of answers as JSON Schemas, made of the tables that docs/reference/json.md is made of."""

from collections.abc import Mapping
from typing import Any

from mpesa_cli.api.fields import Schema
from mpesa_cli.api.problems import STATUSES, TYPE_PREFIX
from mpesa_cli.rules.money_out.refund_state import RefundState
from mpesa_cli.rules.state import AttemptState, Flag, PaymentStatus
from mpesa_cli.terminal.json_words import ATTEMPT_FIELDS, ERROR_FIELDS, ORDER_FIELDS, PAYMENT_FIELDS, REFUND_FIELDS
from mpesa_cli.terminal.json_words_upkeep import ACCOUNT_FIELDS, BALANCE_FIELDS

Words = Mapping[str, tuple[str, str]]

RECEIPT_FIELDS: Words = {
    "receipt": ("text", "The M-PESA receipt number; the newest, where several prompts were paid."),
    "receipts": ("list of text", "All of them, oldest first."),
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "copy": ("true or false", "Whether it says that it is a copy."),
    "shop_name": ("text", "Who gives it."),
    "kind": ("text", "What `number` is."),
    "number": ("text", "What the customer paid to."),
    "amount": ("number", "All that came, in shillings."),
    "amount_in_words": ("text", "The same in words."),
    "owed": ("number", "What of it is owed back."),
    "returned": ("number", "What M-PESA gave back already."),
    "going_back": ("number", "What was asked to go back, and M-PESA has not said that it did."),
    "msisdn": ("text", "The payer, masked as on paper."),
    "account_reference": ("text", "What the customer saw as the account."),
    "order_id": ("text or null", "The shop's; null where the customer paid by hand without one."),
    "description": ("text", "What it is for."),
    "payment_id": ("text", "Ours."),
    "paid_at": ("time", "When the money came."),
    "language": ("text", "In what language the words are."),
}
PROBLEM_FIELDS: Words = {
    "type": ("text", f"`{TYPE_PREFIX}` and the code."),
    "title": ("text", "The HTTP status in words."),
    "status": ("status", "The HTTP status."),
    "detail": ("text", ERROR_FIELDS["message"][1]),
    **{name: words for name, words in ERROR_FIELDS.items() if name != "message"},
}
EVENT_FIELDS: Words = {
    "id": ("text", "Counts up with the journal. Sent back as `Last-Event-ID` it goes on from there."),
    "event": ("text", "`payment.updated` for every change, `order.paid` once for each order that is paid."),
    "data": ("payment", "The payment as it stands."),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "payment.environment": ("simulator", "sandbox", "production"),
    "balance.environment": ("simulator", "sandbox", "production"),
    "receipt.environment": ("simulator", "sandbox", "production"),
    "payment.status": tuple(PaymentStatus),
    "order.status": ("not_asked", *PaymentStatus),
    "attempt.state": tuple(AttemptState),
    "attempt.channel": ("stk", "c2b"),
    "refund.state": tuple(RefundState),
    "receipt.kind": ("paybill", "till"),
    "receipt.language": ("en", "sw"),
    "problem.money_moved": ("no", "yes", "unknown"),
    "event.event": ("payment.updated", "order.paid"),
}


def schemas() -> dict[str, Schema]:
    """Every document by its name."""
    problem = document_schema("problem", PROBLEM_FIELDS)
    problem["properties"]["payment"] = reference("payment") | {
        "description": "The payment, where a prompt was tried and no phone rang."
    }
    return {
        "payment": document_schema("payment", PAYMENT_FIELDS),
        "refund": document_schema("refund", REFUND_FIELDS),
        "attempt": document_schema("attempt", ATTEMPT_FIELDS),
        "order": document_schema("order", ORDER_FIELDS),
        "receipt": document_schema("receipt", RECEIPT_FIELDS),
        "balance": document_schema("balance", BALANCE_FIELDS),
        "account": document_schema("account", ACCOUNT_FIELDS),
        "event": document_schema("event", EVENT_FIELDS),
        "problem": problem,
        "history": {"type": "array", "items": reference("payment")},
        "openapi": {"type": "object", "description": "This document."},
    }


def reference(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def document_schema(name: str, words: Words) -> Schema:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": {
            member: _member(f"{name}.{member}", kind) | {"description": meaning}
            for member, (kind, meaning) in words.items()
        },
        "required": list(words),
        "additionalProperties": False,
    }


def _member(path: str, kind: str) -> Schema:
    made = _plain(path, kind.removesuffix(" or null"))
    if not kind.endswith(" or null"):
        return made
    return {"anyOf": [made, {"type": "null"}]} if "$ref" in made else made | {"type": [made["type"], "null"]}


def _plain(path: str, kind: str) -> Schema:
    known: dict[str, Any] = {
        "text": {"type": "string"},
        "number": {"type": "number"},
        "true or false": {"type": "boolean"},
        "time": {"type": "string", "format": "date-time"},
        "status": {"type": "integer", "enum": list(STATUSES)},
        "list": {"type": "array", "items": reference("attempt")},
        "list of account": {"type": "array", "items": reference("account")},
        "list of text": {"type": "array", "items": {"type": "string"}},
        "payment": reference("payment"),
        "refund": reference("refund"),
    }
    made: Schema = known[kind]
    if path in _CHOICES:
        return made | {"enum": [str(choice) for choice in _CHOICES[path]]}
    if path == "attempt.flags":
        return {"type": "array", "items": {"type": "string", "enum": [flag.value for flag in Flag]}}
    return made
