"""The check of the configuration, without the network: values, secrets by their source, keyring, extras."""

from collections.abc import Iterator
from importlib.util import find_spec

from mpesa_cli.floor.installation import adding
from mpesa_cli.floor.machine import commands
from mpesa_cli.settings.checkup import missing_secrets, profile_gaps, profile_warnings, secret_warnings, unmet_secrets
from mpesa_cli.settings.keyring_store import KeyringUnusable, keyring_name
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.secrets import KEYRING_TIMEOUT_S, MISSING, UNREADABLE, SecretStore
from mpesa_cli.upkeep.findings import Finding

EXTRAS = {"pdf": "fpdf", "printer": "escpos", "xlsx": "openpyxl"}


def setup(profile: Profile, store: SecretStore) -> Iterator[Finding]:
    """Every check of the configuration, in the order in which they are shown."""
    yield from _values(profile)
    yield from _secrets(profile, store)
    yield from _certificate(profile)
    absent = [name for name, module in EXTRAS.items() if find_spec(module) is None]
    if absent:
        words = f"Not installed, and needed only for what they are called after: {', '.join(absent)}."
        yield Finding("extras", "ok", words, adding(*absent))


def _values(profile: Profile) -> Iterator[Finding]:
    source = profile.sources.get("name", "default")
    kind = f"{profile.kind} {profile.party_b}, {profile.environment}"
    yield Finding("profile", "ok", f"Profile {profile.name} ({kind}; from {source}).")
    for gap in profile_gaps(profile):
        yield Finding("configuration", "fail", gap, "mpesa config check", configuration=True)
    for warning in profile_warnings(profile):
        yield Finding("configuration", "warn", warning, "mpesa config show")


def _secrets(profile: Profile, store: SecretStore) -> Iterator[Finding]:
    listed = store.listed()
    for trouble in store.unreadable(listed):
        yield Finding("secrets", "fail", trouble.message, trouble.hint, configuration=True)
    for name in missing_secrets(listed):
        missing = store.missing(name)
        yield Finding("secrets", "fail", missing.message, missing.hint, configuration=True)
    known = ", ".join(f"{name} from {source}" for name, source in listed if source not in {MISSING, UNREADABLE})
    if known:
        yield Finding("secrets", "ok", f"Secrets: {known}.", "mpesa secrets list")
    for warning in (*unmet_secrets(profile, listed), *secret_warnings(listed)):
        yield Finding("secrets", "warn", warning, "mpesa secrets list")
    if any(source == "keyring" for _, source in listed):
        yield _keyring()


def _keyring() -> Finding:
    try:
        return Finding("keyring", "ok", f"The keyring answers ({keyring_name(KEYRING_TIMEOUT_S)}).")
    except KeyringUnusable as why:
        return Finding("keyring", "warn", f"The keyring can't be used: {why}.", "mpesa secrets list")


def _certificate(profile: Profile) -> Iterator[Finding]:
    path = profile.initiator.certificate
    if path is None:
        return
    try:
        held = path.read_bytes()
    except OSError as refused:
        yield Finding("certificate", "fail", f"initiator.certificate {path} can't be read: {refused.strerror}.",
                      commands.look(path), configuration=True)
        return
    if b"PRIVATE KEY" in held:
        yield Finding("certificate", "fail", f"initiator.certificate {path} holds a private key; Safaricom's does not.",
                      "mpesa config show", configuration=True)
    else:
        yield Finding("certificate", "ok", f"The certificate {path} can be read.")
