"""Small private files that several processes share: 0600 in a 0700 folder, replaced whole, under a lock.

A cache must never stop a payment: where the folder can't be used, reading finds nothing, writing returns
False, and the caller keeps the content in its own memory.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.strict_json import Json, read_json
from mpesa_cli.floor.world import World

_MAX_BYTES = 64 * 1024
_POLL_S = 0.02


class SharedFile:
    """One JSON object that belongs to one owner at one host."""

    def __init__(self, folder: Path, kind: str, owner: Secret, host: str, world: World) -> None:
        """``owner`` is the consumer key, with its secret where that matters. The file's name shows neither owner
        nor host. Nothing is touched until it is used.
        """
        digest = hashlib.sha256(f"{host}\n{owner.reveal()}".encode()).hexdigest()
        self._folder = folder
        self._path = folder / f"{kind}-{digest[:32]}.json"
        self._world = world

    def read(self) -> Mapping[str, Json] | None:
        """The file's content; None where there is none. A file that is not private, or not ours, is dropped."""
        try:
            opened = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError:  # a link, a device, no right to read: not a file that we wrote
            self.remove()
            return None
        with open(opened, "rb") as file:  # noqa: PTH123 - a descriptor, checked below before it is read
            about = os.fstat(opened)
            if stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077:
                found = read_json(file.read(_MAX_BYTES + 1), max_bytes=_MAX_BYTES)
                if isinstance(found, dict):
                    return found
        self.remove()
        return None

    def write(self, content: Mapping[str, object]) -> bool:
        """Replace the file, all or nothing. False where that can't be done."""
        if not self._folder_is_ours():
            return False
        # Named after the process, so that one killed here leaves a single file, which its namesake replaces.
        # Not tempfile: importing that costs more than writing this.
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            temporary.unlink(missing_ok=True)
            opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(opened, "w", encoding="utf-8") as file:  # noqa: PTH123 - a private descriptor
                json.dump(content, file)
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            return False
        return True

    def remove(self) -> None:
        """Delete the file, if that can be done."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    @contextlib.contextmanager
    def locked(self, most_s: float) -> Iterator[bool]:
        """Hold the file's lock, after waiting at most ``most_s`` seconds for it. Yields whether it is held.

        A process that dies gives its lock back; one that was stopped must not stop everyone else.
        """
        lock = self._open_lock()
        try:
            yield lock is not None and self._acquire(lock, most_s)
        finally:
            if lock is not None:
                os.close(lock)

    def _acquire(self, lock: int, most_s: float) -> bool:
        for _ in range(max(1, round(most_s / _POLL_S))):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._world.sleep(_POLL_S)
            except OSError:  # a file system without locks
                return False
            else:
                return True
        return False

    def _open_lock(self) -> int | None:
        if not self._folder_is_ours():
            return None
        try:
            return os.open(
                self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError:
            return None

    def _folder_is_ours(self) -> bool:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            about = self._folder.stat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
                return False
            if about.st_mode & 0o077:
                self._folder.chmod(0o700)
        except OSError:
            return False
        return True
