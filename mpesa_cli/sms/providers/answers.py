"""The common parts of the providers' answers: statuses that prove a refusal, JSON, and cautious small texts."""

import json
from typing import TYPE_CHECKING

from mpesa_cli.floor.wire.exchange import NeverSent
from mpesa_cli.sms.providers.sender import Failed, InDoubt

if TYPE_CHECKING:
    from mpesa_cli.floor.wire.exchange import HttpAnswer, NoAnswer

_REQUEST_TIMEOUT, _TOO_MANY = 408, 429
_ELSEWHERE = frozenset({404, 405, 410})


def not_answered(outcome: "NeverSent | NoAnswer") -> Failed | InDoubt:
    """The outcome without a whole answer: a failure that may be tried again where nothing left, otherwise doubt."""
    if isinstance(outcome, NeverSent):
        return Failed(outcome.error_code, f"Nothing was sent: {outcome.words}.", again=True)
    return InDoubt(outcome.error_code, f"It may have been sent: {outcome.words}.")


def refused_by_status(answer: "HttpAnswer", provider: str) -> Failed | InDoubt | None:
    """The refusal or doubt that the HTTP status alone proves; None for 2xx, whose body decides.

    A 4xx refuses the request as it stands. A 5xx proves nothing: the message may be out already.
    """
    status = answer.status
    match status:
        case _ if 200 <= status < 300:
            return None
        case 401 | 403:
            why = f"{provider} did not take the account or its key (HTTP {status})."
            return Failed(f"http-{status}", why, again=True)
        case _ if status == _TOO_MANY:
            return Failed("http-429", f"{provider} had too many requests just then (HTTP 429).", again=True)
        case _ if 300 <= status < 400 or status in _ELSEWHERE:
            why = f"{provider} is not at that address (HTTP {status}); see sms.base_url."
            return Failed(f"http-{status}", why, again=True)
        case _ if 400 <= status < 500 and status != _REQUEST_TIMEOUT:
            return Failed(f"http-{status}", f"{provider} refused the request (HTTP {status}).", again=False)
        case _:
            fault = f"{provider} answered with a fault (HTTP {status}); it may have been sent."
            return InDoubt(f"http-{status}", fault)


def json_object(body: bytes) -> dict[str, object] | None:
    """The body as a JSON object, or None where it is anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unreadable(provider: str) -> InDoubt:
    """The doubt after an answer that should name the message's outcome and does not."""
    return InDoubt("unreadable", f"{provider}'s answer could not be read; it may have been sent.")


def short(value: object, longest: int = 100) -> str:
    """A text or number of the wire as one short printable line; empty for anything else, and for ``None``."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "None":
        return ""
    return "".join(c for c in str(value) if c.isprintable())[:longest]


def code_of(value: object) -> int | None:
    """A numeric code that came as a number or as digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    digits = value.strip() if isinstance(value, str) else ""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 6 else None
