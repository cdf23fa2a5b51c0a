"""The one thread that writes: everything that queued during the last commit goes into the next one.

A commit costs one flush of the disk whether it holds one body or two hundred, so under load the answers
come faster than the disk flushes. Between two commits stored bodies are settled, for as long as nobody has to
wait for it (pace.py).
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.listener.intake.deliveries import UNAVAILABLE, Delivery, Verdict
from mpesa_cli.listener.intake.intake import Intake
from mpesa_cli.listener.intake.pace import LULL_S, SETTLE_MOST, Pace, Turn

QUEUE_MAX = 1024  # at 64 KiB a body, 64 MB at the very most
BATCH_MAX = 256
SETTLE_AT_THE_END_S = 5.0  # bodies left then are settled by the next listener, or by the next command that asks
TRY_AGAIN_MAX_S = 60.0
OPEN_AGAIN_S = 1.0

SendVerdict: TypeAlias = Callable[[Verdict], None]
_Opened: TypeAlias = tuple[Intake, Callable[[], None]]
_Waiting: TypeAlias = tuple[Delivery, SendVerdict]


class Storing(Protocol):
    """A taker of deliveries: a writer, or those of several ledgers."""

    @property
    def healthy(self) -> bool:
        """Whether what comes can be stored."""

    def submit(self, delivery: Delivery, answer: SendVerdict) -> bool:
        """Queue a delivery; ``answer`` gets its verdict. False where that can't be: say 503."""


