"""The caller: the token out of the request's headers, and the scopes that it allows."""

from collections.abc import Sequence

from mpesa_cli.api.tokens.refusal import TokenRefused
from mpesa_cli.floor.records import dataclass

_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Bearer:
    """The caller whose token was accepted.

    ``jti`` names the token, ``subject`` whoever it was made for (several tokens may have one subject, as when
    one replaces another), ``name`` is for people, ``expires_us`` is microseconds since 1970.
    """

    jti: str
    subject: str
    name: str
    scopes: frozenset[str]
    expires_us: int

    def require(self, scope: str) -> None:
        """Raise TokenRefused ``insufficient_scope`` where this token does not allow ``scope``."""
        if scope not in self.scopes:
            raise TokenRefused(
                f"The token does not allow {scope}.", code="scope-missing", error="insufficient_scope", scope=scope
            )


def bearer_text(authorization: Sequence[str]) -> str:
    """The token's text out of all ``Authorization`` headers of one request.

    Raises TokenRefused: without an error word where no bearer token came, ``invalid_request`` where several
    headers came or one that is neither empty nor one token. Tokens are taken from nowhere else: an address
    ends up in logs and histories.
    """
    if len(authorization) > 1:
        raise TokenRefused(
            "More than one Authorization header came.", code="token-unreadable", error="invalid_request"
        )
    scheme, _, rest = (authorization[0] if authorization else "").strip(_BLANKS).partition(" ")
    text = rest.strip(_BLANKS)
    if scheme.lower() != "bearer":
        raise TokenRefused("This needs a bearer token.", code="token-missing", error="")
    if not text or any(blank in text for blank in _BLANKS):
        raise TokenRefused(
            "The Authorization header does not hold one bearer token.", code="token-unreadable",
            error="invalid_request",
        )
    return text
