"""Windows' files with an owner: opened, made and judged by their access lists. Every function raises OSError."""

import ctypes
import errno
import functools
import msvcrt
import os
import stat
import sys
from ctypes import wintypes
from pathlib import Path

from mpesa_cli.floor.machine.access_lists import is_owned, is_private, private_to

assert sys.platform == "win32"  # mypy reads this half for Windows alone

_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_security = ctypes.WinDLL("advapi32", use_last_error=True)
_kernel.CreateFileW.restype = wintypes.HANDLE
_kernel.CreateFileW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD,
                                wintypes.DWORD, wintypes.HANDLE)
_kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel.LocalFree.argtypes = (ctypes.c_void_p,)
_kernel.GetCurrentProcess.restype = wintypes.HANDLE
_security.OpenProcessToken.argtypes = (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE))
_security.GetTokenInformation.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD,
                                          ctypes.POINTER(wintypes.DWORD))
_security.ConvertSidToStringSidW.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))
_security.GetSecurityInfo.argtypes = (wintypes.HANDLE, ctypes.c_int, wintypes.DWORD, *(5 * (ctypes.c_void_p,)))
_security.GetNamedSecurityInfoW.argtypes = (wintypes.LPCWSTR, ctypes.c_int, wintypes.DWORD, *(5 * (ctypes.c_void_p,)))
_security.SetFileSecurityW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p)
_security.ConvertSecurityDescriptorToStringSecurityDescriptorW.argtypes = (
    ctypes.c_void_p, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)
_security.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = (
    wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)

_READ, _WRITE = 0x8000_0000, 0x4000_0000
_SHARED = 1 | 2 | 4  # others may read, write, and rename or remove it
_MAKE_NEW, _OPEN_OLD, _OPEN_OR_MAKE = 1, 3, 4
_THE_LINK_ITSELF = 0x0020_0000
_NO_HANDLE = wintypes.HANDLE(-1).value
_REPLACE, _WRITE_THROUGH = 1, 8
_A_FILE, _OWNER_AND_LIST = 1, 1 | 4  # SE_FILE_OBJECT, OWNER_ and DACL_SECURITY_INFORMATION
_LIST_ALONE = 4 | 0x8000_0000  # the list, and none that is inherited
_SDDL_VERSION, _ASK_TOKEN, _TOKEN_USER = 1, 8, 1


class _Attributes(ctypes.Structure):
    _fields_ = (("length", wintypes.DWORD), ("descriptor", ctypes.c_void_p), ("inherit", wintypes.BOOL))


def open_file(path: Path, *, write: bool, new: bool, append: bool, follow: bool) -> int:
    """A descriptor; what is made is for its owner only from its first moment. A link is refused unless ``follow``."""
    how = _MAKE_NEW if new else _OPEN_OR_MAKE if write else _OPEN_OLD
    descriptor = _descriptor(folder=False)
    try:
        attributes = _Attributes(ctypes.sizeof(_Attributes), descriptor, False)
        handle = _kernel.CreateFileW(
            str(path), _READ | (_WRITE if write else 0), _SHARED, ctypes.byref(attributes), how,
            0 if follow else _THE_LINK_ITSELF, None,
        )
        if handle == _NO_HANDLE:
            raise _failed(path)
    finally:
        _kernel.LocalFree(descriptor)
    flags = os.O_BINARY | os.O_NOINHERIT | (os.O_RDWR if write else os.O_RDONLY) | (os.O_APPEND if append else 0)
    opened = msvcrt.open_osfhandle(handle, flags)
    if not follow and os.fstat(opened).st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT:
        os.close(opened)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return opened


def make_folder(folder: Path) -> None:
    """Make a folder for its owner only, who owns what comes into it too."""
    descriptor = _descriptor(folder=True)
    try:
        attributes = _Attributes(ctypes.sizeof(_Attributes), descriptor, False)
        if not _kernel.CreateDirectoryW(str(folder), ctypes.byref(attributes)):
            raise _failed(folder)
    finally:
        _kernel.LocalFree(descriptor)


def make_private(folder: Path) -> None:
    """Give a folder that is there the list of one that make_folder made."""
    descriptor = _descriptor(folder=True)
    try:
        if not _security.SetFileSecurityW(str(folder), _LIST_ALONE, descriptor):
            raise _failed(folder)
    finally:
        _kernel.LocalFree(descriptor)


def owned_and_private(of: int | Path) -> tuple[bool, bool]:
    """Whether an open file, or what is at a path, is ours; and whether nobody else may use it."""
    sddl, user = _sddl(of), _user()
    return is_owned(sddl, user), is_private(sddl, user)


def move(scratch: Path, target: Path, *, replace: bool, on_disk: bool) -> None:
    """Rename; ``on_disk``: written through when this returns. FileExistsError where ``replace`` is false."""
    how = (_REPLACE if replace else 0) | (_WRITE_THROUGH if on_disk else 0)
    if not _kernel.MoveFileExW(str(scratch), str(target), how):
        raise _failed(target)


def _sddl(of: int | Path) -> str:
    descriptor, text = ctypes.c_void_p(), ctypes.c_void_p()
    nothing = (None, None, None, None, ctypes.byref(descriptor))
    if isinstance(of, Path):
        error = _security.GetNamedSecurityInfoW(str(of), _A_FILE, _OWNER_AND_LIST, *nothing)
    else:
        error = _security.GetSecurityInfo(msvcrt.get_osfhandle(of), _A_FILE, _OWNER_AND_LIST, *nothing)
    if error:
        raise ctypes.WinError(error)
    try:
        if not _security.ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor, _SDDL_VERSION, _OWNER_AND_LIST, ctypes.byref(text), None
        ):
            raise ctypes.WinError(ctypes.get_last_error())
        return _taken(text)
    finally:
        _kernel.LocalFree(descriptor)


@functools.cache
def _user() -> str:
    """The SID of the user who runs this process."""
    token, size, text = wintypes.HANDLE(), wintypes.DWORD(), ctypes.c_void_p()
    if not _security.OpenProcessToken(_kernel.GetCurrentProcess(), _ASK_TOKEN, ctypes.byref(token)):
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        answer = ctypes.create_string_buffer(256)
        if not _security.GetTokenInformation(token, _TOKEN_USER, answer, len(answer), ctypes.byref(size)):
            raise ctypes.WinError(ctypes.get_last_error())
    finally:
        _kernel.CloseHandle(token)
    if not _security.ConvertSidToStringSidW(ctypes.c_void_p.from_buffer(answer), ctypes.byref(text)):
        raise ctypes.WinError(ctypes.get_last_error())
    return _taken(text)


def _taken(text: ctypes.c_void_p) -> str:
    """A text that the system made for us, and given back to it."""
    try:
        return ctypes.wstring_at(text.value or 0)
    finally:
        _kernel.LocalFree(text)


def _descriptor(*, folder: bool) -> ctypes.c_void_p:
    """What is for this user alone, as the system has it. To be given back by LocalFree."""
    descriptor = ctypes.c_void_p()
    if not _security.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        private_to(_user(), folder=folder), _SDDL_VERSION, ctypes.byref(descriptor), None
    ):
        raise ctypes.WinError(ctypes.get_last_error())
    return descriptor


def _failed(path: Path) -> OSError:
    error = ctypes.WinError(ctypes.get_last_error())
    error.filename = str(path)
    return error
