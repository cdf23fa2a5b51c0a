"""The choice of the profile that a command works with."""

from collections.abc import Mapping
from typing import Literal

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.settings.model import Config
from mpesa_cli.settings.values import did_you_mean

SIMULATOR_NAME = "simulator"
ENVIRONMENT_NAME = "env"
# Any of these makes a profile out of the environment alone; others only change a profile.
_MAKERS = (
    "MPESA_CONSUMER_KEY", "MPESA_CONSUMER_KEY_FILE", "MPESA_SHORTCODE", "MPESA_BASE_URL", "MPESA_ENVIRONMENT",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A profile's name, the source that chose it, and the values it is made of."""

    name: str
    source: str
    made_of: Literal["file", "environment", "built-in"]


def choose(environ: Mapping[str, str], config: Config | None, flag: str | None) -> Choice:
    """The profile of the flag, MPESA_PROFILE, the file's default or only one, the environment, or the simulator.

    Raises SettingsError for a name that does not exist, and where several could be meant: guessing
    between tills would send a customer's money to the wrong one.
    """
    asked, source = (flag, "flag") if flag else (environ.get("MPESA_PROFILE", "").strip(), "MPESA_PROFILE")
    if asked:
        return _named(asked, source, environ, config)
    if config is not None and config.default_profile:
        return _named(config.default_profile, f"{config.path} default_profile", environ, config)
    if config is not None and config.profiles:
        if len(config.profiles) == 1:
            name = next(iter(config.profiles))
            return Choice(name, f"{config.source(name)}, the only profile", "file")
        names = ", ".join(config.profiles)
        raise SettingsError(
            f"{config.path} has several profiles and no default: {names}.",
            hint=f"Say which:  mpesa … --profile {next(iter(config.profiles))}  "
            f'or write default_profile = "{next(iter(config.profiles))}" at the top of the file',
            code="profile-not-chosen",
        )
    if makes_profile(environ):
        return Choice(ENVIRONMENT_NAME, "environment", "environment")
    return Choice(SIMULATOR_NAME, "default", "built-in")


def makes_profile(environ: Mapping[str, str]) -> bool:
    """Whether the environment alone describes a profile."""
    return any(environ.get(variable, "").strip() for variable in _MAKERS)


def known_names(environ: Mapping[str, str], config: Config | None) -> list[str]:
    """Every name that ``--profile`` takes just now."""
    names = list(config.profiles) if config else []
    if makes_profile(environ) and not names:
        names.append(ENVIRONMENT_NAME)
    return names if SIMULATOR_NAME in names else [*names, SIMULATOR_NAME]


def _named(name: str, source: str, environ: Mapping[str, str], config: Config | None) -> Choice:
    if config is not None and name in config.profiles:
        return Choice(name, source, "file")
    if name == SIMULATOR_NAME:
        return Choice(name, source, "built-in")
    known = known_names(environ, config)
    if name == ENVIRONMENT_NAME and name in known:
        return Choice(name, source, "environment")
    raise SettingsError(
        f"There is no profile {name!r} ({source}).",
        hint=f"{did_you_mean(name, known)}Known: {', '.join(known)}. "
        f"Make it:  mpesa init --profile {name[:40]}",
        code="unknown-profile",
    )
