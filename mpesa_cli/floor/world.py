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
    person may be waiting too.
    """

    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    sleep: Callable[[float], None] = time.sleep
    token_hex: Callable[[int], str] = lambda count: os.urandom(count).hex()
    random: Callable[[], float] = lambda: int.from_bytes(os.urandom(6)) / 2.0**48
    tell: Callable[[str], object] = lambda _: None

    def new_id(self, prefix: str, length: int = 10) -> str:
        """A fresh id of ``prefix`` and Crockford base-32 characters: easy to read out, hard to guess."""
        bits = int(self.token_hex(12), 16)
        return prefix + "".join(_CROCKFORD[(bits >> (5 * i)) & 31] for i in range(length))

    def deadline(self, seconds: float) -> "Deadline":
        """A moment after which what was not sent is not sent any more."""
        from mpesa_cli.floor.gate import Deadline

        return Deadline(seconds, wall_s=lambda: self.now_us() / 1e6)
