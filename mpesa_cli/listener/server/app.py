"""Answers to requests: from the head at once, or once the body is on disk. No sockets here.

Everything that is not one of ours looks the same from outside: 404 with one constant body, whatever the
path, the method or the token.
"""

import itertools
from collections.abc import Callable
from functools import partial

from mpesa_cli.floor.records import dataclass
from mpesa_cli.listener.intake.deliveries import (
    ACCEPTED,
    FORBIDDEN_SHAPE,
    NO_PAYMENT,
    NO_ROOM,
    NO_SMALL_BODY,
    TOO_LARGE,
    TOO_MANY,
    UNAVAILABLE,
    UNKNOWN,
    C2bDelivery,
    Delivery,
    Verdict,
)
from mpesa_cli.listener.intake.writer import SendVerdict, Storing
from mpesa_cli.listener.server.head import BODY_MAX, HEAD_MAX, HEADERS_MAX, Head
from mpesa_cli.listener.server.open_paths import OpenPaths
from mpesa_cli.listener.server.options import ListenerOptions
from mpesa_cli.listener.server.peer import is_doubtful, is_refused, peer_address
from mpesa_cli.listener.server.refusals import Refusals
from mpesa_cli.listener.server.routes import OPEN_PATHS, Address, address_of
from mpesa_cli.listener.server.spooling import Keeping
from mpesa_cli.rules.strangers import BODY_MAX_BYTES

