"""Meanings of the fields of the JSON documents: one table for json.md, checked against real documents."""

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
    "status": ("text", "Where the payment stands: docs/reference/states.md."),
    "received": ("number", "What came in and stayed, in shillings, over all attempts. C2B money can have cents."),
    "reversed": ("number", "What came in and was given back by M-PESA, in shillings."),
    "receipt": ("text or null", "The M-PESA receipt. Null though `paid`: a query said so, the receipt is to come."),
    "result_code": ("text or null", "The result, response or error code that tells most: result-codes.md."),
    "result_desc": ("text or null", "Daraja's own words for it."),
    "created_at": ("time", "When the intent was recorded, before anything was sent."),
    "paid_at": ("time or null", "When the money came, as M-PESA says; else when we heard of it."),
    "refund": (
        "refund or null",
        "The refund that was asked for last, an open one first: docs/shop/refunds.md. Null where nobody asked for one.",
    ),
    "may_be_orders": (
        "list of text",
        "Of money by hand that is no order's yet (`C2B-…`): the orders whose prompt it may have paid. A person says.",
    ),
    "attempts": ("list", "Every attempt, oldest first."),
}

REFUND_FIELDS: dict[str, tuple[str, str]] = {
    "state": ("text", "`pending`, `unknown`, `review`, `refunded` or `refused`: docs/shop/refunds.md."),
    "request_id": ("text", "Our name for the request, `REQ-…`."),
    "receipt": ("text", "The receipt whose money goes back."),
    "amount": ("number", "How much of it, in shillings: all."),
    "asked_at": ("time", "When somebody asked for it."),
}

ATTEMPT_FIELDS: dict[str, tuple[str, str]] = {
    "attempt": ("number", "Its number in the payment, from 1."),
    "channel": ("text", "`stk` for a prompt, `c2b` where the customer paid by hand from the M-PESA menu."),
    "state": ("text", "Where the attempt stands: docs/reference/states.md."),
    "checkout_request_id": ("text or null", "Daraja's name for the prompt. Null where its answer never came."),
    "merchant_request_id": ("text or null", "Daraja's other name for it."),
    "result_code": ("text or null", "The code that ended it, or that says why it is unknown."),
    "result_desc": ("text or null", "Daraja's own words for it."),
    "receipt": ("text or null", "The M-PESA receipt of this attempt."),
    "source": (
        "text or null",
        ("Who said how it stands: `answer`, `callback`, `query`, `c2b`, `statement`, `pull`, `status` (Transaction "
         "Status), `person`."),
    ),
    "requested_at": ("time or null", "When a request last was about to leave."),
    "settled_at": ("time or null", "When its end became known."),
    "flags": ("list of text", "Doubts that it carries besides its state: docs/reference/states.md."),
}

ERROR_FIELDS: dict[str, tuple[str, str]] = {
    "code": ("text", "Stable and kebab-case: what a program should look at."),
    "message": ("text", "What happened, for people; may be worded better in another version."),
    "hint": ("text", "What to do next, mostly as a command."),
    "money_moved": ("text", "`no`, `yes` or `unknown`."),
    "retry_safe": ("true or false", "Whether the same command may run again by itself, later."),
}

VERIFY_FIELDS: dict[str, tuple[str, str]] = {
    "verdict": (
        "text",
        "`real`, `used_already`, `different_amount`, `different_phone`, `not_paid`, `not_found` or `not_proven`.",
    ),
    "receipt": ("text", "What was asked about, in capitals."),
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "proof": ("text or null", "Who said that money came: `ledger`, `statement` or `status`. Null where nobody did."),
    "amount": ("number or null", "What came, in shillings."),
    "payer": ("text or null", "Whose phone, as far as it is shown: masked where M-PESA told it."),
    "paid_at": ("time or null", "When, as M-PESA says."),
    "order_id": ("text or null", "The order that the receipt pays here."),
    "payment_id": ("text or null", "The payment that it pays, or for which it was reported and did not fit."),
    "may_be_orders": (
        "list of text", "Orders whose prompt may have been paid by this money, which no order has yet. A person says."
    ),
    "used_for": ("text or null", "With `used_already`: the other order."),
    "text_was_changed": ("true or false", "Whether the pasted text names another amount than M-PESA does."),
    "shown_before": ("list", "When it was found real before, and for which order: `order_id` (or null) and `at`."),
    "date_by_number": ("text or null", "The day that its first three characters stand for."),
    "meant": ("list of text", "Receipts that differ only in letters and digits that look alike, and would fit."),
    "held": ("list", "Messages that show the receipt and could not be applied, oldest first: docs/shop/held.md."),
    "reported_without_secret": (
        "list of text", "When somebody without our secret reported the receipt: it proves nothing.",
    ),
    "why": ("text or null", "What stood in the way, and what is odd about the number."),
    "advice": ("text", "What to do, in English."),
}

