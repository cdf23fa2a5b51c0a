"""The limit on guesses of a pairing code: so many a minute from one address, and from all together."""

from collections.abc import Callable

from mpesa_cli.api.tokens.limits import RateLimit
from mpesa_cli.rules.strangers import share_of

OF_ADDRESS_A_MINUTE = 5
OF_ALL_A_MINUTE = 60
WRONG_TAKES_S = 1.0
"""How long a wrong code is answered later than a right one."""


class Guesses:
    """The guesses of the last minutes. A code has 50 bits and lives five minutes: 300 guesses are one in 10^12."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` is in seconds, never set back."""
        self._clock = clock
        self._each = RateLimit(OF_ADDRESS_A_MINUTE)
        self._all = RateLimit(OF_ALL_A_MINUTE)

    def wait_s(self, address: str) -> float:
        """0.0 where a guess may be made, which counts it; else in how many seconds the next one may."""
        now_s = self._clock()
        return self._each.wait_s(share_of(address), now_s) or self._all.wait_s("", now_s)
