"""Small private files that several processes share: 0600 in a 0700 folder, replaced whole, under a lock.

A cache must never stop a payment: where the folder can't be used, reading finds nothing, writing returns
False, and the caller keeps the content in its own memory.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.lock import take_lock
from mpesa_cli.floor.files.whole_file import read_small, write_whole
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.strict_json import Json, read_json
from mpesa_cli.floor.world import World

_MAX_BYTES = 64 * 1024
UNSAID_S = 1.0  # a wait that is over sooner needs no words


class Shared(Protocol):
    """One JSON object that several processes share, in whatever place."""

    def read(self) -> Mapping[str, Json] | None:
        """The content; None where there is none."""

    def write(self, content: Mapping[str, object]) -> bool:
        """Replace it. False where that can't be done."""

    def remove(self) -> None:
        """Delete it, if that can be done."""

    def locked(self, most_s: float, why: str = "") -> AbstractContextManager[bool]:
        """Hold its lock, waiting at most so many seconds, and telling ``why``. Yields whether it is held."""


Notes: TypeAlias = Callable[[str, Secret, str], Shared]
"""Another place than a folder: gives the object of a kind, an owner and a host."""


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
            raw, standing = read_small(self._path, _MAX_BYTES, follow=False)
        except FileNotFoundError:
            return None
        except OSError:  # a link, a device, no right to read: not a file that we wrote
            self.remove()
            return None
        if standing.is_ours and standing.is_private:
            found = read_json(raw, max_bytes=_MAX_BYTES)
            if isinstance(found, dict):
                return found
        self.remove()
        return None

    def write(self, content: Mapping[str, object]) -> bool:
        """Replace the file, all or nothing. False where that can't be done."""
        if not self._folder_is_ours():
            return False
        try:
            write_whole(self._path, json.dumps(content).encode(), on_disk="no")
        except OSError:
            return False
        return True

    def remove(self) -> None:
        """Delete the file, if that can be done."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    @contextlib.contextmanager
    def locked(self, most_s: float, why: str = "") -> Iterator[bool]:
        """Hold the file's lock, after waiting at most ``most_s`` seconds for it. Yields whether it is held.

        ``why`` is told to whoever waits for longer than a second.
        A process that dies gives its lock back; one that was stopped must not stop everyone else.
        """
        try:
            # On a file system without locks there is nothing to wait for.
            handle = self._take_lock(most_s, why) if self._folder_is_ours() else None
        except OSError:
            handle = None
        try:
            yield handle is not None
        finally:
            if handle is not None:
                os.close(handle)

    def _take_lock(self, most_s: float, why: str) -> int | None:
        path = self._path.with_suffix(".lock")
        handle = take_lock(path, wait_s=min(most_s, UNSAID_S), sleep=self._world.sleep)
        if handle is not None or most_s <= UNSAID_S:
            return handle
        if why:
            self._world.tell(f"{why}: waiting for it, {most_s:.0f} s at most.")
        return take_lock(path, wait_s=most_s - UNSAID_S, sleep=self._world.sleep)

    def _folder_is_ours(self) -> bool:
        try:
            machine.make_private_folder(self._folder)
            standing = machine.standing(self._folder)
            if not standing.is_ours:
                return False
            if not standing.is_private:
                machine.make_private(self._folder)
        except OSError:
            return False
        return True
