"""The sharing of the writer's time between storing and settling. Pure: no clock, no ledger.

Storing always goes first: a body not stored is lost, one not settled is only late. But "later" must not
become "never". So after each stored batch some of the waiting bodies are settled, for as long as hardly anybody has
to wait for it; where that falls behind, it is a flood, and settling gets a twentieth of the time. The end of a flood
is tried again and again: only settling that keeps up shows that it is over.
"""

from dataclasses import dataclass

WINDOW_S = 0.1
STALLED_S = 0.3  # a longer window shows only that the disk or the machine stood still, not how much comes
COME_AT_LEAST = 64  # deliveries in one window before it is judged
FALLING_BEHIND = 0.15  # the share of a window's deliveries that is left over in a flood
LEFT_AT_LEAST = 256  # fewer left are made up for, after something else had the processor: no flood yet
FLOODS_S = (0.5, 1.0, 2.0, 4.0)  # how long a flood is assumed: longer, the more often it turned out to go on
DEEP_S = 30.0  # once settling what is left would take longer, it gets as much time as storing
SPEED_AT_FIRST_PER_S = 2000.0  # until it has been measured

SETTLE_MOST = 32
SETTLE_LEAST = 8  # they share one commit, which takes a few milliseconds
TIME_FOR_OTHERS = 19  # in a flood, storing gets the time that settling took, times this


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of settling: over once so many deliveries wait, or the first of them has waited for so long."""

    waiting_max: int
    wait_s: float


CALM = Turn(20, 0.008)
FLOOD = Turn(1, 0.0)
DEEP = Turn(256, 0.008)


class Pace:
    """The counts of deliveries stored and settled, and the pace they allow. Times are a monotonic clock's seconds."""

    def __init__(self, now_s: float) -> None:
        """The counts begin at 0."""
        self._since_s = now_s
        self._came = self._left_before = 0
        self._flood_until_s = now_s
        self._floods = 0  # one after the other
        self._speed_per_s = SPEED_AT_FIRST_PER_S
        self._due_s = now_s
        self.is_flood = False

    def stored(self, count: int, left: int, now_s: float) -> None:
        """Note that ``count`` deliveries, perhaps none, were taken from the queue; ``left`` are to settle now."""
        self._came += count
        self.is_flood = now_s < self._flood_until_s
        passed_s = now_s - self._since_s
        if passed_s < WINDOW_S:
            return
        if not self.is_flood and self._since_s >= self._flood_until_s and passed_s < STALLED_S:
            fell_behind = left - self._left_before > FALLING_BEHIND * self._came
            if fell_behind and self._came >= COME_AT_LEAST and left >= LEFT_AT_LEAST:
                self._flood_until_s = now_s + FLOODS_S[min(self._floods, len(FLOODS_S) - 1)]
                self._floods += 1
                self.is_flood = True
            else:
                self._floods = 0
        self._since_s, self._came, self._left_before = now_s, 0, left

    def settled(self, count: int, began_s: float, ended_s: float) -> None:
        """Note that a turn has settled ``count``."""
        took_s = ended_s - began_s
        self._due_s = ended_s + TIME_FOR_OTHERS * took_s
        if count >= SETTLE_MOST // 2 and took_s > 0:  # fewer say more of the commit than of settling
            self._speed_per_s += (count / took_s - self._speed_per_s) / 16

    def turn(self, left: int, *, idle: bool, now_s: float) -> Turn | None:
        """The next turn of settling, with ``left`` to settle; None where it is storing's time.

        ``idle`` says that nothing waits to be stored.
        """
        if not self.is_flood:
            return CALM
        if left > DEEP_S * self._speed_per_s:
            return DEEP
        return FLOOD if idle or now_s >= self._due_s else None
