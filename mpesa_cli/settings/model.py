"""The configuration file: TOML text in, profiles of checked values and a list of problems out.

Checked by the table of keys in plain code. A pydantic model of the same table was measured at about
95 ms in every command that meets a file (ten times an empty Python, bench/startup.py); this is under 1 ms.
"""

from collections.abc import Mapping
from pathlib import Path

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.settings.keys import KEY_BY_NAME, SECTIONS
from mpesa_cli.settings.rules import RuleError, profile_name
from mpesa_cli.settings.secret_names import SECRET_NAMES
from mpesa_cli.settings.values import Problem, Setting, bad_value, check_value, did_you_mean

_SIZE_MAX = 1 << 20
_TOP = ("default_profile", "profile")


@dataclass(frozen=True, slots=True)
class Config:
    """The content of one file. ``profiles`` are the tables as they stand; :meth:`settings` checks one of them."""

    path: Path
    default_profile: str | None
    profiles: Mapping[str, Mapping[str, object]]
    problems: tuple[Problem, ...]

    def source(self, name: str) -> str:
        """The name of a profile's table in sources and messages: ``/etc/x.toml [profile.shop]``."""
        return f"{self.path} [profile.{name}]"

    def settings(self, name: str) -> tuple[dict[str, Setting], list[Problem]]:
        """The checked values of one profile by key name, and the problems in its table."""
        values: dict[str, Setting] = {}
        problems: list[Problem] = []
        for key_name, value in _flat(self.profiles[name]):
            key = KEY_BY_NAME.get(key_name)
            if key is None:
                problems.append(_unknown_key(self.path, f"[profile.{name}]", key_name, list(KEY_BY_NAME)))
                continue
            try:
                values[key_name] = Setting(check_value(key, value), self.source(name))
            except RuleError as bad:
                problems.append(bad_value(f"{self.source(name)} {key_name}", value, bad, _remedy(self.path)))
        return values, problems


def read_config(path: Path, *, required: bool) -> Config | None:
    """Read the file. None where there is none and nobody asked for it (``required`` says somebody did).

    Raises SettingsError where it can't be read at all: missing, a folder, no permission, not UTF-8, not TOML.
    A byte order mark, as Windows editors write it, is not an error.
    """
    from mpesa_cli.floor.machine import commands

    try:
        with path.open("rb") as file:
            raw = file.read(_SIZE_MAX + 1)
    except FileNotFoundError:
        if not required:
            return None
        raise SettingsError(
            f"There is no configuration file {path}.",
            hint="Correct the path, or make one:  mpesa init", code="no-config-file",
        ) from None
    except OSError as refused:
        raise SettingsError(
            f"The configuration file {path} can't be read: {refused.strerror}.",
            hint=f"Look at it:  {commands.look(path)}", code="config-unreadable",
        ) from None
    return parse_config(path, raw)


def parse_config(path: Path, raw: bytes) -> Config:
    """The bytes of a file as a Config. Raises SettingsError where they are not TOML."""
    import tomllib  # many shops have no file: the environment says it all

    if len(raw) > _SIZE_MAX:
        raise _not_toml(path, "it is larger than 1 MiB")
    try:
        document = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as bad:
        raise _not_toml(path, f"it is not UTF-8 (byte {bad.start + 1})") from None
    except tomllib.TOMLDecodeError as bad:
        raise _not_toml(path, str(bad)) from None
    except (ValueError, RecursionError):  # a date that does not exist, tables nested thousands deep
        raise _not_toml(path, "a value in it can't be read") from None
    return _config_of(path, document)


def _not_toml(path: Path, why: str) -> SettingsError:
    return SettingsError(
        f"The configuration file {path} is not valid TOML: {why}.",
        hint="Correct it (text values stand in double quotes), then:  mpesa config check",
        code="config-invalid",
    )


def _config_of(path: Path, document: dict[str, object]) -> Config:
    problems = [_unknown_key(path, "at the top", key, list(_TOP)) for key in document if key not in _TOP]
    profiles: dict[str, Mapping[str, object]] = {}
    tables = document.get("profile", {})
    if not isinstance(tables, dict):
        problems.append(Problem(f"{path}: 'profile' must be a table.", "Right:  [profile.shop]"))
        tables = {}
    for name, table in tables.items():
        try:
            profile_name(name)
        except RuleError as bad:
            problems.append(bad_value(f"{path}: the profile name", name, bad, _remedy(path)))
            continue
        if isinstance(table, dict):
            profiles[name] = table
        else:
            problems.append(Problem(f"{path}: 'profile.{name}' must be a table.", f"Right: [profile.{name}]"))
    default = document.get("default_profile")
    if default is not None and (not isinstance(default, str) or default not in (*profiles, "simulator")):
        hint = f"{did_you_mean(str(default), list(profiles))}{_remedy(path)}"
        what = f"{path}: default_profile is {default!r}, but there is no such profile."
        problems.append(Problem(what, hint))
        default = None
    return Config(path, default if isinstance(default, str) else None, profiles, tuple(problems))


def _flat(table: Mapping[str, object]) -> list[tuple[str, object]]:
    """Keys with their section in front: ``sms.username``. A section that is no table stays as it is."""
    pairs: list[tuple[str, object]] = []
    for key, value in table.items():
        if key in SECTIONS and isinstance(value, dict):
            pairs += [(f"{key}.{inner}", inner_value) for inner, inner_value in value.items()]
        else:
            pairs.append((key, value))
    return pairs


def _unknown_key(path: Path, where: str, key: str, known: list[str]) -> Problem:
    """The problem of a key that does not exist, without its value: somebody may have put a secret there."""
    dashed = [spelt.lower().replace("_", "-").replace(".", "-") for spelt in (key.rpartition(".")[2], key)]
    secret = next((name for name in dashed if name in SECRET_NAMES), None)
    if secret:
        hint = f"A secret never stands in this file. Take the line out, then:  mpesa secrets set {secret}"
    else:
        hint = f"{did_you_mean(key, known)}{_remedy(path)}"
    return Problem(f"{path} {where}: there is no key {key!r}.", hint, code="unknown-key")


def _remedy(path: Path) -> str:
    return f"Correct {path}, then:  mpesa config check"
