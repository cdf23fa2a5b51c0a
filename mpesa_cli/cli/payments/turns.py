"""Waiting for a phone's turn: counted down on a terminal, or where a script asks for it, and then decided anew."""

from math import inf
from typing import TYPE_CHECKING, TypeVar

from mpesa_cli.floor.errors import Temporary
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.floor.gate import Deadline

Sent = TypeVar("Sent")

WAIT_MAX_S = 600
LOOK_EVERY_S = 0.5
_TOO_EARLY = frozenset({"phone-busy", "too-soon"})


class Turn:
    """The time that one command has, and its wait for the moment in which its phone may be asked."""

    def __init__(self, runtime: Runtime, timeout_s: int, *, typed: bool, may_wait: bool) -> None:
        """A time that was ``typed`` bounds the wait too; the profile's begins when the wait is over."""
        self._runtime, self._timeout_s, self._typed, self._may_wait = runtime, timeout_s, typed, may_wait
        self._waited_s = 0
        self.begin()

    def begin(self) -> None:
        """The time begins now."""
        self.until: Deadline = self._runtime.world.deadline(self._timeout_s)

    def take(self, msisdn: str, send: "Callable[[Deadline], Sent]") -> "Sent":
        """What ``send`` gives, asked anew after each wait. Raises what it raises where that is not waited for."""
        while True:
            try:
                return send(self.until)
            except Temporary as early:
                self.wait(msisdn, early)

    def wait(self, msisdn: str, early: Temporary) -> None:
        """Let the time pass after which ``msisdn`` may be asked. Raises ``early`` where that is not waited for.

        Interrupted passes through, once it has been said that nothing was sent.
        """
        self.check(early)
        self._waited_s += early.retry_after_s
        self._runtime.streams.say(early.message)
        try:
            self._count_down(f"Asking {mask_msisdn(msisdn)} in", early.retry_after_s)
        except Interrupted:
            self._runtime.streams.complain("Stopped. Nothing was sent, so nothing was charged.")
            raise
        if not self._typed:
            self.begin()

    def check(self, early: Temporary) -> None:
        """Raises ``early`` where it is not waited for."""
        most_s = min(WAIT_MAX_S - self._waited_s, self.until.left_s() if self._typed else inf)
        if early.code not in _TOO_EARLY or not self._may_wait or not 0 < early.retry_after_s < most_s:
            raise early

    def _count_down(self, words: str, seconds: int) -> None:
        from mpesa_cli.batch.progress import Countdown

        runtime = self._runtime
        until_us = runtime.world.now_us() + seconds * SECOND_US
        with Countdown(runtime.streams) as line:
            while (left_s := (until_us - runtime.world.now_us()) / SECOND_US) > 0:
                line.show(words, left_s, runtime.world.now_us())
                runtime.world.sleep(min(LOOK_EVERY_S, left_s))
