"""A new token: signed with the profile's secret, shown once, stored nowhere."""

from mpesa_cli.api.tokens.checker import OUR_TYPE, TokenRules
from mpesa_cli.api.tokens.values import KnownToken
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.secret import Secret


def signed_token(token: KnownToken, rules: TokenRules) -> Secret:
    """The text of a token that the rules' checker takes. Raises SettingsError where another issuer makes them.

    ``issued_us`` and ``expires_us`` are whole seconds. The subject is the token's name, so that a token that
    replaces another goes on as the same caller.
    """
    keys = rules.keys()
    if not keys.shared:
        raise SettingsError(
            "This profile takes the tokens of an outside issuer (api.public_key or api.jwks), so none are made here.",
            hint="Nothing was stored. Ask that issuer for one, or take the key out of the profile: mpesa config show",
            code="tokens-issued-elsewhere",
        )
    import jwt

    if token.issued_us is None or token.expires_us is None:
        raise ValueError("a token that is made has a beginning and an end")
    claims = {
        "iss": rules.issuer,
        "aud": rules.audience,
        "sub": token.name,
        "jti": token.jti,
        "scope": " ".join(sorted(token.scopes)),
        "iat": token.issued_us // SECOND_US,
        "nbf": token.issued_us // SECOND_US,
        "exp": token.expires_us // SECOND_US,
    }
    (key,) = keys.keys
    return Secret(jwt.encode(claims, key.material.reveal(), algorithm=key.algorithm, headers={"typ": OUR_TYPE}))
