"""The story of one payment, a line per journal entry: what happened, and how it is known."""

from mpesa_cli.rules.codes.lookup import stk_result
from mpesa_cli.rules.evidence import (
    Accepted,
    Ambiguous,
    CallbackFailed,
    ClaimedPaid,
    Decided,
    Evidence,
    GivenUp,
    QueryAnswered,
    Received,
    RefundAsked,
    RefundInDoubt,
    RefundRefused,
    Refused,
    Reversed,
    SenderLost,
    Sending,
    Undelivered,
    Withdrawn,
)
from mpesa_cli.rules.values.amount import format_cents

_SOURCES = {
    "callback": "a callback",
    "query": "a query",
    "c2b": "C2B",
    "pull": "Pull Transactions",
    "statement": "the M-PESA statement",
    "person": "a person",
    "answer": "Daraja's answer",
    "status": "Transaction Status",
    "result": "the refund's result",
}


def sentence(evidence: Evidence) -> str:  # noqa: PLR0912 - one branch for each kind
    """One fact about an attempt in a sentence. No phone number, no CheckoutRequestID."""
    match evidence:
        case Sending(post=post):
            return "About to send the prompt." if post == 1 else f"About to send the prompt again (POST {post})."
        case Accepted():
            return "Daraja accepted it: the prompt is on its way."
        case Refused(error_code=code, description=text):
            return f"Daraja refused it; no phone rang. [{code}: {text}]"
        case Undelivered(error_code=code, description=text):
            return f"It did not reach Daraja. [{code}: {text}]"
        case Ambiguous(error_code=code, description=text):
            return f"No clear answer: it may have gone through. [{code}: {text}]"
        case SenderLost():
            return "The program that sent it stopped before it stored an answer: it may have gone through."
        case Withdrawn(reason=reason):
            return f"Given up before anything was sent: {reason}."
        case Received():
            return _received(evidence)
        case ClaimedPaid(told=told, result_desc=text):
            instead = f" (in its place: {told})" if told else ""
            return f"A callback said paid, without a receipt number that can be read{instead}. [0: {text}]"
        case CallbackFailed(result_code=code, result_desc=text):
            return f"A callback said no: {stk_result(code).title} [{code}: {text}]"
        case QueryAnswered(result_code=code, result_desc=text):
            return f"A query was answered: {stk_result(code).title} [{code}: {text}]"
        case Decided(verdict=verdict, by=by, reason=reason):
            return f"{by} decided that it is {verdict}: {reason}"
        case Reversed(source=source, receipt=receipt, reversal_receipt=back, amount_cents=cents):
            reported = f"{_begun(_SOURCES[source])} reported that {format_cents(cents)} went back"
            return f"{reported}: receipt {receipt} was reversed{f' by {back}' if back else ' before'}."
        case RefundAsked(receipt=receipt, amount_cents=cents, by=by, reason=reason, again=again):
            return f"{by} gives {format_cents(cents)} of {receipt} back{', once more' if again else ''}: {reason}"
        case RefundRefused(code=code, description=text):
            return f"The refund was refused; nothing went back. [{code}: {text}]"
        case RefundInDoubt(code=code, description=text):
            return f"It is not known whether the refund was carried out. [{code}: {text}]"
        case GivenUp():
            return "A day is over and nobody said how it ended; Daraja is not asked any more."


def _begun(words: str) -> str:
    return words[0].upper() + words[1:]


def _received(said: Received) -> str:
    amount = "an unreadable amount" if said.amount_cents is None else format_cents(said.amount_cents)
    elsewhere = " This receipt already pays another attempt." if said.claimed_elsewhere else ""
    return f"{_begun(_SOURCES[said.source])} reported {amount}, receipt {said.receipt}.{elsewhere}"
