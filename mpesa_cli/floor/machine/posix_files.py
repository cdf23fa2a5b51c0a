"""The POSIX half for files: locks, what belongs to one owner, durable names, disks."""

import errno
import fcntl
import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

assert sys.platform != "win32"  # mypy reads this half for POSIX alone

_OTHERS = 0o077


class Standing(NamedTuple):
    """A file or folder, as the system answers for it.

    ``status`` is the system's own; ``is_regular``: a plain file, no folder, pipe or device. ``is_ours``: it belongs to
    the user who runs this process.
    ``is_private``: nobody but its owner may read or write it.
    """

    status: os.stat_result
    is_regular: bool
    is_ours: bool
    is_private: bool


def try_lock(handle: int, *, shared: bool = False) -> bool:
    """Whether ``handle`` holds its file's lock now; False where another does. Never waits.

    The kernel frees it with the handle, so on any death too: it can't go stale. ``shared`` takes the lock beside
    others that do. Raises OSError on a file system without locks.
    """
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(handle: int) -> None:
    """The file's lock, however long another holds it."""
    fcntl.flock(handle, fcntl.LOCK_EX)


def open_private(path: Path, *, new: bool = False, append: bool = False, follow: bool = True) -> int:
    """A handle to read and write the file, made where there is none, for its owner only.

    ``new`` refuses a file that exists (FileExistsError), ``append`` writes at its end, and without ``follow`` a link
    is refused.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    flags |= (os.O_EXCL if new else 0) | (os.O_APPEND if append else 0) | (0 if follow else os.O_NOFOLLOW)
    return os.open(path, flags, 0o600)


def open_to_read(path: Path, *, follow: bool = True) -> int:
    """A handle to read the file. A pipe in its place makes nobody wait; without ``follow`` a link is refused."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))


def make_private_folder(folder: Path) -> None:
    """See to it that the folder is there; what is missing of it and above it is made for its owner only.

    A folder that exists keeps its mode: it may be one that others need, as ``/tmp`` or a shared drive.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))


def make_private(folder: Path) -> None:
    """Let nobody but its owner into a folder that is there."""
    folder.chmod(0o700)


def new_files_are_private() -> None:
    """From now on every file and folder that this process makes is for its owner only, SQLite's too."""
    os.umask(_OTHERS)


def standing(of: int | Path) -> Standing:
    """The standing of an open file or of what is at a path."""
    status = os.stat(of)  # noqa: PTH116 - of a handle too
    return Standing(
        status, stat.S_ISREG(status.st_mode), status.st_uid == os.geteuid(), not status.st_mode & _OTHERS
    )


def sync_file(path: Path) -> None:
    """The file's bytes are on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """The names in the folder are on the disk when this returns."""
    sync_file(path)


def put_in_place(scratch: Path, target: Path, *, on_disk: bool) -> None:
    """Let a finished file take the place of the one at ``target``; ``on_disk``: its name too when this returns."""
    scratch.replace(target)
    if on_disk:
        sync_folder(target.parent)


def give_name(scratch: Path, target: Path) -> None:
    """Let a finished file be found under its name too, never in the place of one that came up meanwhile.

    A link, since a renaming would replace that one. Where the file system has no links, as on most USB sticks, it is
    renamed. On disk when this returns. Raises FileExistsError, OSError.
    """
    try:
        os.link(scratch, target)
    except OSError:
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        scratch.rename(target)
    sync_folder(target.parent)


def remove_locked(handle: int, path: Path) -> None:
    """Take away the file whose lock ``handle`` holds, and close it. Nobody finds it there and free in between."""
    try:
        path.unlink()
    finally:
        os.close(handle)


def free_bytes(folder: Path) -> int:
    """The room on the folder's disk that is left to this user, in bytes."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def is_on_read_only_disk(path: Path) -> bool:
    """Whether what is at ``path`` is on a file system that nobody can write."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def file_system_of(folder: Path) -> str:
    """The type of the file system of a folder, as Linux names it; empty where it is not known."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        fields, _, source = line.partition(" - ")
        point = Path(fields.split()[4].replace("\\040", " "))
        if folder.resolve().is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), source.split()[0]
    return kind
