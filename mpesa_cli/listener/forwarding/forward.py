"""Forwarding: events posted to the shop's own system from stored rows, with backoff, each event once.

Nothing here can change what Daraja is answered: rows are written in the transaction that settles a
payment, and posted later from a thread of their own.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.rounds import Rounds
from mpesa_cli.floor.world import World
from mpesa_cli.listener.events import Event, Kind, OnEvent
from mpesa_cli.listener.forwarding.webhook import signed_headers

if TYPE_CHECKING:
    import httpx

LEASE_S = 60.0  # longer than a try can take: after it, another process may take the row over
TIMEOUT_S = 15.0
LOOK_EVERY_S = 1.0
# Seconds before the second try, the third, …; a spread of a tenth is added. About three days in all.
BACKOFF_S = (5, 15, 60, 300, 900, 1800, 3600, *[3 * 3600] * 4, *[6 * 3600] * 9)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event to post. ``tries`` is the number made before; ``body`` is posted as it is."""

    event_id: str
    event_type: str
    body: bytes
    tries: int


class Outbox(Protocol):
    """The durable queue of events. Used from the forwarder's thread only."""

    def claim(self, now_us: int, lease_us: int, most: int) -> Sequence[Outgoing]:
        """Take up to ``most`` due events, oldest first; nobody else gets them until the lease is over."""

    def done(self, event_id: str, now_us: int) -> None:
        """Note that the receiver has it."""

    def failed(self, event_id: str, detail: str, retry_at_us: int | None, now_us: int) -> None:
        """Note a failed try. Due again at ``retry_at_us``; None means that it is given up."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of a try. ``status`` 0 where there was no answer; ``words`` says why."""

    status: int
    took_ms: int
    words: str = ""

    @property
    def ok(self) -> bool:
        """Whether the receiver said that it has it."""
        return 200 <= self.status < 300


def next_try_us(tries: int, now_us: int, random: float) -> int | None:
    """The time of the next try after ``tries`` failed ones, or None to give up. ``random`` in [0, 1) spreads."""
    if tries > len(BACKOFF_S):
        return None
    return now_us + int(BACKOFF_S[tries - 1] * (1 + random / 10) * SECOND_US)


class Forwarder(Rounds):
    """A thread that empties an outbox to one URL. Events that are in the outbox when it is stopped stay there."""

    def __init__(
        self,
        outbox: Outbox,
        url: str,
        key: bytes,
        *,
        world: World,
        on_event: OnEvent,
    ) -> None:
        """``key`` as webhook.signing_key gives it, ``url`` as webhook.check_target has passed it."""
        super().__init__(self._forward, self._failed_with, every_s=LOOK_EVERY_S, name="mpesa-forwarder")
        self._outbox = outbox
        self._url = url
        self._key = key
        self._world = world
        self._on_event = on_event

    def forward_due(self, client: "httpx.Client") -> int:
        """Post every event that is due. Returns how many tries were made."""
        count = 0
        while not self._stopping:
            claimed = self._outbox.claim(self._world.now_us(), int(LEASE_S * SECOND_US), 1)
            if not claimed:
                break
            self._try(client, claimed[0])
            count += 1
        return count

    def _run(self) -> None:
        from mpesa_cli.floor.wire.lean_httpx import httpx

        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as self._client:
            super()._run()

    def _forward(self) -> None:
        self.forward_due(self._client)

    def _failed_with(self, error: Exception) -> None:
        self._tell("unforwarded", f"the outbox failed: {type(error).__name__}")

    def _try(self, client: "httpx.Client", event: Outgoing) -> None:
        headers = signed_headers(self._key, event.event_id, self._world.now_us(), event.body)
        reply = post(client, self._url, headers, event.body)
        now_us = self._world.now_us()
        if reply.ok:
            self._outbox.done(event.event_id, now_us)
            self._tell("forwarded", f"{event.event_type} {reply.status} ({reply.took_ms} ms)")
            return
        said = str(reply.status) if reply.status else reply.words
        again_us = None if reply.status == 410 else next_try_us(event.tries + 1, now_us, self._world.random())
        self._outbox.failed(event.event_id, said, again_us, now_us)
        when = "given up" if again_us is None else f"again in {(again_us - now_us) // SECOND_US} s"
        self._tell("unforwarded", f"{event.event_type} {said}, {when}")

    def _tell(self, kind: Kind, detail: str) -> None:
        self._on_event(Event(kind, self._world.now_us(), detail=detail))


def post(client: "httpx.Client", url: str, headers: dict[str, str], body: bytes) -> Reply:
    """One try. Never raises; the receiver's body is not read beyond what the client buffers."""
    from mpesa_cli.floor.wire.lean_httpx import httpx

    start = time.monotonic()
    try:
        with client.stream("POST", url, content=body, headers=headers) as answer:
            return Reply(answer.status_code, int((time.monotonic() - start) * 1000))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Reply(0, int((time.monotonic() - start) * 1000), type(error).__name__)
