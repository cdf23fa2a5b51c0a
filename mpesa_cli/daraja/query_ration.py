"""The ration of STK queries: at most five in any 60 seconds, shared by all processes, and machines with one ledger.

Safaricom's sandbox was measured refusing more (daraja.md 4). Where one process is refused all the same, all
of them wait: the limit belongs to the consumer key, not to the process.
"""

from collections.abc import Mapping
from pathlib import Path

from mpesa_cli.floor.files.shared_file import Notes, Shared, SharedFile
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.secret import Secret
from mpesa_cli.floor.wire.strict_json import Json
from mpesa_cli.floor.world import World

MOST = 5
WINDOW_S = 60
LONGEST_PAUSE_S = 3600
_LOCK_WAIT_S = 2


@dataclass(frozen=True, slots=True)
class _Book:
    """The times of granted queries, and of a pause that a refusal called for, in microseconds."""

    taken_us: tuple[int, ...] = ()
    paused_at_us: int = 0
    paused_until_us: int = 0

    def as_of(self, now_us: int) -> "_Book":
        """The book without what has passed, and without what a clock that was since set back put into the future."""
        taken = tuple(sorted(at for at in self.taken_us if 0 <= now_us - at < WINDOW_S * SECOND_US))
        if self.paused_at_us <= now_us < self.paused_until_us:
            return _Book(taken[-MOST:], self.paused_at_us, self.paused_until_us)
        return _Book(taken[-MOST:])

    def with_other(self, other: "_Book") -> "_Book":
        """Both books in one."""
        longer = max(self, other, key=lambda book: book.paused_until_us)
        taken = (*self.taken_us, *other.taken_us)
        return _Book(taken, longer.paused_at_us, longer.paused_until_us)

    def wait_us(self, now_us: int) -> int:
        """The time until the next query may go; 0 for now."""
        full_until = self.taken_us[0] + WINDOW_S * SECOND_US if len(self.taken_us) >= MOST else 0
        return max(0, full_until - now_us, self.paused_until_us - now_us)


class QueryRation:
    """The ration of queries for one consumer key at one host."""

    def __init__(
        self, folder: Path, consumer_key: Secret, host: str, world: World, notes: Notes | None = None
    ) -> None:
        """Nothing is read yet. ``notes`` take the place of ``folder`` where several machines share them. If it can't
        be used, the ration is kept in this object only.
        """
        self._file: Shared = (
            notes("queries", consumer_key, host) if notes else SharedFile(folder, "queries", consumer_key, host, world)
        )
        self._mine = _Book()

    def take(self, now_us: int) -> float:
        """Seconds to wait before a query may be sent; 0 means that it may go now and is on the book."""
        with self._file.locked(_LOCK_WAIT_S):
            book = self._book(now_us)
            wait_us = book.wait_us(now_us)
            if wait_us == 0:
                self._keep(book.with_other(_Book((now_us,))))
            return wait_us / SECOND_US

    def back_off(self, now_us: int, seconds: float) -> None:
        """Let nobody query for ``seconds``, at most an hour. Never shortens a pause that is running."""
        with self._file.locked(_LOCK_WAIT_S):
            until_us = now_us + round(min(max(seconds, 0), LONGEST_PAUSE_S) * SECOND_US)
            self._keep(self._book(now_us).with_other(_Book((), now_us, until_us)))

    def _book(self, now_us: int) -> _Book:
        return _from_file(self._file.read()).with_other(self._mine).as_of(now_us)

    def _keep(self, book: _Book) -> None:
        written = self._file.write(
            {
                "taken_us": book.taken_us,
                "paused_at_us": book.paused_at_us,
                "paused_until_us": book.paused_until_us,
            }
        )
        self._mine = _Book() if written else book


def _from_file(found: Mapping[str, Json] | None) -> _Book:
    match found:
        case {"taken_us": list(taken), "paused_at_us": int(at_us), "paused_until_us": int(until_us)}:
            stamps = tuple(each for each in taken if isinstance(each, int))
            if until_us - at_us <= LONGEST_PAUSE_S * SECOND_US:
                return _Book(stamps, at_us, until_us)
            return _Book(stamps)
        case _:
            return _Book()
