"""The parts that differ between operating systems: locks, files of one owner, durable names, limits, terminals.

POSIX. Handles are file descriptors; every function raises OSError where the system refuses.
"""

import contextlib
import errno
import fcntl
import io
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import socket

_OTHERS = 0o077


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


def is_ours(status: os.stat_result) -> bool:
    """Whether the file or folder belongs to the user who runs this process."""
    return status.st_uid == os.geteuid()


def is_private(status: os.stat_result) -> bool:
    """Whether nobody but its owner may read or write it."""
    return not status.st_mode & _OTHERS


def is_regular(status: os.stat_result) -> bool:
    """Whether it is a plain file: no folder, pipe or device."""
    return stat.S_ISREG(status.st_mode)


def sync_file(path: Path) -> None:
    """The file's bytes, or the names in a folder, are on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
    sync_file(target.parent)


def this_machine() -> str:
    """The name of this machine, as others on its network know it."""
    return os.uname().nodename


def unconfirmed_bytes(connection: "socket.socket") -> int:
    """The number of bytes that the other side of a connection has not confirmed; 0 where the system can't say."""
    import termios

    if not sys.platform.startswith("linux"):
        return 0
    return int.from_bytes(fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def may_open(wanted: int) -> int:
    """The number of files and connections that this process may have open, at most ``wanted``.

    Its own limit is raised as far as it may be.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)


@contextlib.contextmanager
def typed_unseen(terminal: TextIO) -> Iterator[None]:
    """Turn the terminal's echo off, and on again whatever happens. Does nothing where it is no terminal."""
    import termios

    try:
        handle = terminal.fileno()
        before = termios.tcgetattr(handle)
    except (io.UnsupportedOperation, termios.error):
        yield
        return
    silent = before.copy()
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(handle, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(handle, termios.TCSAFLUSH, before)
