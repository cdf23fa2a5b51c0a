"""From a profile's settings to the rules of its tokens: one way to verify them, and never two."""

from collections.abc import Callable
from pathlib import Path

from mpesa_cli.api.tokens.checker import TokenRules
from mpesa_cli.api.tokens.compact import ReadJson
from mpesa_cli.api.tokens.key_file import KeyFile
from mpesa_cli.api.tokens.keys import KeySet, KeyUnusable, keys_from_jwks, keys_from_pem, shared_secret
from mpesa_cli.floor.errors import SecretMissing, SettingsError
from mpesa_cli.floor.secret import Secret


def rules_of(
    *,
    profile: str,
    issuer: str,
    audience: str,
    secret: Secret | None,
    public_key: Path | None,
    jwks: Path | None,
    read_json: ReadJson,
    complain: Callable[[str], None],
) -> TokenRules:
    """The rules where exactly one of ``secret``, ``public_key`` and ``jwks`` is given.

    ``complain`` hears a line whenever the file of public keys changed while it is in use.

    Raises SecretMissing where none is, SettingsError where two are or the one can't be used.
    """
    if sum(given is not None for given in (secret, public_key, jwks)) > 1:
        raise SettingsError(
            f"The profile {profile!r} has several keys for tokens, and one of api-secret, api.public_key and api.jwks "
            "must be the only one: who can read a public key could sign with it.",
            hint="Nothing was started. Take the others out: mpesa secrets delete api-secret, or in the file that "
            "`mpesa config path` prints.",
            code="api-keys-mixed",
        )
    if public_key is not None:
        return TokenRules(issuer, audience, KeyFile(public_key, "api.public_key", keys_from_pem, complain))
    if jwks is not None:
        keys_now = KeyFile(jwks, "api.jwks", lambda raw: _jwks(raw, read_json), complain)
        return TokenRules(issuer, audience, keys_now)
    if secret is None:
        raise SecretMissing(
            f"There is no api-secret for the profile {profile!r}, so no tokens can be made or checked.",
            hint=f"Nothing was started. Have one made and kept: mpesa secrets set api-secret --generate -P {profile}",
            code="api-secret-missing",
        )
    try:
        keys = shared_secret(secret)
    except KeyUnusable as weak:
        raise SettingsError(
            f"The api-secret of the profile {profile!r} {weak}.",
            hint=f"Nothing was started. Have a better one made: mpesa secrets set api-secret --generate -P {profile}",
            code="api-secret-weak",
        ) from None
    return TokenRules(issuer, audience, lambda: keys)


def _jwks(raw: bytes, read_json: ReadJson) -> KeySet:
    try:
        document = read_json(raw)
    except ValueError:
        raise KeyUnusable("is not JSON") from None
    return keys_from_jwks(document)
