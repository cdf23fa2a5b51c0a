"""The locks of senders: a file for each attempt, beside the ledger, while its POST may be in the air.

The kernel gives a lock back on any death, so that the next look at the attempt knows at once that its sender has
gone. That is all it knows: gone is not undelivered. A file of another machine says nothing, and no file neither.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mpesa_cli.floor import machine
from mpesa_cli.floor.files.lock import take_lock
from mpesa_cli.rules.payment import AttemptRef


class SenderLocks:
    """The locks of one ledger's senders."""

    def __init__(self, ledger: Path) -> None:
        """Locks whose folder is not touched until somebody sends or asks."""
        self._ledger = ledger

    @contextlib.contextmanager
    def held(self, attempt: AttemptRef) -> Iterator[None]:
        """Hold the attempt's lock, on a descriptor of its own. Where that can't be had there is no file either.

        Left by an exception, the lock is free and its file stays: this sender records nothing any more.
        """
        path = self._path(attempt)
        descriptor = _locked(path)
        try:
            yield
            if descriptor is not None:
                held, descriptor = descriptor, None
                with contextlib.suppress(OSError):
                    machine.remove_locked(held, path)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def is_gone(self, attempt: AttemptRef) -> bool:
        """Whether a process of this machine held the attempt's lock, and has gone without giving it back itself."""
        try:
            descriptor = machine.open_to_read(self._path(attempt), follow=False)
        except OSError:
            return False
        try:
            return os.read(descriptor, 300) == _this_machine() and machine.try_lock(descriptor, shared=True)
        except OSError:  # a file system without locks
            return False
        finally:
            os.close(descriptor)

    def forget(self, attempt: AttemptRef) -> None:
        """Take the attempt's file away, if there is one."""
        with contextlib.suppress(OSError):
            self._path(attempt).unlink()

    def left_behind(self) -> list[AttemptRef]:
        """The attempts whose senders have gone and whose files are still there."""
        before = f"{self._ledger.name}.sending-"
        names = [path.name for path in self._ledger.parent.glob(f"{before}*-*.lock")]
        parts = [name.removeprefix(before).removesuffix(".lock").rpartition("-") for name in names]
        attempts = [AttemptRef(payment_id, int(n)) for payment_id, _, n in parts if n.isascii() and n.isdecimal()]
        return [each for each in attempts if self.is_gone(each)]

    def _path(self, attempt: AttemptRef) -> Path:
        return self._ledger.with_name(f"{self._ledger.name}.sending-{attempt.payment_id}-{attempt.number}.lock")


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock, with this machine's name in the file; None where that can't be had."""
    descriptor: int | None = None
    try:
        descriptor = take_lock(path)
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _this_machine())
            return descriptor
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def _this_machine() -> bytes:
    return machine.this_machine().encode()[:200]
