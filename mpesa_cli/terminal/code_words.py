"""A row of the code tables in words and as JSON: for `explain`, the help topics and the documentation."""

from typing import Any, assert_never

from mpesa_cli.rules.codes.lookup import Actor, Api, Code, NewAttempt, Outcome

API_WORDS: dict[Api, str] = {
    Api.STK: "result code of an M-Pesa Express prompt, in callbacks and query answers",
    Api.RESPONSE: "response code of a request that Daraja answered at once",
    Api.ERROR: "error code of a request that failed",
    Api.INITIATOR: "result code of a question to M-PESA with an initiator, as verify asks it",
    Api.VALIDATION: "result code with which a payment by hand is refused before it is made (C2B validation)",
    Api.REVERSAL: "result code of a refund (a reversal)",
    Api.B2C: "result code of a payout (B2C)",
    Api.RATIBA: "result code of a standing order (M-Pesa Ratiba)",
    Api.BONGA: "result code of a payment in loyalty points (Lipa na Bonga)",
    Api.SMS: "code of an SMS provider, about a receipt sent by SMS",
    Api.HTTP: "HTTP status of an answer that has none of Daraja's own words in it",
}
ACTOR_WORDS: dict[Actor, str] = {
    Actor.NOBODY: "nobody",
    Actor.CUSTOMER: "the customer",
    Actor.STAFF: "the shop's staff",
    Actor.OWNER: "the shop's owner, who keeps its M-PESA account",
    Actor.SYSTEM: "nobody; only time helps",
}


def money_moved(row: Code) -> str:
    """The answer ``yes``, ``no`` or ``unknown``, as far as this code alone tells."""
    match row.outcome:
        case Outcome.PAID:
            return "yes"
        case Outcome.FAILED:
            return "no"
        case Outcome.NOT_FINAL | Outcome.UNSURE:
            return "unknown"
        case _:
            assert_never(row.outcome)


def new_attempt_words(row: Code) -> str:
    """Whether and when a new attempt is safe, as one sentence."""
    waiting = f"{_seconds(row.wait_s)} after it ended" if row.wait_s else ""
    checked = "once it is confirmed that it took no money"
    words = {
        NewAttempt.NEVER: _never(row.outcome),
        NewAttempt.NOW: "safe at once",
        NewAttempt.AFTER_WAIT: f"safe {waiting}",
        NewAttempt.AFTER_CHECK: f"safe {checked}" + (f", {waiting}" if waiting else ""),
        NewAttempt.AFTER_FIX: f"safe once {ACTOR_WORDS[row.actor].split(',')[0]} has acted",
    }
    return words[row.new_attempt]


def _never(outcome: Outcome) -> str:
    match outcome:
        case Outcome.PAID:
            return "never: it is paid"
        case Outcome.FAILED:
            return "not on this line; another line of the customer, or another way to pay"
        case Outcome.NOT_FINAL | Outcome.UNSURE:
            return "not before the outcome is known"
        case _:
            assert_never(outcome)


def code_document(row: Code) -> dict[str, Any]:
    """One meaning as JSON. Codes are text; ``wait_s`` is in seconds; ``message_contains`` may be empty."""
    return {
        "api": row.api.value,
        "code": row.code,
        "message_contains": row.text,
        "listed": row.listed,
        "title": row.title,
        "outcome": row.outcome.value,
        "money_moved": money_moved(row),
        "actor": row.actor.value,
        "new_attempt": row.new_attempt.value,
        "wait_s": row.wait_s,
        "automatic": row.automatic,
        "staff": row.staff,
        "customer": {"en": row.customer, "sw": row.customer_sw},
        "source": row.source,
    }


def code_lines(row: Code, *, otherwise: bool = False) -> list[str]:
    """One meaning as lines for a person. ``otherwise``: it is the one where no other fits."""
    about = f', where the message says "{row.text}"' if row.text else ", with any other message" if otherwise else ""
    automatic = "; the program may do so by itself" if row.automatic else ""
    return [
        f"{row.code}  {row.title}",
        f"  {API_WORDS[row.api]}{about}",
        f"  {row.staff}",
        f"  Tell the customer  {row.customer}",
        f"                     {row.customer_sw}",
        f"  Who must act       {ACTOR_WORDS[row.actor]}",
        f"  New attempt        {new_attempt_words(row)}{automatic}",
        f"  Source             {row.source}",
    ]


def _seconds(seconds: int) -> str:
    return "a day" if seconds == 86_400 else f"{seconds} s"
