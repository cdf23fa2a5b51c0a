"""Every column of text, by what becomes of it when a phone number is erased.

A column that a migration adds goes into one of the three tables, or `tests/upkeep/test_upkeep_erase.py` fails.
"""

ANEW = {
    "attempts": ("msisdn", "checkout_request_id"),
    "callbacks": ("body", "sha256"),
    "idempotency_keys": ("inputs_sha256",),
    "journal_private": ("key", "facts"),
    "payments": ("msisdn",),
    "payouts": ("msisdn",),
    "statement_rows": ("party",),
    "requests": ("result",),
}
"""What tells of a person in any form: `ledger/erasing.py` writes it anew for all that is about the number."""

SEARCHED = {
    "differences": ("break_id", "ref", "receipt", "order_id", "account", "detail", "suggested"),
    "held_messages": (
        "code", "why", "receipt", "shortcode", "peer", "body", "source", "done_by", "done_reason", "seen",
    ),
    "idempotency_keys": ("subject", "key"),
    "outbox": ("body", "detail", "message_id"),
    "proposals": ("made_by", "reason", "reference", "msisdn", "approved_by"),
    "requests": ("result", "fields"),
    "statement_rows": ("account", "party"),
    "statements": ("name", "findings"),
    "stranger_reports": ("receipt",),
    "told": ("item",),
}
"""What others wrote or a person typed: wherever the number stands in it, the pseudonym takes its place."""

CHAINED = "the chain proves these words, so that they stay, and an erasure names where"
OURS = "an id, a word, a time or a digest of our own: digits in it are no number, and with others it fits nothing"
SHOPS = "the shop's own names and numbers, which say nothing of a customer"

KEPT = {
    "accepted_breaks": {CHAINED: ("accepted_by", "reason"), OURS: ("break_id", "basis")},
    "api_tokens": {OURS: ("jti", "scopes"), SHOPS: ("name",)},
    "attempts": {
        CHAINED: ("result_code", "result_desc", "receipt", "receipts", "refunds", "merchant_request_id"),
        OURS: ("payment_id", "channel", "token_hash", "state", "flags", "source"),
    },
    "callbacks": {OURS: ("callback_id", "channel", "payment_id", "verdict"), SHOPS: ("peer",)},
    "closings": {CHAINED: ("closed_by", "totals"), OURS: ("day", "sha256", "head"), SHOPS: ("shortcode",)},
    "compared_spans": {OURS: ("source",), SHOPS: ("shortcode",)},
    "differences": {OURS: ("origin", "kind", "payment_id", "basis", "told_day"), SHOPS: ("shortcode",)},
    "held_messages": {OURS: ("held_id", "channel", "callback_id", "once", "state", "payment_id", "removal")},
    "hooks": {OURS: ("secret_hash",)},
    "idempotency_keys": {OURS: ("payment_id",)},
    "journal": {CHAINED: ("kind", "payment_id", "facts", "private_digest", "previous", "hash")},
    "meta": {OURS: ("key", "value")},
    "named_receipts": {CHAINED: ("receipt", "named_by", "reason")},
    "operators": {CHAINED: ("name_key", "name"), OURS: ("salt", "pin_hash")},
    "orders": {SHOPS: ("order_id", "order_key")},
    "outbox": {OURS: ("event_id", "queue", "event_type", "once", "payment_id", "state")},
    "payments": {
        CHAINED: ("order_id", "order_key", "account_reference", "description", "receipt", "result_code", "result_desc"),
        OURS: ("payment_id", "status", "state", "flags"), SHOPS: ("profile", "shortcode"),
    },
    "payouts": {
        CHAINED: ("reference_key", "reference", "made_by", "reason", "receipt", "code", "words"),
        OURS: ("payout_id", "request_id", "state", "source"), SHOPS: ("shortcode",),
    },
    "proposals": {OURS: ("request_id", "payment_id", "receipt", "basis", "state")},
    "receipts": {OURS: ("receipt", "payment_id")},
    "request_tokens": {OURS: ("token_hash", "request_id")},
    "requests": {
        CHAINED: ("subject",),
        OURS: ("request_id", "command", "token_hash", "state", "conversation_id", "originator_conversation_id", "again",
               "payment_id"),
    },
    "shown_receipts": {SHOPS: ("receipt", "order_id")},
    "statement_rows": {OURS: ("receipt", "kind", "linked", "statement_id"), SHOPS: ("shortcode",)},
    "statements": {OURS: ("statement_id", "source", "sha256"), SHOPS: ("shortcode",)},
    "stranger_reports": {OURS: ("callback_id",), SHOPS: ("share",)},
    "told": {OURS: ("day",)},
    "told_times": {SHOPS: ("shortcode",)},
    "viewers": {CHAINED: ("name",), OURS: ("viewer_id", "code_sha256", "cookie_sha256")},
}
"""What stays as it is, by the reason."""
