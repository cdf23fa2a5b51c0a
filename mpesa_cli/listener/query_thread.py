"""A thread that queries Daraja about attempts that a body without a secret named."""

import queue
import threading

from mpesa_cli.listener.intake.deliveries import Ask
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment

WAITING_MAX = 100


class QueryThread:
    """Queries, one attempt at a time, each once while it waits. Ends with the process; nothing is lost with it."""

    def __init__(self, ask: Ask) -> None:
        """The thread starts with the first query."""
        self._ask = ask
        self._queue: queue.Queue[tuple[Payment, Attempt]] = queue.Queue(WAITING_MAX)
        self._waiting: set[AttemptRef] = set()
        self._thread: threading.Thread | None = None

    def ask(self, payment: Payment, attempt: Attempt) -> None:
        """Have this attempt queried soon, unless it already waits or too many do. Never blocks."""
        if attempt.ref in self._waiting or self._queue.full():
            return
        self._waiting.add(attempt.ref)
        self._queue.put_nowait((payment, attempt))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mpesa-queries", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            payment, attempt = self._queue.get()
            try:
                self._ask(payment, attempt)
            except Exception:  # noqa: BLE001, S110 - status and reconcile ask again
                pass
            finally:
                self._waiting.discard(attempt.ref)
