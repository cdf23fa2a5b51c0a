"""The way this program was installed, so that a hint can name the command that adds what is missing."""

import contextlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from mpesa_cli.floor.errors import SettingsError


def adding(*extras: str) -> str:
    """The command that installs what these extras need: ``pdf``, ``printer``, ``xlsx``."""
    needed = " ".join(shlex.quote(each) for each in _needed_by(extras))
    if "pipx" in Path(sys.prefix).parts:
        return f"pipx inject mpesa-cli {needed}"
    return f"{_python()} -m pip install {needed}"


def upgrading() -> str:
    """The command that installs a newer version."""
    if "pipx" in Path(sys.prefix).parts:
        return "pipx upgrade mpesa-cli"
    return f"{_python()} -m pip install --upgrade mpesa-cli"


@contextlib.contextmanager
def needing_cryptography() -> Iterator[None]:
    """Raise SettingsError in the place of an ImportError: everything else works without that package."""
    try:
        yield
    except ImportError as missing:
        raise SettingsError(
            "This needs the package cryptography, which can't be loaded here: initiators' passwords and RS256 or ES256 "
            "keys are all that does.",
            hint=f"Nothing was sent. Install it:  {_python()} -m pip install --upgrade cryptography",
            code="cryptography-missing",
        ) from missing


def _python() -> str:
    from mpesa_cli.floor.machine import commands

    return commands.this_python()


def _needed_by(extras: tuple[str, ...]) -> list[str]:
    """The packages that the extras need, from this installation's metadata; the extra's own name where it has none."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        every = requires("mpesa-cli") or []
    except PackageNotFoundError:
        every = []
    wanted = [(line.partition(";")[0].strip(), re.search(r"extra == ['\"](\w+)['\"]", line)) for line in every]
    found = [name for name, extra in wanted if extra and extra[1] in extras and not name.startswith("mpesa-cli")]
    return found or [f"mpesa-cli[{','.join(extras)}]"]
