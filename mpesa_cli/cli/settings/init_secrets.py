"""The secrets that ``mpesa init`` asks for: where each is found, typed unseen, and again where Daraja refuses them."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.asking import ask_secret, ask_yes
from mpesa_cli.floor.errors import Conflict, CredentialsRefused
from mpesa_cli.floor.machine import commands
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.secret_names import DARAJA_SECRETS, variable_of

if TYPE_CHECKING:
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore

_PAIR = ("consumer-key", "consumer-secret")


def typed_secrets(runtime: Runtime, profile: "Profile", secrets: "SecretStore") -> "dict[str, Secret]":
    """Ask for the secrets that no place has. Returns what was typed, which is not stored yet.

    Raises Conflict where nobody is there to type them.
    """
    missing: list[str] = []
    for name in DARAJA_SECRETS:
        found = secrets.get(name)
        if found is None:
            missing.append(name)
        elif not profile.embedded:
            runtime.streams.say(f"{name}: {found.source}")
    if missing and not runtime.streams.may_prompt():
        files = " ".join(f"{variable_of(name)}_FILE" for name in missing)
        raise Conflict(
            f"Nobody is here to type the {', '.join(missing)}.",
            hint=f"Nothing was written. Name files with them ({commands.HOW_PRIVATE}) in:  {files}",
            code="answers-missing",
        )
    typed: dict[str, Secret] = {}
    told = ""
    for name in missing:
        if (where := _where(name, profile.environment)) != told:
            runtime.streams.complain(where)
            told = where
        typed[name] = _typed(runtime, secrets, name)
    return typed


def type_pair_again(
    runtime: Runtime, secrets: "SecretStore", refused: CredentialsRefused, typed: "dict[str, Secret]"
) -> bool:
    """Whether a person has typed the consumer key and secret anew; False where nobody is there, or none wants to."""
    if not runtime.streams.may_prompt():
        return False
    runtime.streams.complain(refused.message)
    if not ask_yes(runtime.streams, "Type the consumer key and secret again? Your other answers are kept"):
        return False
    for name in _PAIR:
        typed[name] = _typed(runtime, secrets, name)
    return True


def _typed(runtime: Runtime, secrets: "SecretStore", name: str) -> "Secret":
    from mpesa_cli.settings.secret_sources import check_secret

    secret = check_secret(ask_secret(runtime.streams, name), name)
    secrets.hand_over(name, secret, "just typed")
    return secret


def _where(name: str, environment: str) -> str:
    """The place where a secret is found, in a sentence."""
    if name in _PAIR:
        app = "the app of this shop" if environment == "production" else "an app for the sandbox"
        return f"The consumer key and secret are on https://developer.safaricom.co.ke: sign in, My Apps, {app}."
    if environment == "production":
        return "The passkey came from Safaricom by e-mail when the app went live; it belongs to this shortcode alone."
    return "The sandbox's passkey is on the same site: APIs, M-Pesa Express, Simulate."
