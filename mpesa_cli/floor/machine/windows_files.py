"""The Windows half for files: locks, what belongs to one owner, durable names, disks."""

import contextlib
import errno
import msvcrt
import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

assert sys.platform == "win32"  # mypy reads this half for Windows alone

# A locked region can be neither read nor written by others, so it lies where no file of ours ever has a byte.
_LOCKED_AT = 0x7FFF_FFF0
_LOOK_AGAIN_S = 0.01
# Another process that has the file open, a scanner too, keeps it from being replaced or removed for that moment.
_TRIES, _BETWEEN_S = 50, 0.02
_DENIED, _SHARED = 5, 32
_HELD_BY_ANOTHER = frozenset({errno.EACCES, errno.EDEADLK, 0})  # wine's C library leaves it at 0


class Standing(NamedTuple):
    """A file or folder, as the system answers for it.

    ``status`` is the system's own; ``is_regular``: a plain file, no folder, pipe or device. ``is_ours``: it belongs to
    the user who runs this process, or to the administrators. ``is_private``: nobody else may read or write it.
    """

    status: os.stat_result
    is_regular: bool
    is_ours: bool
    is_private: bool


def try_lock(handle: int, *, shared: bool = False) -> bool:
    """Whether ``handle`` holds its file's lock now; False where another does. Never waits.

    The system frees it with the handle, so on any death too: it can't go stale. ``shared`` too is held alone here:
    whoever asks for it only looks. Raises OSError on a file system without locks.
    """
    at = os.lseek(handle, 0, os.SEEK_CUR)
    os.lseek(handle, _LOCKED_AT, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError as refused:
        if refused.errno not in _HELD_BY_ANOTHER:
            raise
        return False
    finally:
        os.lseek(handle, at, os.SEEK_SET)
    return True


def wait_for_lock(handle: int) -> None:
    """The file's lock, however long another holds it."""
    while not try_lock(handle):
        time.sleep(_LOOK_AGAIN_S)


def open_private(path: Path, *, new: bool = False, append: bool = False, follow: bool = True) -> int:
    """A handle to read and write the file, made where there is none, for its owner only.

    ``new`` refuses a file that exists (FileExistsError), ``append`` writes at its end, and without ``follow`` a link
    is refused.
    """
    from mpesa_cli.floor.machine import windows_access

    return windows_access.open_file(path, write=True, new=new, append=append, follow=follow)


def open_to_read(path: Path, *, follow: bool = True) -> int:
    """A handle to read the file; without ``follow`` a link is refused."""
    from mpesa_cli.floor.machine import windows_access

    return windows_access.open_file(path, write=False, new=False, append=False, follow=follow)


def make_private_folder(folder: Path) -> None:
    """See to it that the folder is there; what is missing of it and above it is made for its owner only.

    A folder that exists keeps its rights: it may be one that others need, as a shared drive.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    if missing:
        from mpesa_cli.floor.machine import windows_access

        for each in reversed(missing):
            with contextlib.suppress(FileExistsError):
                windows_access.make_folder(each)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def make_private(folder: Path) -> None:
    """Let nobody but its owner into a folder that is there. What is in it already keeps its rights."""
    from mpesa_cli.floor.machine import windows_access

    windows_access.make_private(folder)


def new_files_are_private() -> None:
    """Do nothing: a new file, SQLite's too, has the rights of its folder, and make_private_folder gives those."""


def standing(of: int | Path) -> Standing:
    """The standing of an open file or of what is at a path."""
    from mpesa_cli.floor.machine import windows_access

    status = os.stat(of)  # noqa: PTH116 - of a handle too
    is_ours, is_private = windows_access.owned_and_private(of)
    return Standing(status, stat.S_ISREG(status.st_mode), is_ours, is_private)


def sync_file(path: Path) -> None:
    """The file's bytes are on the disk when this returns."""
    handle = os.open(path, os.O_RDWR | os.O_BINARY | os.O_NOINHERIT)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Do nothing: a folder can't be flushed here. Names are on disk once put_in_place or give_name returns."""


def put_in_place(scratch: Path, target: Path, *, on_disk: bool) -> None:
    """Let a finished file take the place of the one at ``target``; ``on_disk``: its name too when this returns.

    Waits up to a second for those who have that one open.
    """
    from mpesa_cli.floor.machine import windows_access

    _patiently(lambda: windows_access.move(scratch, target, replace=True, on_disk=on_disk))


def give_name(scratch: Path, target: Path) -> None:
    """Let a finished file be found under its name, never in the place of one that came up meanwhile.

    On disk when this returns. Raises FileExistsError, OSError.
    """
    from mpesa_cli.floor.machine import windows_access

    _patiently(lambda: windows_access.move(scratch, target, replace=False, on_disk=True))


def remove_locked(handle: int, path: Path) -> None:
    """Take away the file whose lock ``handle`` holds, and close it. Nobody finds it there, whole and free, in between.

    Emptied first, since its name may stay until everybody has closed it.
    """
    try:
        os.ftruncate(handle, 0)
        _patiently(path.unlink)
    finally:
        os.close(handle)


def free_bytes(folder: Path) -> int:
    """The room on the folder's disk that is left to this user, in bytes."""
    from mpesa_cli.floor.machine import windows_disks

    return windows_disks.free_bytes(folder)


def is_on_read_only_disk(path: Path) -> bool:
    """Whether what is at ``path`` is on a file system that nobody can write."""
    from mpesa_cli.floor.machine import windows_disks

    return windows_disks.is_read_only(path)


def file_system_of(folder: Path) -> str:
    """The type of the file system of a folder: ``NTFS``, or ``smb`` for any drive of a network."""
    from mpesa_cli.floor.machine import windows_disks

    return windows_disks.file_system_of(folder)


def _patiently(act: Callable[[], object]) -> None:
    for left in reversed(range(_TRIES)):
        try:
            act()
        except PermissionError as refused:
            if not left or refused.winerror not in {_DENIED, _SHARED}:
                raise
            time.sleep(_BETWEEN_S)
        else:
            return
