"""Public keys in a file that their issuer renews now and then: read again when it has changed, not otherwise."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from mpesa_cli.api.tokens.keys import KeySet, KeyUnusable, NoKeyLeft
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.floor.files.whole_file import read_small

_SIZE_MAX = 64 * 1024


def _to_nobody(_line: str) -> None:
    pass


class KeyFile:
    """The keys in one file. Calling it gives them as they are now; any thread may.

    A file that is damaged or gone while it is in use is as good as the one before: requests with good tokens must
    not fail because a download broke off. One that can be read counts as it is: keys that its issuer took out of it
    are good no more, and where it took all of them out, none is. Renew it by renaming, so that it is read whole.
    """

    def __init__(
        self, path: Path, setting: str, read: Callable[[bytes], KeySet], complain: Callable[[str], None] = _to_nobody
    ) -> None:
        """``setting`` names the key of the configuration; ``complain`` hears a line about each change of the file.

        Raises SettingsError where it can't be used now.
        """
        self._path = path
        self._setting = setting
        self._read = read
        self._complain = complain
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None
        try:
            self._seen, raw = _content(path)
            self._keys = read(raw)
        except (OSError, KeyUnusable) as unusable:
            raise SettingsError(
                f"{setting} names {path}, and it {_why(unusable)}.",
                hint="Nothing was started. Correct the file or the setting, then: mpesa config show",
                code="api-key-unusable",
            ) from None

    def __call__(self) -> KeySet:
        """The keys as the file has them; the last good ones where it is damaged or gone."""
        with self._lock:
            try:
                now = _identity(self._path.stat())
            except OSError:
                now = None
            if now != self._seen:
                self._seen = now
                self._complain(self._look_again())
            return self._keys

    def _look_again(self) -> str:
        """Take the keys of the file as it is now, and say in a line what that changed."""
        try:
            self._seen, raw = _content(self._path)
            self._keys = self._read(raw)
        except NoKeyLeft as left:
            self._keys = KeySet((), named=True)
            return f"{self._setting}: {self._path} has changed, and it {left}: no token is good until it has one."
        except (OSError, KeyUnusable) as unusable:
            return f"{self._setting}: {self._path} {_why(unusable)}. The keys that were read before stay in use."
        return f"{self._setting}: {self._path} has changed and was read again; it has {len(self._keys.keys)} keys."


def _why(unusable: OSError | KeyUnusable) -> str:
    return f"can't be read: {unusable.strerror}" if isinstance(unusable, OSError) else str(unusable)


def _content(path: Path) -> tuple[tuple[int, ...], bytes]:
    raw, standing = read_small(path, _SIZE_MAX)
    if not raw or len(raw) > _SIZE_MAX:
        raise KeyUnusable(f"is empty, larger than {_SIZE_MAX >> 10} KiB or not a file")
    return _identity(standing.status), raw


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns  # a copy may keep the other's mtime