RECONCILE_FIELDS: dict[str, tuple[str, str]] = {
    "environment": ("text", "`simulator`, `sandbox` or `production`. Only the last is money."),
    "profile": ("text", "The till or paybill whose books these are."),
    "not_asked": ("number", "Open prompts about which Daraja could not be asked this time."),
    "may_be": ("list", "Money by hand that is no order's and may be that of an open prompt: `receipt`, `order_id`."),
    "statements": (
        "list",
        ("What was taken in: `source` (`statement` or `pull`), `name`, `sha256`, `from`, `until`, `rows`, `new_rows`, "
         "`skipped` (by Transaction Status), `opening_balance`, `closing_balance`; of a head office's file `not_read`: "
         "the `rows` of each `store` that no profile has (it comes with status 7), and of each other `profile`."),
    ),
    "totals": (
        "object",
        ("What moved in the time that was compared: `count`, `gross`, `charges`, `reversals`, `other`, `net`, in "
         "shillings; what went out is below 0."),
    ),
    "settled_by_rows": ("number", "Payments that rows settled, or gave back, in this run."),
    "differences": ("number", "Breaks that nobody accepted, found by this run or remembered."),
    "accepted": ("number", "Breaks that somebody accepted, of the time that was compared."),
    "carried_over": ("number", "Payments too near the edge of that time to be called missing."),
    "held": ("list", "Messages that could not be applied and wait for somebody: docs/shop/held.md."),
    "closed": ("object or null", "With `--close`: `day`, `by`, `at`, `sha256`, `journal_head`, `fresh`, `totals`."),
    "record_compared_until": ("time or null", "The last moment of which M-PESA's record was ever compared."),
    "listener_answered_at": ("time or null", "When a listener of this profile last said that it can store callbacks."),
    "not_watched": ("text or null", "In production: why silence would prove nothing. Not null comes with status 7."),
    "not_told": (
        "list",
        ("After a restore: of which time M-PESA's record was not read yet (`shortcode`, `from`, `until`). Not empty "
         "comes with status 7."),
    ),
    "books_begin": ("time or null", "With `--books-begin`: what is before is not compared."),
    "payments": ("list", "Payments that were open, were settled, or need a person, as they stand now."),
    "breaks": ("list", "Every difference, the worst class first; in a class the oldest first."),
}

BREAK_FIELDS: dict[str, tuple[str, str]] = {
    "id": ("text", "The same in every run: what `--accept` takes."),
    "kind": ("text", "Its class: docs/shop/reconcile.md."),
    "age_days": ("text", "`0-1`, `1-2`, `3-7`, `8-30` or `>30`."),
    "at": ("time", "When the money moved, or was said to have."),
    "amount": ("number or null", "In shillings; below 0 where it went out."),
    "receipt": ("text or null", "The M-PESA receipt it is about."),
    "order_id": ("text or null", "The order of ours it is about."),
    "payment_id": ("text or null", "The payment of ours it is about."),
    "account": ("text or null", "What M-PESA's record has as the account."),
    "suggested_order": ("text or null", "The order that it looks like; nothing was changed."),
    "detail": ("text", "In a sentence."),
    "critical": ("true or false", "Whether goods may have been given for money that never came."),
    "accepted_by": ("text or null", "Who took note of it."),
    "accepted_because": ("text or null", "Why it is no longer counted."),
}

ORDER_FIELDS: dict[str, tuple[str, str]] = {
    "order_id": ("text", "The shop's."),
    "amount": ("number", "What it is for, in shillings."),
    "status": ("text", "`not_asked` until there is a payment for it; then that payment's status."),
    "added_at": ("time", "When the shop told of it."),
    "payment": ("payment or null", "Its payment, where it was asked for."),
}
