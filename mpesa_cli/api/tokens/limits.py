"""The rate limit of a caller: a bucket of permits per key that fills up with time. Pure but for its lock."""

import threading
from collections import OrderedDict

from mpesa_cli.floor.records import dataclass

KEYS_MAX = 10_000
"""How many callers are remembered: about 2 MB. The one that has not come for longest is forgotten."""


@dataclass(slots=True)
class _Bucket:
    """The ``permits`` that were left at ``at_s``."""

    permits: float
    at_s: float


class RateLimit:
    """So many requests a minute per key, at most so many at once. Any thread may call it.

    A key is whatever names the caller: a token's ``jti``, a phone number.
    """

    def __init__(self, per_minute: int, *, burst: int | None = None, keys_max: int = KEYS_MAX) -> None:
        """``burst`` is the number that may come at once after a pause; a minute's worth where it is left out."""
        self._per_s = per_minute / 60
        self._burst = float(per_minute if burst is None else burst)
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: str, now_s: float) -> float:
        """0.0 where the request may pass, which takes a permit; else in how many seconds the next one may.

        ``now_s`` is a monotonic clock's. A refused request takes nothing: whoever insists is not locked out.
        """
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = _Bucket(self._burst, now_s)
                if len(self._buckets) > self._keys_max:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(key)
            # A clock that is read by several threads may seem to go back a little.
            passed_s = max(0.0, now_s - bucket.at_s)
            bucket.permits = min(self._burst, bucket.permits + passed_s * self._per_s)
            bucket.at_s = max(bucket.at_s, now_s)
            if bucket.permits >= 1.0:
                bucket.permits -= 1.0
                return 0.0
            return (1.0 - bucket.permits) / self._per_s

    def __len__(self) -> int:
        """The number of keys that are remembered."""
        return len(self._buckets)
