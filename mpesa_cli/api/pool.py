"""Threads for blocking work: a bounded number, with a bounded queue, so that a slow Daraja holds up nobody else."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mpesa_cli.floor.errors import Temporary

Result = TypeVar("Result")


class Pool:
    """``workers`` threads, and at most ``waiting_max`` calls that wait for one."""

    def __init__(self, name: str, workers: int, waiting_max: int) -> None:
        """A pool whose threads start when they are first needed."""
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=f"mpesa-api-{name}")
        self._room = threading.Semaphore(workers + waiting_max)

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of ``work``, or its error. Raises Temporary ``too-busy`` where no thread will be free soon.

        Given up by its caller, work that has begun goes on to its end, and work that has not never begins.
        """
        if not self._room.acquire(blocking=False):
            raise _too_busy("Too many requests are being worked on.")
        try:
            future: Future[Result] = self._threads.submit(work)
        except RuntimeError:
            self._room.release()
            raise _too_busy("The listener is being stopped.") from None
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Let what has begun come to its end, and drop the rest."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def _too_busy(message: str) -> Temporary:
    return Temporary(
        message,
        hint="Nothing was sent for this request. Send the same one again in a moment. What runs: mpesa history",
        code="too-busy",
    )
