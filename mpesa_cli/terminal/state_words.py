"""States, flags and the laws in words: one table for `mpesa help states` and the documentation."""

from mpesa_cli.rules.state import OVERDUE_AFTER_S, AttemptState, Flag, PaymentStatus

ATTEMPT_WORDS: dict[AttemptState, tuple[str, str]] = {
    # state: what it means, whether money moved
    AttemptState.CREATED: ("The intent is on disk; nothing has left.", "no"),
    AttemptState.SENDING: ("A request was announced; its answer is not on disk yet.", "not known yet"),
    AttemptState.NOT_SENT: ("Proven not delivered: no phone rang.", "no"),
    AttemptState.REJECTED: ("Daraja said no: no phone rang.", "no"),
    AttemptState.PENDING: ("Daraja took it; the customer decides.", "not known yet"),
    AttemptState.UNKNOWN: ("It may have gone through. It is never sent again.", "not known"),
    AttemptState.PAID: ("Money came.", "yes"),
    AttemptState.FAILED: ("A final no, with its result code.", "no"),
    AttemptState.REVIEW: (
        "What came in does not fit what was asked; a person must look, and decide: `mpesa resolve`.",
        "perhaps",
    ),
}

FLAG_WORDS: dict[Flag, str] = {
    Flag.OVERDUE: f"pending for more than {OVERDUE_AFTER_S} s. Time alone never makes it failed.",
    Flag.LATE: f"paid, more than {OVERDUE_AFTER_S} s after the prompt was sent.",
    Flag.CONFLICT: "paid, and something else said otherwise. The success stands.",
    Flag.ODD_TIME: "paid, and the time that was told of it can't be true: `paid_at` is when we heard of it.",
    Flag.UNCONFIRMED: "only a query said so: paid with no receipt number yet, or failed with no callback.",
    Flag.REFUNDING: "paid, and its money was asked to go back; M-PESA's result is on the way.",
    Flag.REFUND_UNKNOWN: "paid, and nobody knows whether its money went back: docs/shop/refunds.md.",
}

PAYMENT_WORDS: dict[PaymentStatus, str] = {
    PaymentStatus.PENDING: "An attempt is being prepared, sent, or decided by the customer.",
    PaymentStatus.PAID: "The money came.",
    PaymentStatus.FAILED: "Every attempt ended without money.",
    PaymentStatus.UNKNOWN: "An attempt may have gone through.",
    PaymentStatus.REVIEW: "An attempt waits for a person to look at it.",
    PaymentStatus.PARTIAL: "Part of the money came; nothing is open any more.",
    PaymentStatus.OVERPAID: "More money came than was asked; some is owed back.",
    PaymentStatus.REFUNDED: "The money came and all of it went back.",
}

STATUS_WORDS: dict[PaymentStatus, str] = {
    PaymentStatus.PENDING: "waiting",
    PaymentStatus.PAID: "paid",
    PaymentStatus.FAILED: "not paid",
    PaymentStatus.UNKNOWN: "unknown",
    PaymentStatus.REVIEW: "look at this",
    PaymentStatus.PARTIAL: "partly paid",
    PaymentStatus.OVERPAID: "paid too much",
    PaymentStatus.REFUNDED: "given back",
}
"""The word for each status on every screen. Programs get the status itself."""

LAWS: tuple[str, ...] = (
    "Intent first: the attempt, with the hash of its callback token, is on disk before a byte is sent.",
    "Of one attempt at most one request may have been delivered; only a proven non-delivery is sent again.",
    "A success is never overwritten. What says otherwise later sets the flag conflict.",
    "Nothing is paid unless amount and identity match; a callback counts for the attempt of its token only.",
    "A callback is answered 200 only after its raw body is on disk, otherwise 503.",
    "Every command may be killed at any instruction; the next status, retry or reconcile finishes the story.",
    "One open prompt per phone; 60 s between prompts on a phone, 120 s for the same amount.",
    "Of one receipt at most one reversal is in doubt or done; a further one is a person's, once, a day after a doubt.",
    "For one reference at most one payout is in doubt or done; a further try needs proof that none before moved any.",
)
