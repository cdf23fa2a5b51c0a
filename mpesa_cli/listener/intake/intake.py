"""Intake of one request: what its secret names, whether it is on disk, what to answer. No HTTP here.

The order is the law (ARCHITECTURE.md: a callback is answered 200 only after its raw body is committed):
look up, store, answer, and only then read and settle. Everything here runs in one thread, the writer's.
"""

from collections.abc import Sequence

from mpesa_cli.floor.errors import LedgerBusy, MpesaError
from mpesa_cli.floor.world import World
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.events import Event, OnEvent
from mpesa_cli.listener.intake.deliveries import (
    ACCEPTED,
    UNAVAILABLE,
    UNKNOWN,
    Ask,
    C2bContext,
    Delivery,
    LostDelivery,
    OpenDelivery,
    ResultDelivery,
    SmsReport,
    StoredDelivery,
    Verdict,
)
from mpesa_cli.listener.intake.results import receive_result
from mpesa_cli.listener.intake.settling import Settling
from mpesa_cli.listener.intake.store_outcome import StoreOutcome
from mpesa_cli.listener.intake.storing import places_of, store
from mpesa_cli.listener.query_thread import QueryThread
from mpesa_cli.rules.payment import AttemptRef
from mpesa_cli.rules.strangers import SPACE_NEEDED_BYTES

_Numbered = tuple[int, StoredDelivery]
_Placed = tuple[int, AttemptRef | str, StoredDelivery]


class Intake:
    """A receiver of deliveries into one ledger. Not safe to share between threads."""

    def __init__(
        self,
        ledger: Ledger,
        world: World,
        on_event: OnEvent,
        *,
        c2b: C2bContext | None = None,
        ask: Ask | None = None,
        sms_secret_hash: str = "",
        alone: bool = True,
    ) -> None:
        """``on_event`` gets every event; ``c2b`` None has no C2B path; ``ask`` see :data:`Ask`. Where it is not
        ``alone``, a secret that is unknown here may be another ledger's, until a LostDelivery says that it is not.
        """
        self._ledger = ledger
        self._world = world
        self._on_event = on_event
        self._c2b = c2b
        self._queries = QueryThread(ask) if ask else None
        asks = self._queries.ask if self._queries else None
        self.settling = Settling(ledger, world, on_event, c2b.shop if c2b else None, asks)
        self._sms_secret_hash = sms_secret_hash
        self._alone = alone
        self.healthy = True

    def receive(self, batch: Sequence[Delivery]) -> list[Verdict]:
        """Store a batch in one durable transaction and return the answer to each. Never raises."""
        verdicts: list[Verdict] = [UNAVAILABLE] * len(batch)
        to_store: list[_Numbered] = []
        for index, delivery in enumerate(batch):
            if isinstance(delivery, SmsReport):
                verdicts[index] = self._sms_report(delivery)
            elif isinstance(delivery, ResultDelivery):
                verdicts[index] = self._result(delivery)
            elif isinstance(delivery, LostDelivery):
                verdicts[index] = self._lost(delivery.delivery)
            elif not isinstance(delivery, OpenDelivery) or self._has_room_for_strangers():
                to_store.append((index, delivery))
        placed: list[_Placed] = []
        for index, place, delivery in self._places(to_store):
            if place is None:
                verdicts[index] = self._lost(delivery) if self._alone else UNKNOWN
            else:
                placed.append((index, place, delivery))
        for index, verdict in self._store(placed):
            verdicts[index] = verdict
        return verdicts

    def _has_room_for_strangers(self) -> bool:
        """Whether strangers' bodies are taken: they get 503 long before the disk is too full for the shop's prompts."""
        try:
            return self._ledger.engine.free_bytes() >= SPACE_NEEDED_BYTES
        except MpesaError:
            return False

    def _places(self, numbered: list[_Numbered]) -> list[tuple[int, AttemptRef | str | None, StoredDelivery]]:
        """The place of each. One that can't be looked up is left out, and so answered 503."""
        try:
            places = places_of(self._ledger, [delivery for _, delivery in numbered], self._c2b)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer must be 503 and not a hang
            self._failed(error, numbered[0][1].peer, len(numbered))
            return []
        return [(index, place, delivery) for (index, delivery), place in zip(numbered, places, strict=True)]

    def _lost(self, delivery: StoredDelivery) -> Verdict:
        """The answer to a delivery with an unknown secret: after a restore it may be about what was lost."""
        from mpesa_cli.listener.intake.after_restore import keep_lost

        try:
            return keep_lost(self._ledger, delivery, self._world, self._on_event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer must be 503 and not a hang
            self._failed(error, delivery.peer)
            return UNAVAILABLE

    def _sms_report(self, delivery: SmsReport) -> Verdict:
        """File the report on a text message of ours; it touches no payment."""
        if not self._sms_secret_hash or delivery.secret_hash != self._sms_secret_hash:
            return UNKNOWN
        from mpesa_cli.sms.delivery_reports import apply_delivery_report, hold_report
        from mpesa_cli.sms.providers.delivery import read_delivery_report

        report = read_delivery_report(delivery.body)
        try:
            if report is None:
                hold_report(self._ledger, delivery.body, delivery.peer, self._world.now_us())
                return ACCEPTED
            return ACCEPTED if apply_delivery_report(self._ledger, report, self._world.now_us()) else UNKNOWN
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer must be 503 and not a hang
            self._failed(error, delivery.peer)
            return UNAVAILABLE

    def _result(self, delivery: ResultDelivery) -> Verdict:
        try:
            return receive_result(self._ledger, delivery, self._world, self._on_event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer must be 503 and not a hang
            self._failed(error, delivery.peer)
            return UNAVAILABLE

    def _store(self, placed: list[_Placed]) -> list[tuple[int, Verdict]]:
        """Commit the bodies; returns the answer for each on disk, whether new or stored before.

        Where the transaction fails, each is tried alone, so that one bad row can't fail its neighbours;
        where the ledger itself is busy or full, that would only make everybody wait longer.
        """
        if not placed:
            return []
        at_us = self._world.now_us()
        try:
            with self._ledger.write() as tx:
                stored = store(tx, [(place, delivery) for _, place, delivery in placed], at_us, self._c2b)
        except Exception as error:  # noqa: BLE001 - no failure, foreseen or not, may become a 200
            if len(placed) > 1 and not isinstance(error, LedgerBusy):
                return [answer for one in placed for answer in self._store([one])]
            self._failed(error, placed[0][2].peer, len(placed))
            return []
        self.healthy = True
        for each in stored:
            self._follow_up(each)
        return [(index, each.verdict) for (index, _, _), each in zip(placed, stored, strict=True)]

    def _follow_up(self, stored: StoreOutcome) -> None:
        if stored.settle is not None:
            self.settling.add(stored.settle)
        if stored.ask is not None and self._queries is not None:
            self._queries.ask(*stored.ask)
        if stored.event is not None:
            self._on_event(stored.event)

    def _failed(self, error: Exception, peer: str, count: int = 1) -> None:
        self.healthy = False
        words = error.message if isinstance(error, MpesaError) else type(error).__name__
        self._on_event(Event("unstored", self._world.now_us(), peer, detail=words, count=count))
