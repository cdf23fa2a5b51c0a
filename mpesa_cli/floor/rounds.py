"""A thread that works in rounds: at once when it is nudged, and at intervals anyhow."""

import threading
from collections.abc import Callable


class Rounds:
    """A caller of ``work`` with a thread of its own. An error of a round is told, and the next round comes."""

    def __init__(
        self, work: Callable[[], object], failed: Callable[[Exception], object], *, every_s: float, name: str
    ) -> None:
        """``work`` does all that is due, and may be called when nothing is; ``failed`` is told of its errors."""
        self._work, self._failed, self._every_s = work, failed, every_s
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin a round now, and go on from then."""
        self._thread.start()

    def nudge(self) -> None:
        """Begin a round now: something may be due."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the round in hand, and end."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - the ledger was busy; what is due stays due
                self._failed(error)
            self._wake.wait(self._every_s)