class Writer:
    """A thread that runs an intake and answers through callbacks.

    ``run_soon`` carries one batch of answers to where they belong (an event loop's call_soon_threadsafe);
    without it they are given in the writer's thread.
    """

    def __init__(
        self,
        open_intake: Callable[[], _Opened],
        run_soon: Callable[[Callable[[], None]], object] = lambda answer_all: answer_all(),
        *,
        awaits_ledger: bool = False,
    ) -> None:
        """``open_intake`` is called in the thread; it returns the intake and a function that closes its ledger.

        Where it ``awaits_ledger``, one that is away at the start is opened once it is there.
        """
        self._open_intake = open_intake
        self._awaits_ledger = awaits_ledger
        self._run_soon = run_soon
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._started = threading.Event()
        self._stopping = False
        self._closed = False  # the thread has seen that nothing more will come
        self._failure: BaseException | None = None
        self._intake: Intake | None = None
        self._thread = threading.Thread(target=self._run, name="mpesa-writer", daemon=True)

    def start(self) -> None:
        """Start, and wait until the ledger is open, or is known to be away. Raises the error of opening it."""
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def submit(self, delivery: Delivery, answer: SendVerdict) -> bool:
        """Queue a delivery; ``answer`` gets its verdict. False where the queue is full or closed: say 503."""
        if self._stopping or self._failure is not None or self._queue.qsize() >= QUEUE_MAX:
            return False
        self._queue.put((delivery, answer))
        return True

    @property
    def failure(self) -> BaseException | None:
        """The error that ended the thread before its time: a bug of ours. Nothing can be stored any more."""
        return self._failure

    @property
    def healthy(self) -> bool:
        """Whether the thread lives and its last attempt to store succeeded."""
        return self._thread.is_alive() and self._intake is not None and self._intake.healthy

    def close(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._queue.put(None)

    def stop(self) -> None:
        """Take nothing more, store and settle what is queued, close the ledger, and wait for all that."""
        self.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            opened = self._opened()
        except BaseException as failure:  # noqa: BLE001 - carried to whoever called start(), or looks at it
            self._failure = failure
            return
        finally:
            self._started.set()
        if opened is None:
            return
        self._intake, close = opened
        try:
            self._work(self._intake)
        except BaseException as failure:  # noqa: BLE001 - the server sees it, stops, and raises it
            self._failure = failure
        finally:
            close()

    def _opened(self) -> _Opened | None:
        """The intake. What comes before its ledger is there is told that it is away; None where it never was."""
        try:
            return self._open_intake()
        except LedgerBusy:
            if not self._awaits_ledger:
                raise
        self._started.set()
        again_at = time.monotonic() + OPEN_AGAIN_S
        while not (self._closed and self._queue.empty()):
            batch = self._next_batch(max(0.0, again_at - time.monotonic()))
            self._answer(batch, [UNAVAILABLE] * len(batch))
            if time.monotonic() >= again_at and not self._stopping:
                with contextlib.suppress(LedgerBusy):
                    return self._open_intake()
                again_at = time.monotonic() + OPEN_AGAIN_S
        return None

    def _work(self, intake: Intake) -> None:
        again = _Again()
        pace = Pace(time.monotonic())
        while not (self._closed and self._queue.empty()):
            batch = self._next_batch(_patience_s(len(intake.settling), pace, again))
            if batch:
                self._answer(batch, _verdicts(intake, batch))
            now_s = time.monotonic()
            pace.stored(len(batch), len(intake.settling), now_s)
            if turn := pace.turn(len(intake.settling), idle=not batch, now_s=now_s):
                self._settle(intake, pace, turn)
            again.look(intake)
        until = time.monotonic() + SETTLE_AT_THE_END_S
        while len(intake.settling) and time.monotonic() < until:
            intake.settling.settle(SETTLE_MOST)

    def _settle(self, intake: Intake, pace: Pace, turn: Turn) -> None:
        """Settle some, until the turn is over because something waits to be stored."""
        waiting: list[tuple[float, int]] = []
        wait_until_s: float | None = None

        def is_over() -> bool:
            nonlocal wait_until_s
            now_s, count = time.monotonic(), self._queue.qsize()
            waiting.append((now_s, count))
            if not count:
                return False
            if wait_until_s is None:
                wait_until_s = now_s + turn.wait_s
            return count >= turn.waiting_max or now_s >= wait_until_s

        if left := len(intake.settling):
            is_over()
            intake.settling.settle(SETTLE_MOST, hurry=is_over)
            is_over()
            pace.settled(left - len(intake.settling), waiting)

    def _next_batch(self, patience_s: float) -> list[_Waiting]:
        """All that is queued, after waiting up to ``patience_s`` for a first one."""
        batch: list[_Waiting] = []
        try:
            taken = self._queue.get(timeout=patience_s)
            while True:
                if taken is None:
                    self._closed = True
                else:
                    batch.append(taken)
                if len(batch) >= BATCH_MAX:
                    return batch
                taken = self._queue.get_nowait()
        except queue.Empty:
            return batch

    def _answer(self, batch: list[_Waiting], verdicts: list[Verdict]) -> None:
        def answer_all() -> None:
            for (_, answer), verdict in zip(batch, verdicts, strict=True):
                answer(verdict)

        try:
            self._run_soon(answer_all)
        except RuntimeError:  # the loop is closed: nobody waits for these answers any more
            return


class _Again:
    """The times at which failed settling is tried again: after 1, 2, 4 … 60 s."""

    def __init__(self) -> None:
        self.pause_s = 1.0
        self.at = time.monotonic() + self.pause_s

    def look(self, intake: Intake) -> None:
        if time.monotonic() < self.at:
            return
        failed = intake.settling.try_again()
        self.pause_s = min(self.pause_s * 2, TRY_AGAIN_MAX_S) if failed else 1.0
        self.at = time.monotonic() + self.pause_s


def _patience_s(left: int, pace: Pace, again: _Again) -> float:
    now_s = time.monotonic()
    return min(pace.patience_s(left, now_s), max(LULL_S, min(1.0, again.at - now_s)))


def _verdicts(intake: Intake, batch: list[_Waiting]) -> list[Verdict]:
    try:
        return intake.receive([delivery for delivery, _ in batch])
    except Exception:  # noqa: BLE001 - a bug of ours must not leave senders without an answer, nor be a 200
        return [UNAVAILABLE] * len(batch)
