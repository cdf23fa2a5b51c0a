"""Meanings of the fields of documents about money that goes out, for json.md."""

PAYOUT_FIELDS: dict[str, tuple[str, str]] = {
    "payout_id": ("text", "Ours, `OUT-` and ten characters."),
    "reference": ("text", "What it is for, as given with `--for`. Unique in a ledger, whatever its case."),
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "shortcode": ("text", "Whose account pays."),
    "msisdn": ("text", "The phone that gets it, `2547…` or `2541…`, whole."),
    "amount": ("number", "Whole shillings."),
    "state": ("text", "`created`, `sent`, `unknown`, `paid`, `failed` or `review`: docs/shop/payouts.md."),
    "receipt": ("text or null", "M-PESA's receipt, once it is paid."),
    "request_id": ("text", "The newest request to M-PESA, or the one that is open or done."),
    "asked_at": ("time", "When that request was recorded."),
    "paid_at": ("time or null", "When the money moved, as M-PESA says."),
    "by": ("text", "Who asked for it."),
    "reason": ("text", "Why, as the ledger keeps it."),
    "tries": ("number", "Requests that were recorded for it; all but one are proven to have moved nothing."),
    "told_by": ("text or null", "Who told the end of it: `result`, `status`, `statement`, or `answer` to the request."),
    "code": ("text or null", "Why it is not paid: M-PESA's code, or ours."),
    "description": ("text or null", "The words to the code."),
}

PROPOSAL_FIELDS: dict[str, tuple[str, str]] = {
    "request_id": ("text", "What `approve` takes, and the request's name once it is sent."),
    "state": ("text", "`waits_for_approval`, `approved` or `dead`."),
    "payment_id": ("text or null", "Of a refund: whose money goes back."),
    "receipt": ("text or null", "Of a refund: the receipt that goes back."),
    "reference": ("text or null", "Of a payout: what it is for."),
    "msisdn": ("text or null", "Of a payout: the phone that gets it, whole."),
    "amount": ("number", "In shillings."),
    "by": ("text", "Who asked for it, and so can't agree."),
    "reason": ("text", "Why, as the ledger keeps it."),
    "asked_at": ("time", "It is over a day later."),
}
