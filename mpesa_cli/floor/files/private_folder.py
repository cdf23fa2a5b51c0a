"""Folders of one owner, in which secrets, ledgers and caches lie."""

from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.errors import SettingsError


def ensure_private_dir(path: Path) -> Path:
    """Make ``path``, and every folder missing above it, readable by its owner only (0700). Returns it.

    A folder that exists keeps its mode: it may be one that others need, as ``/tmp`` or a shared drive.
    Raises SettingsError where it can't be made.
    """
    from mpesa_cli.floor.machine import commands

    try:
        machine.make_private_folder(path)
    except OSError as refused:
        raise SettingsError(
            f"The folder {path} can't be made: {refused.strerror or 'it is not a folder'}.",
            hint="Make it yourself, or choose another place:  "
            f"{commands.set_variable('MPESA_HOME', commands.A_FOLDER)}",
            code="folder-unusable",
        ) from None
    return path
