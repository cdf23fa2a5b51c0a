"""The lock that lets one batch at a time run on a ledger. The ledger keeps it correct; this keeps order."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mpesa_cli.floor.errors import LedgerUnusable, Temporary
from mpesa_cli.floor.files.lock import take_lock


@contextlib.contextmanager
def only_batch(ledger: Path, kind: str = "batch") -> Iterator[None]:
    """Hold the lock for one kind of work on the ledger at this path. The kernel frees it on any death.

    Raises Temporary (``batch-running``) where another process holds it.
    """
    from mpesa_cli.floor.machine import commands

    path = ledger.with_name(f"{ledger.name}.{kind}.lock")
    try:
        handle = take_lock(path)
    except OSError as refused:
        raise LedgerUnusable(
            f"The lock {path} can't be made: {refused.strerror}.",
            hint=f"Nothing was sent. Make the folder writable for you: {commands.look_at_folder(path.parent)}",
        ) from refused
    if handle is None:
        holder = _holder(path)
        raise Temporary(
            f"Another {kind} is at work on this ledger{f' (process {holder})' if holder else ''}.",
            hint="Nothing was sent by this one. When the other has ended, run the same command again.",
            code="batch-running",
        )
    try:
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def _holder(path: Path) -> str:
    """The number of the process that holds the lock, as it wrote it there; empty where it did not yet."""
    try:
        return path.read_bytes()[:20].decode(errors="replace").strip()
    except OSError:
        return ""
