"""The lock that lets one batch at a time run on a ledger. The ledger keeps it correct; this keeps order."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from mpesa_cli.floor.errors import LedgerUnusable, Temporary


@contextlib.contextmanager
def only_batch(ledger: Path, kind: str = "batch") -> Iterator[None]:
    """Hold the lock for one kind of work on the ledger at this path. The kernel frees it on any death.

    Raises Temporary (``batch-running``) where another process holds it.
    """
    path = ledger.with_name(f"{ledger.name}.{kind}.lock")
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as refused:
        raise LedgerUnusable(
            f"The lock {path} can't be made: {refused.strerror}.",
            hint=f"Nothing was sent. Make the folder writable for you: ls -ld {path.parent}",
        ) from refused
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise Temporary(
                f"Another {kind} is at work on this ledger{f' (process {holder})' if holder else ''}.",
                hint="Nothing was sent by this one. When the other has ended, run the same command again.",
                code="batch-running",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
