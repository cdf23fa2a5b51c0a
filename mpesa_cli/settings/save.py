"""Saving a profile in the configuration file: whole or not at all, nothing else in it changed."""

from collections.abc import Mapping
from pathlib import Path

from mpesa_cli.floor.errors import Conflict, SettingsError
from mpesa_cli.settings.model import Config, read_config
from mpesa_cli.settings.private_files import locked, write_private
from mpesa_cli.settings.profile import Profile
from mpesa_cli.settings.resolve import resolve
from mpesa_cli.settings.toml_edit import with_profile
from mpesa_cli.settings.values import Setting


def planned_profile(
    config: Config | None, name: str, answers: Mapping[str, str | int | None], data_dir: Path
) -> Profile:
    """The profile that :func:`save_profile` would leave behind. Raises SettingsError for a wrong value."""
    kept: dict[str, Setting] = {}
    if config is not None and name in config.profiles:
        kept, problems = config.settings(name)
        if problems:
            raise problems[0].as_error(len(problems) - 1)
    given = {key: Setting(value, "answer") for key, value in answers.items() if value is not None}
    values = {key: setting for key, setting in kept.items() if key not in answers} | given
    profile, problems = resolve(name, "answer", values, data_dir=data_dir, environment_default=None)
    if profile is None:
        raise problems[0].as_error(len(problems) - 1)
    return profile


def texts_of(config: Config | None, name: str) -> dict[str, str]:
    """The valid text values that the file has for this profile; none for a new one."""
    if config is None or name not in config.profiles:
        return {}
    settings, _ = config.settings(name)
    return {key: setting.value for key, setting in settings.items() if isinstance(setting.value, str)}


def refuse_overwriting(config: Config | None, name: str, path: Path) -> None:
    """Raise Conflict where the profile exists already."""
    if config is not None and name in config.profiles:
        raise Conflict(
            f"{path} has a profile {name!r} already.",
            hint=f"Look at it:  mpesa config show --profile {name}   To change it anyway, add --force",
            code="profile-exists",
        )


def save_profile(path: Path, name: str, answers: Mapping[str, str | int | None], *, overwrite: bool) -> None:
    """Put the answers into ``[profile.NAME]`` of the file, which is made if it is not there.

    The first profile becomes the default. With a second one, the first is written down as the default,
    so that commands that name no profile go on meaning the same shop. Raises Conflict where the profile
    exists and ``overwrite`` is false, SettingsError where the file can't be changed faithfully.
    """
    with locked(path.parent):
        config = read_config(path, required=False)
        if not overwrite:
            refuse_overwriting(config, name, path)
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n") if config is not None else ""
        changed = with_profile(text, name, answers, default=_default_to_write(config, name))
        if changed is None:
            raise SettingsError(
                f"{path} is written in a way that can't be changed safely, so it was left as it is.",
                hint=f"Edit [profile.{name}] by hand, then:  mpesa config check", code="config-not-editable",
            )
        write_private(path, changed)


def _default_to_write(config: Config | None, name: str) -> str | None:
    others = [known for known in config.profiles if known != name] if config else []
    if config is not None and (config.default_profile or len(others) > 1):
        return None
    return others[0] if others else name
