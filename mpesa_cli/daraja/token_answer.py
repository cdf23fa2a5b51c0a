"""The answer to ``GET /oauth/v1/generate`` as a typed value. Pure; never raises."""

from collections.abc import Sequence
from typing import TypeAlias

from mpesa_cli.daraja.answers import Refused, Unanswered
from mpesa_cli.daraja.error_body import Said, code_of, limits_rate, nothing_said, read_error
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.plain_words import one_line
from mpesa_cli.floor.wire.strict_json import Json, read_json

UNKNOWN_LIFETIME_S = 300  # for a token whose expires_in makes no sense: enough for any one command
LONGEST_LIFETIME_S = 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and its lifetime in seconds."""

    access_token: Secret
    expires_in_s: int


TokenAnswer: TypeAlias = Token | Refused | Unanswered


def read_token_answer(status: int, body: bytes, secrets: Sequence[Secret] = ()) -> TokenAnswer:
    """Read a token. Wrong keys, or the other environment's, come as an *empty* HTTP 400 (daraja.md 1)."""
    if status == 200:
        found = read_json(body)
        token = wire_token(found.get("access_token")) if isinstance(found, dict) else None
        if isinstance(found, dict) and token:
            return Token(token, _lifetime_s(found.get("expires_in")))
        return Unanswered("odd-answer", "HTTP 200 without an access token")
    if status in {400, 401} and not body.strip():
        return Refused(f"empty-{status}", "the consumer key and secret were not accepted", credentials=True)
    said = read_error(body) if 400 <= status <= 599 else None
    if said is None:
        return Unanswered(*nothing_said(status, body, secrets))
    return _read_error(status, said, secrets)


def _read_error(status: int, said: Said, secrets: Sequence[Secret]) -> TokenAnswer:
    code, words = code_of(said, status, secrets), one_line(said.message, secrets)
    if status == 401:
        return Refused(code, words, credentials=True)
    if status >= 500 or said.is_fault or limits_rate(status, said):
        return Unanswered(code, words)
    return Refused(code, words, credentials=said.says("authentication", "credentials", "consumer"))


def wire_token(value: Json) -> Secret | None:
    """An access token that can go into a header: visible ASCII, of any sensible length. Else None."""
    if not isinstance(value, str) or not 1 <= len(value) <= 4096:
        return None
    return Secret(value) if value.isascii() and value.isprintable() and " " not in value else None


def _lifetime_s(value: Json) -> int:
    """The seconds of ``expires_in``, which comes as text or number (docs/reference/assumptions.md A21)."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    seconds = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return min(seconds, LONGEST_LIFETIME_S) if seconds > 0 else UNKNOWN_LIFETIME_S
