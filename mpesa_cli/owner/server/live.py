"""The page as it stands now, read once for all who look, in a thread of its own, and only while somebody looks.

A look costs the processor something that callbacks need too, so that looks take a twentieth of the time at most: the
larger the ledger, the rarer they are.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from mpesa_cli.board.store import Boards
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.owner.reading import Look

HEAD_EVERY_S = 0.5
AGAIN_AFTER_S = 15.0
SHARE = 20
ANSWERS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The page's parts as HTML, by their ids, as of the last look. ``trouble`` is why there was no newer one."""

    number: int
    parts: Mapping[str, str]
    trouble: str = ""


class Live:
    """The reader. Started and stopped with the page; asked from the event loop."""

    def __init__(
        self, ledger: Ledger, read: Callable[[Ledger], Look], render: Callable[[Look | None, str], Mapping[str, str]],
        clock: Callable[[], float],
    ) -> None:
        """``render`` makes the parts of a look and of what stood in the way of a newer one. ``clock`` is in seconds."""
        self._ledger, self._read, self._render, self._clock = ledger, read, render, clock
        self._look: Look | None = None
        self._shown = Shown(0, {})
        self._looked_at, self._cost_s, self._head = -AGAIN_AFTER_S, 0.0, -1
        self._lock = threading.Condition()
        self._viewers = 0
        self._wanted = self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="mpesa-owner-look", daemon=True)

    def start(self) -> None:
        """Start the thread. From the event loop that will ask."""
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        self._thread.start()

    def stop(self) -> None:
        """End after the look that it is at."""
        with self._lock:
            self._stopping = True
            self._lock.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout=20)

    def nudge(self) -> None:
        """Something was settled: look soon, where anybody looks."""
        with self._lock:
            self._wanted = self._wanted or self._viewers > 0
            self._lock.notify_all()

    async def now(self) -> Shown:
        """The page of a look that is as new as may be had, waited for where it has to be made."""
        if self._clock() - self._looked_at > SHARE * self._cost_s:
            before = self._shown.number
            with self._lock:
                self._wanted = True
                self._lock.notify_all()
            try:
                async with asyncio.timeout(ANSWERS_WITHIN_S + SHARE * self._cost_s):
                    while self._shown.number == before:
                        await self._next()
            except TimeoutError:
                words = "The ledger has not answered for a while."
                return Shown(before, self._render(self._look, words), words)
        return self._shown

    async def after(self, number: int, within_s: float) -> Shown | None:
        """The first page after this one; None where there was no news."""
        try:
            async with asyncio.timeout(within_s):
                while self._shown.number == number:
                    await self._next()
        except TimeoutError:
            return None
        return self._shown

    def came(self) -> None:
        """Count a viewer: from now on it is looked whether anything has changed."""
        with self._lock:
            self._viewers += 1
            self._lock.notify_all()

    def went(self) -> None:
        """Count a viewer out."""
        with self._lock:
            self._viewers -= 1

    async def _next(self) -> None:
        assert self._news is not None  # start() made it
        await self._news.wait()

    def _run(self) -> None:
        while True:
            with self._lock:
                while not (self._stopping or self._wanted or self._viewers):
                    self._lock.wait()
                if self._stopping:
                    return
                wanted, self._wanted = self._wanted, False
            if wanted or self._is_due():
                self._look_anew()
            self._rest()

    def _rest(self) -> None:
        """Wait for a while: whoever asks shortens it, and nobody the time that the last look has cost the others."""
        with self._lock:
            while (left_s := self._looked_at + SHARE * self._cost_s - self._clock()) > 0 and not self._stopping:
                self._lock.wait(left_s)
            if not (self._stopping or self._wanted):
                self._lock.wait(HEAD_EVERY_S)

    def _is_due(self) -> bool:
        """Whether anything was written since the last look, or time alone has made it old."""
        if self._clock() - self._looked_at >= AGAIN_AFTER_S:
            return True
        try:
            return Boards(self._ledger).head() != self._head
        except MpesaError:
            return True

    def _look_anew(self) -> None:
        began, trouble = self._clock(), ""
        try:
            self._head = Boards(self._ledger).head()
            self._look = self._read(self._ledger)
        except MpesaError as error:
            trouble = error.message
        except Exception as error:  # noqa: BLE001 - a page that goes on, and says that it is old, is worth more
            trouble = f"mpesa met something it does not know: {type(error).__name__}."
        shown = replace(self._shown, number=self._shown.number + 1, trouble=trouble)
        self._shown = replace(shown, parts=self._render(self._look, trouble))
        self._looked_at = self._clock()
        self._cost_s = self._looked_at - began
        assert self._loop is not None  # start() noted it
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        assert self._news is not None  # start() made it
        told, self._news = self._news, asyncio.Event()
        told.set()
