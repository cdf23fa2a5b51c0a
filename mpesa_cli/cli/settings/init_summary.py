"""The summary that ``mpesa init`` shows before it asks Daraja and writes: what was answered, and what may hurt."""

from typing import TYPE_CHECKING

from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.table import Table, aligned

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore

SHOWN = (
    "environment", "kind", "shortcode", "till", "shop_name", "language", "account_reference", "callback_base_url",
    "answers", "refunds.max", "refunds.daily_max",
)


def show_summary(runtime: Runtime, profile: "Profile", secrets: "SecretStore") -> None:
    """Show the profile that is about to be written, and the warnings that ``config check`` would have."""
    from mpesa_cli.settings.checkup import profile_gaps, profile_warnings, secret_warnings, unmet_secrets
    from mpesa_cli.settings.secret_names import DARAJA_SECRETS

    streams, listed = runtime.streams, secrets.listed()
    if streams.may_prompt():
        values = [[key, str(value)] for key in SHOWN if (value := profile.value_of(key)) is not None]
        kept = [[name, f"••• {source}"] for name, source in listed if name in DARAJA_SECRETS and source != "missing"]
        for line in aligned(Table(["profile", profile.name], [*values, *kept]), streams.columns(streams.stderr)):
            streams.complain(line)
    warnings = [*profile_gaps(profile), *profile_warnings(profile), *unmet_secrets(profile, listed)]
    for warning in [*warnings, *secret_warnings(listed)]:
        streams.say(f"Note: {warning}")
