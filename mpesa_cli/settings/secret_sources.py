"""The places outside our own stores where a secret can be given, each read without showing it."""

from collections.abc import Mapping
from pathlib import Path

from mpesa_cli.floor.errors import InvalidInput, SecretMissing, SecretUnreadable, SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.settings.paths import absolute_path
from mpesa_cli.settings.private_files import read_secret_file
from mpesa_cli.settings.secret_names import SECRET_NAMES, variable_of
from mpesa_cli.settings.values import did_you_mean


@dataclass(frozen=True, slots=True)
class Found:
    """A secret and its source, in words that may be shown."""

    secret: Secret
    source: str


def from_named_file(environ: Mapping[str, str], name: str) -> Found | None:
    """The secret in the file ``MPESA_<NAME>_FILE`` names. Raises SettingsError where that can't be used."""
    variable = variable_of(name) + "_FILE"
    named = environ.get(variable, "").strip()
    if not named:
        return None
    path = absolute_path(named, variable)
    text = read_secret_file(path, variable, private=True)
    if text is None:
        raise SettingsError(
            f"{variable} names {path}, and there is no such file.",
            hint=f"Nothing was sent. Correct it or:  unset {variable}", code="secret-file-unusable",
        )
    return Found(check_secret(text, variable), f"file {path} ({variable})")


def from_credentials(environ: Mapping[str, str], profile: str, name: str) -> Found | None:
    """The secret as systemd's LoadCredential= leaves it. systemd sees to the file's mode itself."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "").strip()
    for credential in (f"mpesa-{profile}-{name}", f"mpesa-{name}") if folder else ():
        text = read_secret_file(Path(folder) / credential, "CREDENTIALS_DIRECTORY", private=False)
        if text is not None:
            return Found(check_secret(text, credential), f"systemd credential {credential}")
    return None


def from_environment(environ: Mapping[str, str], name: str) -> Found | None:
    """The secret in ``MPESA_<NAME>``: works, though other processes of this user can read it."""
    variable = variable_of(name)
    text = environ.get(variable, "").strip()
    return Found(check_secret(text, variable), variable) if text else None


def from_own_file(path: Path, name: str) -> Secret | None:
    """The secret that ``--store file`` wrote."""
    text = read_secret_file(path, "The file store", private=True)
    return None if text is None else check_secret(text, name)


def check_name(name: str) -> str:
    """The name, if it is a secret's. Raises InvalidInput."""
    if name not in SECRET_NAMES:
        raise InvalidInput(
            f"There is no secret called {name[:40]!r}.",
            hint=f"{did_you_mean(name, list(SECRET_NAMES))}Names: {', '.join(SECRET_NAMES)}",
            code="unknown-secret",
        )
    return name


def check_secret(text: str, named_by: str) -> Secret:
    """Wrap a value that can go into a request. Raises SettingsError, without the value, where it can't."""
    cleaned = text.strip()
    if not cleaned or not cleaned.isascii() or not cleaned.isprintable():
        raise SettingsError(
            f"The value of {named_by} is empty or has characters that no key has (a line break, an accent).",
            hint="Copy it from the Daraja portal again. Nothing was sent.", code="secret-malformed",
        )
    return Secret(cleaned)


def secret_missing(profile: str, name: str, *, is_gone: bool) -> SecretMissing:
    """The error that says how to give a secret. ``is_gone``: the keyring had it once."""
    gone = " It was stored in the keyring: it is no longer there." if is_gone else ""
    return SecretMissing(
        f"There is no {name} for the profile {profile!r}.{gone}",
        hint=f"Nothing was sent. On servers:  {_from_a_file(name)}  "
        f"Here:  mpesa secrets set {name} --profile {profile}",
    )


def secret_unreadable(profile: str, name: str, why: str) -> SecretUnreadable:
    """The error for a secret that is in the keyring, which can't be read just now."""
    return SecretUnreadable(
        f"The {name} of the profile {profile!r} is in the keyring, which can't be read just now: {why}.",
        hint="Nothing was sent or stored. Unlock the keyring (sign in at the screen of this machine), then the same "
        f"command again. Where nobody can sign in:  {_from_a_file(name)}",
    )


def not_stored(profile: str, name: str, why: str) -> SettingsError:
    """The error that offers the two ways without a keyring."""
    return SettingsError(
        f"The {name} was not stored: {why}.",
        hint=f"Two ways without a keyring:  {_from_a_file(name)}  "
        f"or keep it in a file that only you can read:  mpesa secrets set {name} --profile {profile} --store file",
        code="no-keyring",
    )


def _from_a_file(name: str) -> str:
    from mpesa_cli.floor.machine import commands

    return commands.set_variable(f"{variable_of(name)}_FILE", commands.PRIVATE_FILE)
