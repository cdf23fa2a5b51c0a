"""Waiting for a phone's turn: counted down on a terminal, or where a script asks for it, and then decided anew."""

from math import inf
from typing import TYPE_CHECKING, TypeVar

from mpesa_cli.floor.errors import InvalidInput, Temporary
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.floor.gate import Deadline
    from mpesa_cli.settings.profile import Profile

Sent = TypeVar("Sent")

WAIT_MAX_S = 600
TIMEOUT_MAX_S = 900
LOOK_EVERY_S = 0.5
_TOO_EARLY = frozenset({"phone-busy", "too-soon"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """The time that a command waits, and for what: for the answer, and for the phone's turn.

    ``typed`` where the seconds are the person's and not the profile's.
    """

    timeout_s: int
    typed: bool
    for_answer: bool
    for_turn: bool

    @classmethod
    def of(
        cls, runtime: Runtime, profile: "Profile", timeout: int | None, *, for_answer: bool, for_turn: bool
    ) -> "Waiting":
        """As the flags say. On a terminal a phone's turn is waited for without one. Raises InvalidInput."""
        if timeout is not None and not 1 <= timeout <= TIMEOUT_MAX_S:
            raise InvalidInput(
                f"--timeout {timeout} is outside 1 to {TIMEOUT_MAX_S} seconds.",
                hint="Nothing was sent. Right: --timeout 120",
            )
        seconds = profile.timeout_s if timeout is None else timeout
        return cls(seconds, timeout is not None, for_answer, for_turn or runtime.streams.may_prompt())


class Turn:
    """The time that one command has, and its wait for the moment in which its phone may be asked."""

    def __init__(self, runtime: Runtime, waiting: Waiting) -> None:
        """A time that was typed bounds the wait too; the profile's begins when the wait is over."""
        self._runtime, self._waiting = runtime, waiting
        self._waited_s = 0
        self.begin()

    def begin(self) -> None:
        """Let the time begin now."""
        self.until: Deadline = self._runtime.world.deadline(self._waiting.timeout_s)

    def take(self, msisdn: str, send: "Callable[[Deadline], Sent]") -> "Sent":
        """The result of ``send``, asked anew after each wait. Raises what it raises where that is not waited for."""
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
        if not self._waiting.typed:
            self.begin()

    def check(self, early: Temporary) -> None:
        """Raises ``early`` where it is not waited for."""
        most_s = min(WAIT_MAX_S - self._waited_s, self.until.left_s() if self._waiting.typed else inf)
        if early.code not in _TOO_EARLY or not self._waiting.for_turn or not 0 < early.retry_after_s < most_s:
            raise early

    def _count_down(self, words: str, seconds: int) -> None:
        from mpesa_cli.terminal.progress import Countdown

        runtime = self._runtime
        until_us = runtime.world.now_us() + seconds * SECOND_US
        with Countdown(runtime.streams) as line:
            while (left_s := (until_us - runtime.world.now_us()) / SECOND_US) > 0:
                line.show(words, left_s, runtime.world.now_us())
                runtime.world.sleep(min(LOOK_EVERY_S, left_s))
