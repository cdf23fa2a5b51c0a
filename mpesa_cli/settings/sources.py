"""Sources of settings: flag before environment before file before default. Every value remembers its own."""

from collections.abc import Mapping
from pathlib import Path

from mpesa_cli.floor.web_address import is_on_this_machine
from mpesa_cli.rules.values.database import is_database
from mpesa_cli.settings.choice import Choice, choose, known_names
from mpesa_cli.settings.keys import KEYS, Key
from mpesa_cli.settings.model import Config, read_config
from mpesa_cli.settings.paths import config_file, find_paths, named_config_file
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.resolve import resolve
from mpesa_cli.settings.rules import RuleError
from mpesa_cli.settings.values import Problem, Setting, bad_value, read_text

_PATH_KEYS = ("ledger", "sms.file", "initiator.certificate", "api.public_key", "api.jwks")


def load_profile(
    environ: Mapping[str, str], *, profile_flag: str | None = None, config_flag: str | None = None
) -> Profile:
    """The profile to work with, whole and checked. Raises SettingsError for the first problem.

    Only the chosen profile is checked: a mistake in another till's table does not stop this one.
    """
    config = load_config(environ, config_flag)
    if config is not None and config.problems:
        raise config.problems[0].as_error(len(config.problems) - 1)
    choice = choose(environ, config, profile_flag)
    profile, problems = resolve_choice(choice, config, environ)
    if profile is None:
        raise problems[0].as_error(len(problems) - 1)
    return profile


def load_config(environ: Mapping[str, str], config_flag: str | None = None) -> Config | None:
    """The configuration file, or None where there is none. Raises SettingsError where it can't be read."""
    required = named_config_file(environ, config_flag) is not None
    return read_config(config_file(environ, config_flag), required=required)


def profile_names(environ: Mapping[str, str], config_flag: str | None = None) -> list[str]:
    """The names that ``--profile`` takes, for completion. Raises SettingsError as load_config does."""
    return known_names(environ, load_config(environ, config_flag))


def resolve_choice(
    choice: Choice, config: Config | None, environ: Mapping[str, str]
) -> tuple[Profile | None, list[Problem]]:
    """The profile of a choice, from its sources; None with all its problems."""
    problems: list[Problem] = []
    values: dict[str, Setting] = {}
    if choice.made_of == "file" and config is not None:
        values, problems = config.settings(choice.name)
        values = {key: _beside_file(key, setting, config.path) for key, setting in values.items()}
    from_environment, bad = environment_settings(environ)
    if choice.made_of == "built-in":
        from_environment = _harmless_to_simulator(from_environment)
        values["environment"] = Setting("simulator", "built in")
    if problems or bad:
        return None, problems + bad
    return resolve(
        choice.name, choice.source, values | from_environment,
        data_dir=find_paths(environ).data_dir,
        environment_default="sandbox" if choice.made_of == "environment" else None,
    )


def environment_settings(environ: Mapping[str, str]) -> tuple[dict[str, Setting], list[Problem]]:
    """The values that ``MPESA_…`` variables (and APP_URL) give; an empty variable counts as not set."""
    values: dict[str, Setting] = {}
    problems: list[Problem] = []
    for key in KEYS:
        variable = next((name for name in key.variables if environ.get(name, "").strip()), None)
        if variable is None:
            continue
        text = environ[variable].strip()
        try:
            values[key.name] = Setting(_from_text(key, text), variable)
        except RuleError as bad:
            remedy = f"Correct or unset {variable}, then:  mpesa config check"
            problems.append(bad_value(variable, text, bad, remedy))
    return values, problems


def _from_text(key: Key, text: str) -> object:
    from mpesa_cli.floor.machine import commands

    value = read_text(key, text)
    if key.name not in _PATH_KEYS or is_database(text):
        return value
    whole = Path(text).expanduser()
    if not whole.is_absolute():
        raise RuleError(f"must be a whole path, for example {commands.A_LEDGER}")
    return str(whole)


def _beside_file(key: str, setting: Setting, file: Path) -> Setting:
    """The setting, a relative path in it counted from the file's folder, never from the working directory."""
    if key not in _PATH_KEYS or is_database(str(setting.value)):
        return setting
    return Setting(str(file.parent / Path(str(setting.value)).expanduser()), setting.source)


def _harmless_to_simulator(values: dict[str, Setting]) -> dict[str, Setting]:
    """The values that the built-in simulator takes from the environment: none that leaves this machine."""
    kept = {key: setting for key, setting in values.items() if key != "environment"}
    base_url = kept.get("base_url")
    if base_url is not None and not is_on_this_machine(str(base_url.value)):
        del kept["base_url"]
    return kept
