"""The files of settings and secrets: written whole, read without surprises, changed by one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.files import lock
from mpesa_cli.floor.files.private_folder import ensure_private_dir
from mpesa_cli.floor.files.whole_file import read_small, write_whole

_SIZE_MAX = 64 * 1024


def write_private(path: Path, text: str, *, through_link: bool = True) -> None:
    """Write ``text`` to ``path`` with mode 0600, whole or not at all, on disk when this returns.

    A symbolic link keeps pointing where it does, unless ``through_link`` is False: then it is refused.
    Raises SettingsError where the disk or the folder refuses.
    """
    from mpesa_cli.floor.machine import commands

    if not through_link and path.is_symlink():
        raise SettingsError(
            f"{path} is a link to {path.readlink()}: a secret is written to no other place than its own.",
            hint=f"Nothing was written. Take the link away, then the same command again:  {commands.remove(path)}",
            code="file-unwritable",
        )
    # A link that appears there at this very moment is replaced, not followed: a rename follows none.
    target = path.resolve() if through_link else path.parent.resolve() / path.name
    ensure_private_dir(target.parent)
    try:
        write_whole(target, text.encode())
    except OSError as refused:
        raise SettingsError(
            f"{path} can't be written: {refused.strerror}. What stood there before still stands.",
            hint=f"Look at the folder:  {commands.look_at_folder(target.parent)}", code="file-unwritable",
        ) from None


def read_secret_file(path: Path, named_by: str, *, private: bool) -> str | None:
    """The text of a file that holds one secret, its last line break cut off; None where there is no file.

    ``private`` refuses a file that others may read. Raises SettingsError, which never shows the text.
    """
    from mpesa_cli.floor.machine import commands

    try:
        raw, standing = read_small(path, _SIZE_MAX)
    except FileNotFoundError:
        return None
    except OSError as refused:
        raise _unreadable(path, named_by, str(refused.strerror), commands.look(path)) from None
    if not standing.is_regular:
        raise _unreadable(path, named_by, "it is not a regular file", commands.look(path))
    if private and not standing.is_private:
        raise _unreadable(path, named_by, "others may read it", commands.make_file_private(path))
    try:
        text = raw.decode("utf-8-sig") if len(raw) <= _SIZE_MAX else ""
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise _unreadable(path, named_by, "it is empty, too long or not text", commands.size(path))
    return text.removesuffix("\n").removesuffix("\r")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock while its files are read, changed and written. It ends with the process."""
    with lock.locked(ensure_private_dir(folder) / ".lock"):
        yield


def _unreadable(path: Path, named_by: str, why: str, remedy: str) -> SettingsError:
    return SettingsError(
        f"{named_by} names {path}, which can't be used for a secret: {why}.",
        hint=f"Nothing was sent.  {remedy}", code="secret-file-unusable",
    )
