"""The claims of a token whose signature was verified: audience, issuer, times and scopes. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mpesa_cli.api.tokens.bearer import Bearer
from mpesa_cli.api.tokens.refusal import TokenRefused
from mpesa_cli.api.tokens.values import SCOPES
from mpesa_cli.floor.moments import SECOND_US

_YEAR_9999_S = 253_402_300_799
_TEXT_MAX = 255


def bearer_from(
    claims: Mapping[str, Any], *, issuer: str, audience: str, leeway_s: int, now_us: int
) -> Bearer:
    """The bearer of a genuine token. Raises TokenRefused ``invalid_token`` that says what is wrong with it.

    ``exp``, ``jti``, ``aud``, ``iss`` and ``scope`` must be there; ``nbf`` and ``iat`` count where they are.
    Issuer and audience are compared whole. ``leeway_s`` is how far two clocks may be apart.
    """
    expires_us, jti, scope = _moment(claims, "exp"), _text(claims, "jti"), claims.get("scope")
    if expires_us is None or jti is None or not isinstance(scope, str):
        raise _incomplete()
    if claims.get("iss") != issuer or audience not in _audiences(claims.get("aud")):
        raise TokenRefused("The token was made for another service or by another issuer.", code="token-for-another")
    leeway_us = leeway_s * SECOND_US
    if now_us >= expires_us + leeway_us:
        raise expired()
    if any((_moment(claims, name) or 0) > now_us + leeway_us for name in ("nbf", "iat")):
        raise TokenRefused("The token is not valid yet.", code="token-not-yet-valid")
    subject = _text(claims, "sub") if "sub" in claims else jti
    if subject is None:
        raise _incomplete()
    scopes = frozenset(scope.split(" ")).intersection(SCOPES)
    return Bearer(jti=jti, subject=subject, name=subject, scopes=scopes, expires_us=expires_us)


def expired() -> TokenRefused:
    """The refusal of a token whose time is over."""
    return TokenRefused("The token has expired.", code="token-expired")


def _incomplete() -> TokenRefused:
    return TokenRefused("The token lacks a claim, or has one of the wrong kind.", code="token-incomplete")


def _moment(claims: Mapping[str, Any], name: str) -> int | None:
    """Microseconds of a NumericDate (RFC 7519 2); None where there is none. Raises TokenRefused for anything else."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _YEAR_9999_S:
        raise _incomplete()
    return int(value * SECOND_US)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    usable = isinstance(value, str) and 0 < len(value) <= _TEXT_MAX and value.isprintable()
    return value if usable else None


def _audiences(claim: object) -> list[object]:
    return claim if isinstance(claim, list) else [claim]
