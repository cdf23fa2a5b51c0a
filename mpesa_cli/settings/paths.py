"""Folders and files. MPESA_HOME puts everything under one folder; otherwise the platform's own folders.

Nothing here depends on the working directory: a till that is started from another folder must not meet
another ledger, and so charge again.
"""

from collections.abc import Mapping
from pathlib import Path

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.records import dataclass

APP_NAME = "mpesa-cli"


@dataclass(frozen=True, slots=True)
class Paths:
    """The four folders: configuration, data (ledgers), state (locks, simulator), cache (tokens)."""

    config_dir: Path
    data_dir: Path
    state_dir: Path
    cache_dir: Path


def find_paths(environ: Mapping[str, str]) -> Paths:
    """The folders to use. Creates nothing. Raises SettingsError where MPESA_HOME is a relative path."""
    home = environ.get("MPESA_HOME", "").strip()
    if home:
        root = absolute_path(home, "MPESA_HOME")
        return Paths(root / "config", root / "data", root / "state", root / "cache")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(APP_NAME, appauthor=False)
    return Paths(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path, dirs.user_cache_path)


def ledger_note(shortcode: str, till: str | None) -> Path:
    """The note that this till or paybill has a production ledger: in the user's own folder, without MPESA_HOME.

    A wrong MPESA_HOME is one of the ways in which a ledger goes missing.
    """
    name = f"production-{shortcode}-{till}" if till else f"production-{shortcode}"
    return find_paths({}).state_dir / "ledgers" / f"{name}.json"


def config_file(environ: Mapping[str, str], flag: str | None = None) -> Path:
    """The configuration file: the flag's, then MPESA_CONFIG's, then the user's own. It may not exist."""
    return named_config_file(environ, flag) or find_paths(environ).config_dir / "config.toml"


def named_config_file(environ: Mapping[str, str], flag: str | None = None) -> Path | None:
    """The configuration file somebody asked for by name, which must then exist; None for the usual one.

    A flag is typed here and now, so only its path may be relative to the working directory.
    """
    if flag:
        return Path(flag).expanduser().absolute()
    named = environ.get("MPESA_CONFIG", "").strip()
    return absolute_path(named, "MPESA_CONFIG") if named else None


def absolute_path(text: str, variable: str) -> Path:
    """``text`` as a path, ``~`` filled in. Raises SettingsError, naming the variable, if it is relative."""
    from mpesa_cli.floor.machine import commands

    path = Path(text).expanduser()
    if not path.is_absolute():
        raise SettingsError(
            f"{variable} is {text!r}, which depends on the folder you are in.",
            hint=f"Give the whole path:  {commands.set_variable(variable, str(Path.cwd() / path))}",
            code="relative-path",
        )
    return path
