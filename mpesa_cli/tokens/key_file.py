"""Public keys in a file that their issuer renews now and then: read again when it has changed, not otherwise."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from mpesa_cli.errors import SettingsError
from mpesa_cli.tokens.keys import KeySet, KeyUnusable

_SIZE_MAX = 64 * 1024


class KeyFile:
    """The keys in one file. Calling it gives them as they are now; any thread may.

    A file that is damaged while it is in use is as good as the one before: requests with good tokens must not
    fail because a download broke off. It is read whole or not at all, so renew it by renaming.
    """

    def __init__(self, path: Path, setting: str, read: Callable[[bytes], KeySet]) -> None:
        """``setting`` names the key of the configuration. Raises SettingsError where it can't be used now."""
        self._path = path
        self._setting = setting
        self._read = read
        self._seen, self._keys = self._load()

    def __call__(self) -> KeySet:
        """The keys as the file has them; the last good ones where it can't be used."""
        try:
            if _identity(self._path.stat()) != self._seen:
                self._seen, self._keys = self._load()
        except (OSError, SettingsError):
            return self._keys
        return self._keys

    def _load(self) -> tuple[tuple[int, ...], KeySet]:
        try:
            status, raw = _content(self._path)
            return _identity(status), self._read(raw)
        except OSError as refused:
            why = f"can't be read: {refused.strerror}"
        except KeyUnusable as unusable:
            why = str(unusable)
        raise SettingsError(
            f"{self._setting} names {self._path}, and it {why}.",
            hint="Nothing was started. Correct the file or the setting, then: mpesa config show",
            code="api-key-unusable",
        )


def _content(path: Path) -> tuple[os.stat_result, bytes]:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait
    try:
        status = os.fstat(handle)
        raw = os.read(handle, _SIZE_MAX + 1) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(handle)
    if not raw or len(raw) > _SIZE_MAX:
        raise KeyUnusable(f"is empty, larger than {_SIZE_MAX >> 10} KiB or not a file")
    return status, raw


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns
