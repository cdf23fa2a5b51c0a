"""Errors as RFC 9457 problem documents: the members of ``--json``'s errors, and the HTTP status that fits. Pure."""

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mpesa_cli.api.tokens.refusal import TokenRefused
from mpesa_cli.floor.errors import (
    Conflict,
    CredentialsRefused,
    InvalidInput,
    LedgerUnusable,
    MoneyMoved,
    MpesaError,
    NotFound,
    PhoneBusy,
    RequestRefused,
    Temporary,
)
from mpesa_cli.floor.records import dataclass

PROBLEM_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:mpesa-cli:problem:"
RETRY_AFTER_S = 5
"""What is said where nobody knows how long: a dead gateway, a full disk."""

# The first kind that fits counts; what is in none of these is our own configuration: 500.
_STATUS: tuple[tuple[type[MpesaError], int], ...] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (Conflict, 409),
    (PhoneBusy, 429),
    (RequestRefused, 422),
    (CredentialsRefused, 502),
    (Temporary, 503),
)
# A code says more than its kind.
_STATUS_OF_CODE = {
    "too-soon": 429, "rate-limited": 429, "invalid-json": 400, "invalid-header": 400, "too-large": 413,
    "unsupported-media-type": 415, "not-acceptable": 406, "method-not-allowed": 405,
}
_TITLES = {
    400: "The request can't be read", 401: "Not signed in", 403: "Not allowed", 404: "Not found",
    405: "Another method is needed", 406: "Not available in that form", 409: "The ledger forbids it",
    413: "Too large", 415: "Another content type is needed", 422: "Refused as it is", 429: "Too soon",
    500: "The server can't do this", 502: "Daraja does not accept the shop's credentials",
    503: "Not possible just now",
}
STATUSES = tuple(_TITLES)


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says no: HTTP status, document and headers."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The document as it is sent."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode()


def problem_of(
    error: MpesaError, payment: Mapping[str, Any] | None = None, *, money_moved: MoneyMoved = "unknown"
) -> Problem:
    """The problem document of an error; ``payment`` is the payment's document where there is one to show.

    ``money_moved`` is what holds where the error itself does not say it.
    """
    status = status_of(error)
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + error.code,
        "title": _TITLES[status],
        "status": status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "money_moved": error.money_moved or money_moved,
        "retry_safe": error.retry_safe,
    }
    if payment is not None:
        document["payment"] = payment
    return Problem(status, document, _headers(error, status))


def status_of(error: MpesaError) -> int:
    """The HTTP status of an error of ours."""
    if isinstance(error, TokenRefused):
        return error.http_status
    if isinstance(error, LedgerUnusable):
        return 500
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _headers(error: MpesaError, status: int) -> dict[str, str]:
    if isinstance(error, TokenRefused):
        return {"www-authenticate": error.challenge}
    if status not in {429, 503}:
        return {}
    wait_s = error.retry_after_s if isinstance(error, Temporary) else 0
    return {"retry-after": str(wait_s or RETRY_AFTER_S)}
