"""The address for delivery reports of SMS: it ends in a secret, so it is shown to who asks for it, and in no log."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import InvalidInput, SecretUnreadable

if TYPE_CHECKING:
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile

SHOWN_BY = "mpesa config show --sms-reports"


def report_token_of(runtime: "Runtime", profile: "Profile") -> str:
    """The end of the address, a secret; empty where the provider sends no reports, or has no key.

    Raises SecretUnreadable where the key's store can't be read just now.
    """
    if profile.sms.provider != "africas_talking":
        return ""
    from mpesa_cli.sms.providers.delivery import report_token

    found = runtime.secret_store(profile).get("sms-api-key")
    return report_token(found.secret) if found else ""


def token_for_listener(runtime: "Runtime", profile: "Profile") -> str:
    """The same for a listener, which starts without it and says so: callbacks matter more than reports."""
    try:
        return report_token_of(runtime, profile)
    except SecretUnreadable as locked:
        runtime.streams.complain(f"No delivery reports are taken in: {locked.message}")
        return ""


def report_address(runtime: "Runtime", profile: "Profile") -> str:
    """The whole address that Africa's Talking must be given. Raises InvalidInput where there is none."""
    from mpesa_cli.floor.wire.addresses import Hook

    token, base = report_token_of(runtime, profile), (profile.callback_base_url or "").rstrip("/")
    if not token or not base:
        lacking = "callback_base_url" if token else "Africa's Talking as sms.provider, with its key"
        raise InvalidInput(
            f"Profile {profile.name} has no address for delivery reports: it lacks {lacking}.",
            hint="Nothing was changed. What is set: mpesa config show",
            code="no-sms-reports",
        )
    return Hook("sms", token).at(base)
