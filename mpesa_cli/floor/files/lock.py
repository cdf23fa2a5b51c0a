"""The lock of a file that stands beside what it guards. It ends with the process that holds it, however that ends."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

from mpesa_cli.floor import machine

LOOK_AGAIN_S = 0.01


@contextlib.contextmanager
def locked(
    path: Path, *, wait_s: float = inf, sleep: Callable[[float], None] = time.sleep
) -> Iterator[int | None]:
    """Hold the lock of the file at ``path``. Yields its handle; None where another held it all of ``wait_s`` long.

    The file is made where there is none, for its owner only, and stays. Raises OSError where it can't be used, or
    its file system has no locks.
    """
    handle = take_lock(path, wait_s=wait_s, sleep=sleep)
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


def take_lock(path: Path, *, wait_s: float = 0, sleep: Callable[[float], None] = time.sleep) -> int | None:
    """A handle that holds the lock until it is closed; otherwise as :func:`locked`."""
    handle = machine.open_private(path, follow=False)
    try:
        if _is_taken(handle, wait_s, sleep):
            return handle
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _is_taken(handle: int, wait_s: float, sleep: Callable[[float], None]) -> bool:
    if wait_s == inf:
        machine.wait_for_lock(handle)
        return True
    until = time.monotonic() + wait_s
    # Counted too, for a sleep on another clock than the machine's.
    for _ in range(max(1, round(wait_s / LOOK_AGAIN_S))):
        if machine.try_lock(handle):
            return True
        if time.monotonic() >= until:
            return False
        sleep(LOOK_AGAIN_S)
    return machine.try_lock(handle)
