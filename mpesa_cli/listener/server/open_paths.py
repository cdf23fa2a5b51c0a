"""Limits on the paths without a secret: a share for each address, and a total for each day.

A stranger must not starve others who use these paths, nor fill the disk a little every day. Safaricom's published
addresses are exempt.
"""

from collections import Counter
from collections.abc import Callable

from mpesa_cli.api.tokens.limits import RateLimit
from mpesa_cli.daraja.source_addresses import is_published
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.world import World
from mpesa_cli.rules.strangers import has_share, share_of

PER_MINUTE, AT_ONCE = 60, 10
OF_ADDRESS_A_DAY = 500
OF_ALL_A_DAY = 5_000
_DAY_US = 86_400 * SECOND_US


class OpenPaths:
    """The counts of requests without a secret. Used from one thread."""

    def __init__(self, clock: Callable[[], float], world: World) -> None:
        """``clock`` is in seconds, never set back."""
        self._clock = clock
        self._world = world
        self._rate = RateLimit(PER_MINUTE, burst=AT_ONCE)
        self._day = -1
        self._today: Counter[str] = Counter()

    def may_come(self, address: str) -> bool:
        """Count a request from this address. False where it had its share, of the minute or of the day."""
        if is_published(address):
            return True
        share = share_of(address)
        if self._rate.wait_s(share, self._clock()) > 0:
            return False
        if not has_share(address):  # it may stand for everybody behind a tunnel that names no caller
            return True
        if (day := self._world.now_us() // _DAY_US) != self._day:
            self._day = day
            self._today.clear()
        if self._today[share] >= OF_ADDRESS_A_DAY or self._today.total() >= OF_ALL_A_DAY:
            return False
        self._today[share] += 1
        return True
