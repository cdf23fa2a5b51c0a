"""The sharing of the writer's time between storing and settling. Pure: no clock, no ledger.

Storing always goes first: a body not stored is lost, one not settled is only late. But "later" must not
become "never". So stored bodies are settled a handful at a time, so that one commit serves many, and for as long as
hardly anybody has to wait for it. Where that falls behind, or holds up senders who have more to send, it is a flood,
and settling gets a twentieth of the time. The end of a flood is tried again and again: only settling that keeps up
shows that it is over.

Whether senders are held up shows in when they come while something is settled. Those who come when their time has come
do so all through it. Those who wait for an answer before they send the next are all there soon, and then none comes.
"""

from collections.abc import Sequence
from math import inf

from mpesa_cli.floor.records import dataclass

WINDOW_S = 0.1
STALLED_S = 0.3  # a longer window shows only that the disk or the machine stood still, not how much comes
COME_AT_LEAST = 64  # deliveries in one window before it is judged
FALLING_BEHIND = 0.15  # the share of a window's deliveries that is left over in a flood
LEFT_AT_LEAST = 256  # fewer left are made up for, after something else had the processor: no flood yet
HELD_UP = 0.25  # the share of those expected in the second halves of turns; where fewer come, senders are held up
SHOULD_COME_AT_LEAST = 16.0  # expected deliveries before that is judged: fewer may stay away by chance
WATCHED_MAX_S = 1.0
FLOODS_S = (0.5, 1.0, 2.0, 4.0)  # how long a flood is assumed: longer, the more often it turned out to go on
DEEP_S = 30.0  # once settling what is left would take longer, it gets as much time as storing
SPEED_AT_FIRST_PER_S = 2000.0  # until it has been measured

GATHER = 16
GATHER_S = 0.02  # so long the first of them waits for others, to be settled with them by one commit
LULL_S = 0.002
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
        self._first_s: float | None = None  # since when something waits to be settled
        self._watch_anew()
        self.is_flood = False

    def stored(self, count: int, left: int, now_s: float) -> None:
        """Note that ``count`` deliveries, perhaps none, were taken from the queue; ``left`` are to settle now."""
        self._came += count
        self._first_s = (now_s if self._first_s is None else self._first_s) if left else None
        self.is_flood = now_s < self._flood_until_s
        passed_s = now_s - self._since_s
        if passed_s < WINDOW_S:
            return
        if not self.is_flood and self._since_s >= self._flood_until_s and passed_s < STALLED_S:
            fell_behind = left - self._left_before > FALLING_BEHIND * self._came and left >= LEFT_AT_LEAST
            if (fell_behind and self._came >= COME_AT_LEAST) or self._held_up(passed_s):
                self._flood_until_s = now_s + FLOODS_S[min(self._floods, len(FLOODS_S) - 1)]
                self._floods += 1
                self.is_flood = True
            elif not self._watched_s:  # whoever may be held up is watched on
                self._floods = 0
        else:
            self._watch_anew()
        self._since_s, self._came, self._left_before = now_s, 0, left

    def settled(self, count: int, waiting: Sequence[tuple[float, int]]) -> None:
        """Note that a turn has settled ``count``; ``waiting``: from begin to end, when how many waited to be stored."""
        (began_s, _), (ended_s, at_the_end) = waiting[0], waiting[-1]
        took_s = ended_s - began_s
        half_s, by_then = next(each for each in reversed(waiting) if each[0] <= began_s + took_s / 2)
        self._late_s += ended_s - half_s
        self._came_late += at_the_end - by_then
        self._first_s = None
        self._due_s = ended_s + TIME_FOR_OTHERS * took_s
        if count >= SETTLE_MOST // 2 and took_s > 0:  # fewer say more of the commit than of settling
            self._speed_per_s += (count / took_s - self._speed_per_s) / 16

    def turn(self, left: int, *, idle: bool, now_s: float) -> Turn | None:
        """The next turn of settling, with ``left`` to settle; None where it is storing's time.

        ``idle`` says that nothing waits to be stored.
        """
        if not self.is_flood:
            return CALM if self.patience_s(left, now_s) <= 0 else None
        if left > DEEP_S * self._speed_per_s:
            return DEEP
        return FLOOD if idle or now_s >= self._due_s else None

    def patience_s(self, left: int, now_s: float) -> float:
        """The seconds to wait for more to store, with so many ``left`` to settle; infinite where there are none."""
        if not left:
            return inf
        if self.is_flood:
            return LULL_S
        waits_until_s = (now_s if self._first_s is None else self._first_s) + GATHER_S
        return max(0.0, waits_until_s - now_s) if left < GATHER else 0.0

    def _watch_anew(self) -> None:
        """Forget who came when: in the windows watched, in the second halves of their turns, and how long all took."""
        self._watched_s, self._watched_came = 0.0, 0
        self._late_s, self._came_late = 0.0, 0

    def _held_up(self, passed_s: float) -> bool:
        self._watched_s += passed_s
        self._watched_came += self._came
        should_come = self._watched_came * self._late_s / self._watched_s
        says_much = should_come >= SHOULD_COME_AT_LEAST and self._watched_came >= COME_AT_LEAST
        held_up = says_much and self._came_late < HELD_UP * should_come
        if says_much or self._watched_s >= WATCHED_MAX_S:
            self._watch_anew()
        return held_up
