"""Events that may come in floods, reported once a minute each kind, with their number."""

import threading
from collections.abc import Callable
from dataclasses import replace

from mpesa_cli.listener.events import Event, Kind, OnEvent

TELL_EVERY_S = 60.0
PEERS_COUNTED_MAX = 10_000


class Seldom:
    """A filter before the receiver of events. The first of a kind passes at once, further ones as one with a count.

    Each reason for a refusal is a kind of its own: reasons are a small fixed set. Any thread may call it.
    """

    def __init__(self, on_event: OnEvent, clock: Callable[[], float], kinds: frozenset[Kind]) -> None:
        """``kinds`` are those that may come in floods; ``clock`` is in seconds, never set back."""
        self._on_event = on_event
        self._clock = clock
        self._kinds = kinds
        self._lock = threading.Lock()
        self._told_at: dict[tuple[Kind, str, str], float] = {}
        self._held_back: dict[tuple[Kind, str, str], Event] = {}
        self._peers: dict[tuple[Kind, str, str], set[str]] = {}

    def __call__(self, event: Event) -> None:
        """Pass the event on now, or count it."""
        if event.kind in self._kinds:
            key = (event.kind, event.detail if event.kind == "refused" else "", event.profile)
            with self._lock:
                if self._clock() - self._told_at.get(key, -TELL_EVERY_S) < TELL_EVERY_S:
                    before = self._held_back.get(key)
                    count = event.count + (before.count if before else 0)
                    peers = self._peers.setdefault(key, set())
                    if len(peers) < PEERS_COUNTED_MAX:
                        peers.add(event.peer)
                    # Of several addresses none stands for the others.
                    peer = event.peer if len(peers) == 1 else ""
                    self._held_back[key] = replace(event, count=count, peer=peer, addresses=len(peers))
                    return
                self._told_at[key] = self._clock()
        self._on_event(event)

    def tell(self, *, all_of_it: bool = False) -> None:
        """Pass on the counted events whose minute is over; at the end, all of them."""
        with self._lock:
            now_s = self._clock()
            due = [key for key in self._held_back if all_of_it or now_s - self._told_at[key] >= TELL_EVERY_S]
            events = [self._held_back.pop(key) for key in due]
            for key in due:
                self._peers.pop(key, None)
            self._told_at.update(dict.fromkeys(due, now_s))
        for event in events:
            self._on_event(event)
