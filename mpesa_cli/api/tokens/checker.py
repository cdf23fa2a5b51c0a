"""A token's text in, its bearer out, or a refusal that tells strangers nothing.

PyJWT verifies the signature and only that. What the token says of itself is read by our own strict readers, and
times are compared with the clock that the whole program goes by.
"""

import functools
from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from mpesa_cli.api.tokens.bearer import Bearer
from mpesa_cli.api.tokens.claims import bearer_from
from mpesa_cli.api.tokens.compact import NotAToken, ReadJson, read_header, read_object
from mpesa_cli.api.tokens.keys import KeySet, VerifyingKey
from mpesa_cli.api.tokens.refusal import TokenRefused, not_genuine
from mpesa_cli.api.tokens.values import KnownToken
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.world import World

if TYPE_CHECKING:
    from jwt import PyJWS

LEEWAY_S = 30
OUR_TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules that a profile's tokens must meet. ``keys`` gives today's keys: a JWKS file may be renewed.

    ``leeway_s`` is how far the issuer's clock and ours may be apart.
    """

    issuer: str
    audience: str
    keys: Callable[[], KeySet] = field(repr=False)
    leeway_s: int = LEEWAY_S


class TokenChecker:
    """Checks tokens by one profile's rules. Any thread may call it."""

    def __init__(
        self,
        rules: TokenRules,
        *,
        read_json: ReadJson,
        known: Callable[[str], KnownToken | None],
        world: World,
    ) -> None:
        """``known`` looks a token up by its ``jti``: whether we made it, and whether it was revoked."""
        self._rules = rules
        self._read_json = read_json
        self._known = known
        self._world = world

    def __call__(self, text: str) -> Bearer:
        """The bearer of this token. Raises TokenRefused, and LedgerBusy where the ledger can't be asked."""
        rules, keys = self._rules, self._rules.keys()
        try:
            claims = read_object(self._verified(text, keys), self._read_json)
        except NotAToken:
            raise not_genuine() from None
        bearer = bearer_from(
            claims, issuer=rules.issuer, audience=rules.audience, leeway_s=rules.leeway_s,
            now_us=self._world.now_us(),
        )
        known = self._known(bearer.jti)
        if (known is not None and known.revoked_us is not None) or (keys.shared and known is None):
            raise TokenRefused("The token was revoked, or was never issued here.", code="token-revoked")
        return _as_issued(bearer, known) if keys.shared and known is not None else bearer

    def _verified(self, text: str, keys: KeySet) -> bytes:
        """The claims' bytes, once their signature was verified by a key of the configuration."""
        header = read_header(text, self._read_json)
        key = keys.choose(header.kid)
        # Our own tokens have a type of their own, so that no other use of the secret can be taken for one.
        if key is None or header.alg != key.algorithm or (keys.shared and header.typ != OUR_TYPE):
            raise NotAToken("key")
        return _signed_payload(text, key)


def _as_issued(bearer: Bearer, known: KnownToken) -> Bearer:
    """The bearer within the bounds that the ledger has for a token of ours: a stolen secret alone widens nothing."""
    if not bearer.scopes <= known.scopes or bearer.expires_us != known.expires_us:
        raise not_genuine()
    return replace(bearer, name=known.name)


@functools.cache
def _verifier(algorithm: str) -> "PyJWS":
    """A verifier that knows one algorithm and no other."""
    import jwt

    return jwt.PyJWS(algorithms=[algorithm], options={"enforce_minimum_key_length": True})


def _signed_payload(text: str, key: VerifyingKey) -> bytes:
    import jwt

    material: Any = key.material.reveal() if isinstance(key.material, Secret) else key.material
    try:
        payload: bytes = _verifier(key.algorithm).decode(text, material, algorithms=[key.algorithm])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotAToken("signature") from None
    return payload
