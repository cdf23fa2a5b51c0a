"""How the writer's time is shared between storing what comes and settling what is stored. Pure: no clock, no ledger.

Storing goes first, always: what is not stored is lost, what is not settled is only late. But "later" must not
become "never", so there are three ways to go on, by how fast deliveries come and how much is left to settle.
"""

from dataclasses import dataclass
from typing import TypeAlias

WINDOW_S = 0.5
SPEED_AT_FIRST_PER_S = 2000.0  # until it has been measured
FLOOD_OF_SPEED = 1.25  # a little more than can be settled as it comes: nothing is gained by letting it wait
FLOOD_AT_LEAST_PER_S = 2500.0  # a machine that settles slowly all the same has time between so few
DEEP_S = 15.0  # so long may settling what is left take, before it gets as much time as storing

SETTLE_MOST = 32
SETTLE_LEAST = 8  # one commit is shared by as many, and takes a few milliseconds
TIME_FOR_OTHERS = 19  # in a flood: as long as settling took, times this, is for storing


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of settling: over once so many deliveries wait, or the first of them has waited for so long."""

    waiting_max: int
    wait_s: float


CALM = Turn(20, 0.008)
FLOOD = Turn(1, 0.0)
DEEP = Turn(256, 0.008)

Seconds: TypeAlias = float


class Pace:
    """What was stored and settled lately, and what follows from it. Times are a monotonic clock's seconds."""

    def __init__(self, now_s: Seconds) -> None:
        """Nothing has come yet."""
        self._since = now_s
        self._came = 0
        self._per_s = 0.0
        self._speed_per_s = SPEED_AT_FIRST_PER_S
        self._due_at = now_s

    def stored(self, count: int, now_s: Seconds) -> None:
        """So many deliveries were taken from the queue, perhaps none."""
        self._came += count
        passed_s = now_s - self._since
        if passed_s >= WINDOW_S:
            self._per_s, self._came, self._since = self._came / passed_s, 0, now_s

    def settled(self, count: int, began_s: Seconds, ended_s: Seconds) -> None:
        """A turn has settled so many."""
        took_s = ended_s - began_s
        self._due_at = ended_s + TIME_FOR_OTHERS * took_s
        if count and took_s > 0:
            self._speed_per_s += (count / took_s - self._speed_per_s) / 16

    @property
    def is_flood(self) -> bool:
        """Whether more comes than can be settled as it comes."""
        return self._per_s >= max(FLOOD_AT_LEAST_PER_S, FLOOD_OF_SPEED * self._speed_per_s)

    def turn(self, left: int, *, idle: bool, now_s: Seconds) -> Turn | None:
        """How to settle now, with so many ``left``; None where it is storing's time.

        ``idle`` says that nothing waits to be stored.
        """
        if not self.is_flood:
            return CALM
        if left > DEEP_S * self._speed_per_s:
            return DEEP
        return FLOOD if idle or now_s >= self._due_at else None
