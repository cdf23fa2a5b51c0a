"""Windows' answers about a disk: room, type, and whether it can be written at all."""

import ctypes
import sys
from pathlib import Path

assert sys.platform == "win32"  # mypy reads this half for Windows alone

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_REMOTE, _IN_MEMORY = 4, 6  # GetDriveType
_READ_ONLY_VOLUME = 0x0008_0000  # GetVolumeInformation


def free_bytes(folder: Path) -> int:
    """The room that is left to this user, in bytes."""
    free = ctypes.c_ulonglong()
    _check(_kernel.GetDiskFreeSpaceExW(str(folder), ctypes.byref(free), None, None))
    return free.value


def is_read_only(path: Path) -> bool:
    """Whether nobody can write to the volume of what is at ``path``."""
    return bool(_volume(path)[1] & _READ_ONLY_VOLUME)


def file_system_of(folder: Path) -> str:
    """``NTFS`` and the like; ``smb`` for a drive of a network, ``ramfs`` for one in memory; empty where not known."""
    try:
        by_kind = {_REMOTE: "smb", _IN_MEMORY: "ramfs"}.get(_kernel.GetDriveTypeW(_root(folder)))
        return by_kind or _volume(folder)[0]
    except OSError:
        return ""


def _volume(path: Path) -> tuple[str, int]:
    name, flags = ctypes.create_unicode_buffer(64), ctypes.c_ulong()
    _check(_kernel.GetVolumeInformationW(_root(path), None, 0, None, None, ctypes.byref(flags), name, len(name)))
    return name.value, flags.value


def _root(path: Path) -> str:
    root = ctypes.create_unicode_buffer(1024)
    _check(_kernel.GetVolumePathNameW(str(path), root, len(root)))
    return root.value


def _check(done: int) -> None:
    if not done:
        raise ctypes.WinError(ctypes.get_last_error())
