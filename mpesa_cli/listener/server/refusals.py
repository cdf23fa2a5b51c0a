"""Refusals: requests that are not stored are counted and reported by reason."""

from collections import Counter

from mpesa_cli.floor.world import World
from mpesa_cli.listener.events import Event, OnEvent

PEERS_NOTED_MAX = 1000


class Refusals:
    """The counts of refusals by reason."""

    def __init__(self, world: World, on_event: OnEvent) -> None:
        """``counts`` may be read at any time."""
        self.counts: Counter[str] = Counter()
        self._world = world
        self._on_event = on_event
        self._doubtful: set[str] = set()

    def note(self, reason: str, peer: str) -> None:
        """Count a refusal for this reason. Reasons are a small fixed set, never a stranger's text."""
        self.counts[reason] += 1
        self._on_event(Event("refused", self._world.now_us(), peer, detail=reason))

    def doubt(self, peer: str) -> None:
        """Report a callback from an address that Safaricom does not publish, once for each address."""
        if peer not in self._doubtful and len(self._doubtful) < PEERS_NOTED_MAX:
            self._doubtful.add(peer)
            words = "not an address that Safaricom publishes"
            self._on_event(Event("address", self._world.now_us(), peer, detail=words))
