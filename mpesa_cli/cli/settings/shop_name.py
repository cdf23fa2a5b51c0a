"""The name that M-PESA has for the number customers are to pay: shown, and asked about, before a profile is written."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.asking import ask_yes
from mpesa_cli.floor.errors import Declined, MpesaError
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore


def confirm_name(runtime: Runtime, profile: "Profile", secrets: "SecretStore") -> None:
    """Say the name; a person at the terminal says whether it is the shop's. Raises Declined.

    Only in production: the sandbox's numbers are Safaricom's own. Many apps lack this API: where it does not answer,
    that is said and nothing else comes of it.
    """
    if profile.environment != "production":
        return
    number = f"{profile.kind} {profile.party_b}"
    try:
        found = runtime.organisation(profile, secrets)
    except MpesaError:
        runtime.streams.say(f"Daraja did not tell the name behind {number}; compare it with your papers.")
        return
    known = f"M-PESA has {number} as {found.name}." if found else f"M-PESA knows no {number}."
    if not runtime.streams.may_prompt():
        runtime.streams.say(known)
        return
    if not ask_yes(runtime.streams, f"{known} {'Is this your shop?' if found else 'Go on all the same?'}"):
        raise Declined(
            f"{known} The profile was not written.",
            hint="Nothing was sent to anybody. Look the number up in your papers, then:  mpesa init",
        )
