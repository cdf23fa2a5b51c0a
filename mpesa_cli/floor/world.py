"""Time, sleep, chance and fresh ids, as one value: what makes two runs of the same command differ.

Whoever needs any of it is handed a :class:`World`, and tests hand in one whose clock moves only when somebody sleeps.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mpesa_cli.floor.records import dataclass

if TYPE_CHECKING:
    from mpesa_cli.floor.gate import Deadline

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class World:
    """The machine's own, unless other functions are given.

    ``now_us`` is the wall clock in microseconds since 1970, ``sleep`` takes seconds, ``token_hex`` gives so many
    random bytes as hex digits, ``random`` a number from 0 to below 1. ``tell`` is told what a wait is for, where a
    person may be waiting too. Where a server that machines share sets ``now_us`` right (``is_set_right``), ``wall_us``
    is this machine's own: it says how long something took. ``steady_s`` is in seconds since any moment; nobody sets it.
    """

    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep
    token_hex: Callable[[int], str] = lambda count: os.urandom(count).hex()
    random: Callable[[], float] = lambda: int.from_bytes(os.urandom(6)) / 2.0**48
    tell: Callable[[str], object] = lambda _: None
    steady_s: Callable[[], float] = time.monotonic
    is_set_right: bool = True
    wall_us: Callable[[], int] | None = None

    def new_id(self, prefix: str, length: int = 10) -> str:
        """A fresh id of ``prefix`` and Crockford base-32 characters: easy to read out, hard to guess."""
        bits = int(self.token_hex(12), 16)
        return prefix + "".join(_CROCKFORD[(bits >> (5 * i)) & 31] for i in range(length))

    def deadline(self, seconds: float) -> "Deadline":
        """A moment after which what was not sent is not sent any more."""
        from mpesa_cli.floor.gate import Deadline

        own_us = self.wall_us or self.now_us
        return Deadline(seconds, wall_s=lambda: own_us() / 1e6)


class SharedClock:
    """This machine's clock, set right by that of a server which several machines share.

    A machine whose clock is wrong must not decide how long ago something was, nor date what all of them read.
    """

    def __init__(self, own_us: Callable[[], int]) -> None:
        """``own_us`` is this machine's own, which it is until a server tells another time."""
        self.own_us = own_us
        self._ahead_us: int | None = None

    def now_us(self) -> int:
        """Microseconds since 1970, by the server."""
        return self.own_us() + (self._ahead_us or 0)

    def told(self, asked_us: int, server_us: int, answered_us: int) -> None:
        """Be told the server's time, read between two moments of our own clock.

        What is known stays as it is where it agrees: the answer may have been long under way.
        """
        least, most = server_us - answered_us, server_us - asked_us
        known = (least + most) // 2 if self._ahead_us is None else self._ahead_us
        self._ahead_us = min(max(known, least), most)
