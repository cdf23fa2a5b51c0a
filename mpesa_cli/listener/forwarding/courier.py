"""A thread that does what is due: messages to customers at once after a payment changed, and the rest at intervals."""

import threading
from collections.abc import Callable

LOOK_EVERY_S = 30.0


class Courier:
    """A caller of ``send`` with a thread of its own. An error of ``send`` is reported and does not end the thread."""

    def __init__(
        self, send: Callable[[], object], complain: Callable[[str], None], every_s: float = LOOK_EVERY_S,
        what: str = "Receipts",
    ) -> None:
        """``send`` sends all that is due, and may be called when nothing is; ``what`` names it in a complaint."""
        self._send = send
        self._complain = complain
        self._every_s = every_s
        self._what = what
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="mpesa-courier", daemon=True)

    def start(self) -> None:
        """Start sending, now and from now on."""
        self._thread.start()

    def nudge(self) -> None:
        """Look now: something may be waiting."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the message in hand, and end."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                self._send()
            except Exception as error:  # noqa: BLE001 - the ledger was busy; the rows are still there
                why = getattr(error, "message", type(error).__name__)
                self._complain(f"{self._what} could not be sent just now: {why}")
            self._wake.wait(self._every_s)
