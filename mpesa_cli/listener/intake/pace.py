"""The sharing of the writer's time between storing and settling. Pure: no clock, no ledger.

Storing always goes first: a body not stored is lost, one not settled is only late. But "later" must not
become "never". So stored bodies are settled a handful at a time, so that one commit serves many, and in turns so short
that hardly anybody has to wait for it. It is a flood where far more come than can be settled, or where settling holds
up senders who have more to send: then the turns are the same, but settling gets a twentieth of the time.

Where only a little more come than can be settled, it is none: in a turn deliveries gather, and many that share a
commit leave more time for settling than a flood would, in which fewer share one.

Whether senders are held up shows in when they come while something is settled. Those who come when their time has come
do so all through it. Those who wait for an answer before they send the next are all there soon, and then none comes.
"""

from collections.abc import Sequence
from math import inf

from mpesa_cli.floor.records import dataclass

WINDOW_S = 0.1  # so long arrivals are counted before they are compared with what can be settled
BEYOND = 1.5  # a flood begins where so many times more come than can be settled
KNOWN_BY = 1000  # bodies settled: so many of the last ones tell how fast that goes
SPEED_AT_FIRST_PER_S = 2000.0  # until it has been measured
HELD_UP = 0.25  # the share of those expected in the second halves of turns; where fewer come, senders are held up
SHOULD_COME_AT_LEAST = 16.0  # expected deliveries before that is judged: fewer may stay away by chance
DEEP_S = 30.0  # once settling what is left would take longer, it gets as much time as storing

GATHER = 8
GATHER_S = 0.02  # so long the first of them waits for others, to be settled with them by one commit
LULL_S = 0.008  # in a flood, senders that wait for their answers take so long to come again; a turn would hold them up
SETTLE_MOST = 32
TIME_FOR_OTHERS = 19  # in a flood, storing gets the time that settling took, times this


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of settling: over once so many deliveries wait, or the first of them has waited for so long."""

    waiting_max: int
    wait_s: float


SHORT = Turn(16, 0.006)
DEEP = Turn(256, 0.008)


class Pace:
    """The turns of settling that follow from the rates at which deliveries come and are settled.

    Times are a monotonic clock's seconds.
    """

    def __init__(self, now_s: float) -> None:
        """Nothing came yet."""
        self._since_s, self._came = now_s, 0
        self._settled, self._settling_s = float(KNOWN_BY), KNOWN_BY / SPEED_AT_FIRST_PER_S
        self._late_s, self._came_late, self._should_come = 0.0, 0, 0.0
        self._too_many = self._held_up = False
        self._due_s = now_s
        self._first_s: float | None = None  # since when something waits to be settled

    @property
    def is_flood(self) -> bool:
        """Whether far more come than can be settled, or settling holds up senders."""
        return self._too_many or self._held_up

    @property
    def speed_per_s(self) -> float:
        """The number of bodies that a second of settling settles."""
        return self._settled / self._settling_s

    def stored(self, count: int, left: int, now_s: float) -> None:
        """Note that ``count`` deliveries, perhaps none, were taken from the queue; ``left`` are to settle now."""
        self._came += count
        self._first_s = (now_s if self._first_s is None else self._first_s) if left else None
        if (passed_s := now_s - self._since_s) >= WINDOW_S:
            self._judge(self._came / passed_s)
            self._since_s, self._came = now_s, 0

    def settled(self, count: int, waiting: Sequence[tuple[float, int]]) -> None:
        """Note that a turn has settled ``count``; ``waiting``: from begin to end, when how many waited to be stored."""
        (began_s, _), (ended_s, at_the_end) = waiting[0], waiting[-1]
        took_s = ended_s - began_s
        half_s, by_then = next(each for each in reversed(waiting) if each[0] <= began_s + took_s / 2)
        self._late_s += ended_s - half_s
        self._came_late += at_the_end - by_then
        self._settled += count
        self._settling_s += took_s
        if self._settled > 2 * KNOWN_BY:
            self._settled, self._settling_s = self._settled / 2, self._settling_s / 2
        self._first_s = None
        self._due_s = ended_s + TIME_FOR_OTHERS * took_s

    def turn(self, left: int, *, idle: bool, now_s: float) -> Turn | None:
        """The next turn of settling, with ``left`` to settle; None where it is storing's time.

        ``idle`` says that nothing waits to be stored.
        """
        if not self.is_flood:
            return SHORT if self.patience_s(left, now_s) <= 0 else None
        if left > DEEP_S * self.speed_per_s:
            return DEEP
        return SHORT if left and (idle or now_s >= self._due_s) else None

    def patience_s(self, left: int, now_s: float) -> float:
        """The seconds to wait for more to store, with so many ``left`` to settle; infinite where there are none."""
        if not left:
            return inf
        if self.is_flood:
            return LULL_S
        waits_until_s = (now_s if self._first_s is None else self._first_s) + GATHER_S
        return max(0.0, waits_until_s - now_s) if left < GATHER else 0.0

    def _judge(self, came_per_s: float) -> None:
        self._too_many = came_per_s > BEYOND * self.speed_per_s
        self._should_come += came_per_s * self._late_s
        self._late_s = 0.0
        if self._should_come >= SHOULD_COME_AT_LEAST:
            self._held_up = self._came_late < HELD_UP * self._should_come
            self._should_come, self._came_late = 0.0, 0
