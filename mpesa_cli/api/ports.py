"""The rules and the checker of the HTTP API's bearer tokens, made from a Runtime."""

from typing import TYPE_CHECKING

from mpesa_cli.api.tokens.store import Tokens

if TYPE_CHECKING:
    from mpesa_cli.api.tokens.checker import TokenChecker, TokenRules
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def token_rules(runtime: "Runtime", profile: "Profile") -> "TokenRules":
    """The rules that the profile's bearer tokens must meet. Raises SecretMissing or SettingsError."""
    from mpesa_cli.api.tokens.setup import rules_of
    from mpesa_cli.floor.wire.strict_json import parse_json

    api, found = profile.api, runtime.secret_store(profile).get("api-secret")
    return rules_of(
        profile=profile.name, issuer=api.issuer, audience=api.audience, secret=found.secret if found else None,
        public_key=api.public_key, jwks=api.jwks, read_json=parse_json, complain=runtime.streams.complain,
    )


def token_checker(runtime: "Runtime", profile: "Profile") -> "TokenChecker":
    """The checker that finds the bearer of a token's text. Raises as token_rules does."""
    from mpesa_cli.api.tokens.checker import TokenChecker
    from mpesa_cli.floor.wire.strict_json import parse_json

    rules, ledger = token_rules(runtime, profile), runtime.ledger(profile)
    return TokenChecker(rules, read_json=parse_json, known=Tokens(ledger).token, world=runtime.world)
