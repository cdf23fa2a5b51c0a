"""The check of every configured profile, with all its problems: for ``config check``."""

from collections.abc import Mapping

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.settings.checkup import profile_gaps, profile_warnings
from mpesa_cli.settings.choice import Choice, choose
from mpesa_cli.settings.model import Config
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.sources import load_config, resolve_choice
from mpesa_cli.settings.values import Problem


@dataclass(slots=True)
class Checked:
    """A checked profile. ``chosen`` is the one that commands use just now, with what the environment overrides."""

    name: str
    chosen: bool
    profile: Profile | None
    errors: list[Problem]
    warnings: list[str]


def check_everything(
    environ: Mapping[str, str], *, profile_flag: str | None = None, config_flag: str | None = None
) -> tuple[list[Problem], list[Checked]]:
    """The problems of the whole file, and every profile checked; only the one ``profile_flag`` names, if given."""
    try:
        config = load_config(environ, config_flag)
        choice = choose(environ, config, profile_flag)
    except SettingsError as error:
        problem = Problem(error.message, error.hint, error.code)
        if error.code != "profile-not-chosen":
            return [problem], []
        config, choice = load_config(environ, config_flag), None
        general = [problem]
    else:
        general = []
    general = [*(config.problems if config else ()), *general]
    checked = [_checked(choice, config, environ, chosen=True)] if choice else []
    if config is not None and not profile_flag:
        # The environment changes the profile that is used; the others are checked as the file has them.
        bare = {name: environ[name] for name in ("MPESA_HOME",) if name in environ}
        others = [Choice(name, "file", "file") for name in config.profiles if not choice or name != choice.name]
        checked += [_checked(other, config, bare, chosen=False) for other in others]
    return general, checked


def _checked(choice: Choice, config: Config | None, environ: Mapping[str, str], *, chosen: bool) -> Checked:
    profile, errors = resolve_choice(choice, config, environ)
    warnings: list[str] = []
    if profile is not None:
        errors = [Problem(gap, "Then:  mpesa config check", "profile-incomplete") for gap in profile_gaps(profile)]
        warnings = profile_warnings(profile)
    return Checked(choice.name, chosen, profile, errors, warnings)
