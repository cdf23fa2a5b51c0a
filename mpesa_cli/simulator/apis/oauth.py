"""Access tokens: issued for any key and secret, refused in the form of each API family (daraja.md 1).

Three consumer keys are special: ``wrong`` is refused; ``c2b-v1`` and ``c2b-v2`` belong to apps that
have only that version of the C2B product.
"""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

from mpesa_cli.simulator import wire
from mpesa_cli.simulator.identifiers import TokenHex, request_id
from mpesa_cli.simulator.state import SECOND_US, State, Token
from mpesa_cli.simulator.wire import Reply, Request

LIFETIME_S = 3599
WRONG_KEY = "wrong"
_ONE_VERSION = {"c2b-v1": "v1", "c2b-v2": "v2"}


def issue(state: State, request: Request, now_us: int, token_hex: TokenHex) -> Reply:
    """Answer ``GET /oauth/v1/generate``."""
    grant_type = parse_qs(urlsplit(request.path).query).get("grant_type", [""])[0]
    if grant_type != "client_credentials":
        return wire.error(request_id(token_hex), "400.008.02", "Invalid grant type passed")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return wire.error(request_id(token_hex), "400.008.01", "Invalid Authentication passed")
    key, secret = _key_and_secret(encoded)
    if not key or not secret or key == WRONG_KEY:
        return Reply(400, b"")
    state.forget_old(now_us)
    token = token_hex(14)
    expires_us = now_us + LIFETIME_S * SECOND_US
    state.tokens[_digest(token)] = Token(_digest(key), expires_us, _ONE_VERSION.get(key, ""))
    return wire.ok({"access_token": token, "expires_in": str(LIFETIME_S)})


def token_of(state: State, request: Request, now_us: int) -> Token | None:
    """The token that this request carries, where it was issued here and is still good."""
    token = state.tokens.get(_digest(bearer(request)))
    return token if token is not None and token.expires_us > now_us else None


def has_bearer(request: Request) -> bool:
    """Whether there is a Bearer header at all: without one the answer is another."""
    return bool(bearer(request))


def revoke(state: State, request: Request) -> None:
    """Let the request's token expire now, before its time."""
    state.tokens.pop(_digest(bearer(request)), None)


def bearer(request: Request) -> str:
    """The token that this request carries, whoever issued it; empty where it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _key_and_secret(encoded: str) -> tuple[str, str]:
    try:
        key, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, other characters, or no text in it
        return "", ""
    return key, secret


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