_HEALTHY = Verdict(200, b'{"status":"ok"}', stored=False)
_REASONS = {
    UNKNOWN: "unknown token", TOO_MANY: "too many different bodies on one token",
    NO_PAYMENT: "no payment to this shop, without a secret", NO_SMALL_BODY: "too large without a secret",
    NO_ROOM: "too much without a secret",
}
_FAILING = Verdict(503, b'{"status":"failing"}', stored=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """A body that is worth reading: its kind and place."""

    address: Address
    peer: str


class ListenerApp:
    """The decisions on the requests of one listener. Used from one thread."""

    def __init__(
        self,
        options: ListenerOptions,
        writer: Storing,
        refusals: Refusals,
        clock: Callable[[], float],
        soon: Callable[[Callable[[], None]], object],
        open_paths: OpenPaths,
        without_ledger: Callable[[Delivery], Verdict | None] = lambda _: None,
        spooling: Keeping | None = None,
    ) -> None:
        """``writer`` stores; ``refusals`` counts bodies that are not stored; ``clock`` is in seconds, never set back.

        ``soon`` calls once all that can be read now has been read (an event loop's call_soon). ``without_ledger`` gives
        the answer that needs no storing, if there is one. ``spooling`` keeps what the ledger could not take in time.
        """
        self._options = options
        self._writer = writer
        self._refusals = refusals
        self._clock = clock
        self._soon = soon
        self._without_ledger = without_ledger
        self._gathered: list[tuple[Delivery, SendVerdict]] = []
        self._open_paths = open_paths
        self._tickets = itertools.count()
        self._waiting: dict[int, tuple[float, SendVerdict, Delivery]] = {}  # since when, oldest first
        self._spooling = spooling
        self._validations: dict[int, tuple[float, Delivery]] = {}

    def look(self, head: Head) -> Verdict | Expected:
        """The answer without reading a body; or that a body is to be read, up to BODY_MAX, and taken."""
        path = head.target.partition(b"?")[0].decode("ascii")
        if path == "/healthz" and head.method == b"GET":
            return _HEALTHY if self._writer.healthy else _FAILING
        peer = peer_address(self._options.tunnel, head.caller, head.headers)
        address = address_of(path) if head.method == b"POST" else None
        reason, verdict = self._refusal(head, path, address, peer)
        if reason:
            return self.refuse(verdict, reason, peer)
        assert address is not None  # or there would be a reason
        return Expected(address, peer)

    def take(self, expected: Expected, body: bytes, answer: SendVerdict) -> None:
        """Store a whole body. ``answer`` is called with the verdict, exactly once, now or later."""
        if is_doubtful(self._options.callback_ips, self._options.tunnel, expected.peer):
            self._refusals.doubt(expected.peer)
        ticket, delivery = next(self._tickets), expected.address(body, expected.peer)
        self._waiting[ticket] = (self._clock(), answer, delivery)
        if isinstance(delivery, C2bDelivery) and delivery.step == "validation":
            self._validations[ticket] = (self._clock(), delivery)
        if not self._gathered:
            self._soon(self._submit_gathered)
        self._gathered.append((delivery, partial(self._give, ticket)))

    def _submit_gathered(self) -> None:
        """Submit all bodies that came at once: otherwise the writer would wake, and commit, for the first alone."""
        gathered, self._gathered = self._gathered, []
        for delivery, give in gathered:
            if not self._writer.submit(delivery, give):
                self._refusals.note("too much at once", delivery.peer)
                give(UNAVAILABLE)

    def too_large(self, peer: str) -> Verdict:
        """The answer to a body longer than BODY_MAX."""
        return self.refuse(TOO_LARGE, "body too large", peer)

    def refuse(self, verdict: Verdict, reason: str, peer: str) -> Verdict:
        """Count a request of which nothing is stored. ``reason`` is one of a small fixed set."""
        self._refusals.note(reason, peer)
        return verdict

    def give_up_late(self) -> None:
        """Answer those who waited too long: 503, or where their bodies can be kept for a ledger that is away, 200.

        A body may still be stored; then a repeat is folded into it.
        """
        self._let_validations_through()
        until = self._clock() - self._options.answer_s
        while self._waiting:
            ticket, (since, answer, delivery) = next(iter(self._waiting.items()))
            if since > until:
                return
            del self._waiting[ticket]
            self._not_stored(delivery, answer, "the ledger took too long")

    def _not_stored(self, delivery: Delivery, answer: SendVerdict, reason: str) -> None:
        """Keep a body that the ledger has not taken, where there is a place for it; else say 503."""

        def give(*, kept: bool) -> None:
            answer(ACCEPTED if kept else self.refuse(UNAVAILABLE, reason, delivery.peer))

        if self._spooling is None:
            give(kept=False)
        else:
            self._spooling.keep(delivery, give)

    def _let_validations_through(self) -> None:
        """Answer validations that have waited for a while and about which the ledger has no say."""
        until = self._clock() - self._options.validation_s
        while self._validations:
            ticket, (since, delivery) = next(iter(self._validations.items()))
            if since > until:
                return
            del self._validations[ticket]
            if (verdict := self._without_ledger(delivery)) is not None:
                self._give(ticket, verdict)

    def _give(self, ticket: int, verdict: Verdict) -> None:
        self._validations.pop(ticket, None)
        waiting = self._waiting.pop(ticket, None)
        if waiting is None:
            return
        _, answer, delivery = waiting
        if verdict is UNAVAILABLE and self._spooling is not None:
            self._not_stored(delivery, answer, "the ledger is away")
            return
        if not verdict.stored and (reason := _REASONS.get(verdict)):
            self._refusals.note(reason, delivery.peer)
        answer(verdict)

    def _refusal(self, head: Head, path: str, address: Address | None, peer: str) -> tuple[str, Verdict]:
        """The reason and the answer where a body need not even be read. Nothing of it is stored."""
        lengths = head_bytes = 0
        announced = b"0"
        for name, value in head.headers:
            head_bytes += len(name) + len(value)
            if name == b"content-length":
                lengths += 1
                announced = value
            elif name == b"transfer-encoding":
                lengths += 1
        if len(head.headers) > HEADERS_MAX or head_bytes > HEAD_MAX:
            return "head too large", FORBIDDEN_SHAPE
        if address is None:
            return "unknown path", UNKNOWN
        if is_refused(self._options.callback_ips, peer):
            return "address not published by Safaricom", UNKNOWN
        if lengths > 1:
            # Two lengths: a proxy in front may believe the other one, and see two requests in this one.
            return "both Content-Length and Transfer-Encoding", FORBIDDEN_SHAPE
        if len(announced) > 9 or int(announced) > (BODY_MAX_BYTES if path in OPEN_PATHS else BODY_MAX):
            return "body too large", TOO_LARGE
        if path in OPEN_PATHS and not self._open_paths.may_come(peer):
            return "too many on a path without a secret", TOO_MANY
        return "", UNKNOWN
