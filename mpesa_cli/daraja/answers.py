"""Daraja's answers as typed values. Pure: a status and a body in, a verdict out; nothing here raises.

The verdict that costs money when it is wrong is whether a prompt may have been queued. ``Accepted`` needs
proof that it was, ``Refused`` and ``Undelivered`` need proof that it was not; everything else is
``Ambiguous`` and is never sent again (ARCHITECTURE.md law 2).

Texts are one line of at most 300 characters without secrets; ``secrets`` are those that may be echoed.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import Literal, TypeAlias

from mpesa_cli.daraja.error_body import (
    LOCKED,
    Said,
    blames_credentials,
    code_of,
    is_no,
    limits_rate,
    nothing_said,
    read_code,
    read_error,
    refuses_token,
)
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.plain_words import one_line
from mpesa_cli.floor.wire.strict_json import Json, UnreadableError, read_json
from mpesa_cli.floor.wire.wire_text import wire_id
from mpesa_cli.rules.codes.said import still_processed

STILL_PROCESSING = "4999"  # stands where a result code would: no result yet (daraja.md 4, form B)
SPIKE_PAUSE_S = 60
QUOTA_PAUSE_S = 300


@dataclass(frozen=True, slots=True)
class Accepted:
    """A prompt that Daraja queued. Accepted, not paid. The CheckoutRequestID holds part of the number."""

    merchant_request_id: str
    checkout_request_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that Daraja understood and refused; no phone rang. ``credentials``: key, secret, passkey or product."""

    error_code: str
    description: str
    credentials: bool = False


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A request that provably did not reach M-Pesa. ``retry`` says what must change before it may be sent again."""

    error_code: str
    description: str
    retry: Literal["token", "backoff", "connect", "no"]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A request that may have been delivered, or not. Never sent again."""

    error_code: str
    description: str


PushAnswer: TypeAlias = Accepted | Refused | Undelivered | Ambiguous


@dataclass(frozen=True, slots=True)
class Pending:
    """A prompt that is not decided yet, in any of the three forms Daraja has for it (daraja.md 4)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Final:
    """A result code for the outcome; never a receipt. rules/codes/lookup.py has the code's meaning."""

    result_code: str
    result_desc: str


@dataclass(frozen=True, slots=True)
class Limited:
    """A query refused because there were too many. Query again after ``retry_after_s`` seconds."""

    retry_after_s: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A query without an answer. It does no harm: query again later."""

    error_code: str
    description: str


QueryAnswer: TypeAlias = Pending | Final | Limited | Unanswered | Undelivered | Refused


def read_push_answer(status: int, body: bytes, secrets: Sequence[Secret] = ()) -> PushAnswer:
    """Read the answer to ``POST /mpesa/stkpush/v1/processrequest``."""
    if status == 200:
        return _read_acceptance(body, secrets)
    said = read_error(body) if 400 <= status <= 599 else None
    if said is None:
        return Ambiguous(*nothing_said(status, body, secrets))
    code, words = code_of(said, status, secrets), one_line(said.message, secrets)
    if refuses_token(status, said):
        return Undelivered(code, words, "token")
    if limits_rate(status, said):
        return Undelivered(code, words, "backoff")
    return Refused(code, words, blames_credentials(said)) if is_no(status, said) else Ambiguous(code, words)


def read_query_answer(
    status: int,
    body: bytes,
    secrets: Sequence[Secret] = (),
    *,
    checkout_request_id: str = "",
    retry_after_s: int | None = None,
) -> QueryAnswer:
    """Read the answer to ``POST /mpesa/stkpushquery/v1/query``.

    An answer that names another CheckoutRequestID than the one asked about counts as none.
    """
    if status == 200:
        return _read_result(body, secrets, checkout_request_id)
    said = read_error(body) if 400 <= status <= 599 else None
    if said is None:
        slug, words = nothing_said(status, body, secrets)
        # The sandbox was seen to ration queries by Incapsula's page with a 403 (daraja.md 4).
        rationed = status in {403, 429}
        return Limited(retry_after_s or SPIKE_PAUSE_S, words) if rationed else Unanswered(slug, words)
    if limits_rate(status, said):
        pause_s = QUOTA_PAUSE_S if said.says("quota") else SPIKE_PAUSE_S
        return Limited(retry_after_s or pause_s, one_line(said.message, secrets))
    return _read_query_error(status, said, secrets)


def _read_query_error(status: int, said: Said, secrets: Sequence[Secret]) -> QueryAnswer:
    code, words = code_of(said, status, secrets), one_line(said.message, secrets)
    if refuses_token(status, said):
        return Undelivered(code, words, "token")
    if not said.is_fault and said.says("being processed", "under processing", "transaction does not exist"):
        return Pending(words)
    if is_no(status, said) and not said.says(*LOCKED):
        return Refused(code, words, blames_credentials(said))
    return Unanswered(code, words)


def _read_acceptance(body: bytes, secrets: Sequence[Secret]) -> PushAnswer:
    found = read_json(body)
    if not isinstance(found, dict) or "errorCode" in found or "errorMessage" in found:
        return Ambiguous(*nothing_said(200, body, secrets))
    code = read_code(found.get("ResponseCode"))
    checkout_request_id = _read_id(found.get("CheckoutRequestID"))
    if code == "0" and checkout_request_id:
        # Without a MerchantRequestID the prompt is on its way all the same, and can be asked about.
        return Accepted(_read_id(found.get("MerchantRequestID")) or "", checkout_request_id)
    if not code.strip("0"):
        return Ambiguous(*nothing_said(200, body, secrets))
    return Refused(code, one_line(_text(found.get("ResponseDescription")), secrets))


def _read_result(body: bytes, secrets: Sequence[Secret], asked: str) -> QueryAnswer:
    found = read_json(body)
    if not isinstance(found, dict) or "errorCode" in found or "errorMessage" in found:
        return Unanswered(*nothing_said(200, body, secrets))
    response_code, result_code = read_code(found.get("ResponseCode")), read_code(found.get("ResultCode"))
    if response_code.strip("0"):
        return Refused(response_code, one_line(_text(found.get("ResponseDescription")), secrets))
    answered = _read_id(found.get("CheckoutRequestID"))
    if response_code != "0" or not result_code or answered is None:
        return Unanswered("odd-answer", "HTTP 200 without a result code that can be read")
    if asked and answered and answered != asked:
        return Unanswered("other-request", "the answer is about another CheckoutRequestID than was asked")
    words = one_line(_text(found.get("ResultDesc")), secrets)
    waits = result_code == STILL_PROCESSING or still_processed(words)  # whatever code stands beside such words
    return Pending(words) if waits else Final(result_code, words)


def _read_id(value: Json) -> str | None:
    """An id, the empty string where it is absent, None where it can't be one."""
    try:
        return wire_id(value)
    except UnreadableError:
        return None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
