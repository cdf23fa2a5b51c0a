"""Meanings of a held message's fields: a table for docs/reference/json.md, checked against real documents."""

HELD_FIELDS: dict[str, tuple[str, str]] = {
    "id": ("text", "`HLD-…`: what `mpesa held show` and `mpesa held done` take."),
    "state": ("text", "`open`; `applied` once what it says is known; `done` once a person dealt with it."),
    "channel": (
        "text",
        "`stk`, `c2b`, `open` (an address without secret), `result`, `sms_report`, `statement`, `pull` or `outbox`.",
    ),
    "received_at": ("time", "When it came; of a statement's row, when the file was read."),
    "receipt": ("text or null", "The receipt, where one can be read in it."),
    "amount": ("number or null", "Shillings, where an amount can be read in it."),
    "shortcode": ("text or null", "The shortcode that it names, where one can be read."),
    "code": ("text", "Stable: why it could not be applied."),
    "why": ("text", "The same in words."),
    "about": ("text or null", "The payment, request, statement or event whose address it came on."),
    "count": ("number", "1; more where so many of a kind were only counted."),
    "by": ("text or null", "Who dealt with it last."),
    "reason": ("text or null", "What they said about it."),
    "done_at": ("time or null", "When it was dealt with or applied."),
    "payment_id": ("text or null", "The payment that it became, or whose money it tells of."),
    "seen": (
        "text or null",
        "Why one that had been dealt with is open again: `payment` or `record`, where its money appeared since.",
    ),
}
