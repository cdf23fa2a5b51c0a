"""What the fields of the JSON documents mean: one table for docs/json.md, checked against real documents."""

PAYMENT_FIELDS: dict[str, tuple[str, str]] = {
    "payment_id": ("text", "Ours, `PAY-` and eight characters. Names the payment for ever."),
    "order_id": ("text", "The shop's, as given with `--order`, or made. Unique in a ledger."),
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "profile": ("text", "The till or paybill that asked."),
    "shortcode": ("text", "The paybill, or a till's store number."),
    "amount": ("number", "What was asked, in shillings."),
    "msisdn": ("text", "The phone that was asked first, `2547…` or `2541…`, whole."),
    "account_reference": ("text", "What the customer saw as the account, and the statement shows."),
    "description": ("text", "What it is for, whole; Daraja was sent its first characters."),
    "status": ("text", "Where the payment stands: docs/states.md."),
    "received": ("number", "What came in, in shillings, over all attempts. C2B money can have cents."),
    "receipt": ("text or null", "The M-PESA receipt. Null though `paid`: a query said so, the receipt is to come."),
    "result_code": ("text or null", "The result, response or error code that tells most: docs/result-codes.md."),
    "result_desc": ("text or null", "Daraja's own words for it."),
    "created_at": ("time", "When the intent was recorded, before anything was sent."),
    "paid_at": ("time or null", "When the money came, as M-PESA says; else when we heard of it."),
    "attempts": ("list", "Every attempt, oldest first."),
}

ATTEMPT_FIELDS: dict[str, tuple[str, str]] = {
    "attempt": ("number", "Its number in the payment, from 1."),
    "channel": ("text", "`stk` for a prompt, `c2b` where the customer paid by hand from the M-PESA menu."),
    "state": ("text", "Where the attempt stands: docs/states.md."),
    "checkout_request_id": ("text or null", "Daraja's name for the prompt. Null where its answer never came."),
    "merchant_request_id": ("text or null", "Daraja's other name for it."),
    "result_code": ("text or null", "The code that ended it, or that says why it is unknown."),
    "result_desc": ("text or null", "Daraja's own words for it."),
    "receipt": ("text or null", "The M-PESA receipt of this attempt."),
    "source": ("text or null", "Who said how it stands: `answer`, `callback`, `query`, `c2b`, `person`."),
    "requested_at": ("time or null", "When a request last was about to leave."),
    "settled_at": ("time or null", "When its end became known."),
    "flags": ("list of text", "Doubts that it carries besides its state: docs/states.md."),
}

ERROR_FIELDS: dict[str, tuple[str, str]] = {
    "code": ("text", "Stable and kebab-case: what a program should look at."),
    "message": ("text", "What happened, for people; may be worded better in another version."),
    "hint": ("text", "What to do next, mostly as a command."),
    "money_moved": ("text", "`no`, `yes` or `unknown`."),
    "retry_safe": ("true or false", "Whether the same command may run again by itself, later."),
}
