"""The threads behind the screen: one reads the board, one asks Daraja about who waits, one looks what answers."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from mpesa_cli.board.cards import Kind, card, mark
from mpesa_cli.board.store import Boards
from mpesa_cli.counter.desk import Desk
from mpesa_cli.counter.snapshot import Snapshot
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.moments import SECOND_US, day_begin_us
from mpesa_cli.payments.told import shop_of, take_in
from mpesa_cli.payments.wait import Seen, watch

LOOK_EVERY_S = 0.2
HEALTH_EVERY_S = 5.0
WATCH_AGAIN_AFTER_S = 30
BY_HAND_DAYS_US = 2 * 86_400 * SECOND_US
_OPEN = frozenset({Kind.WAITING, Kind.UNKNOWN})


class Caretaker:
    """Keeps ``snapshot`` fresh, and settles what can be settled, until it is stopped."""

    def __init__(self, desk: Desk) -> None:
        """Nothing runs yet."""
        self.snapshot = Snapshot()
        self._desk, self._ports = desk, desk.ports
        self._stopping = threading.Event()
        self._head = -1
        self._paid: set[str] | None = None
        self._watches: dict[str, Iterator[Seen]] = {}
        self._not_before_us: dict[str, int] = {}
        self._threads = [
            threading.Thread(target=self._repeat, args=each, name="mpesa-counter", daemon=True)
            for each in ((self.look, LOOK_EVERY_S), (self.ask_about_open, LOOK_EVERY_S), (self.check, HEALTH_EVERY_S))
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Have the threads end after the look that they are at."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=10)

    def look(self) -> None:
        """Bring in what is due and read the board anew, where anything was written; else only let time pass."""
        ports, before = self._ports, self.snapshot
        now_us = ports.world.now_us()
        before = replace(
            before, sending=self._desk.sending, notices=self._desk.notices,
            lights=self._desk.health.lights(self._desk.say, now_us),
        )
        try:
            ports.deliver()
            take_in(ports.ledger, shop_of(ports.profile, ports.world))
            store, day_us = Boards(ports.ledger), day_begin_us(now_us)
            head = store.head()
            if head != self._head or day_us != day_begin_us(before.at_us):
                cards = store.board(day_us, now_us)
                by_hand = store.unclaimed(now_us - BY_HAND_DAYS_US)
                names: Mapping[str, str] = store.first_names() if by_hand else {}
                takings = store.takings(day_us)
                self._desk.health.callback_us = store.last_callback_us() or 0
                self._head = head
                self._tell_paid(frozenset(mark(c.payment) + c.payment.payment_id for c in cards if c.kind is Kind.PAID))
            else:
                cards = tuple(card(each.payment, now_us) for each in before.cards)
                by_hand, names, takings = before.by_hand, before.names, before.takings
        except MpesaError as error:
            self.snapshot = replace(before, trouble=error.message)
            return
        self.snapshot = replace(
            before, at_us=now_us, cards=cards, by_hand=by_hand, names=names, takings=takings, trouble=""
        )

    def ask_about_open(self) -> None:
        """One look at each open payment, with a query where one is due (payments/wait.py)."""
        ports = self._ports
        world = replace(ports.world, sleep=lambda _: None)  # all of them are looked at in turn, between two pauses
        open_ids = [c.payment.payment_id for c in self.snapshot.cards if c.kind in _OPEN]
        for gone in self._watches.keys() - set(open_ids):
            del self._watches[gone]
        for payment_id in open_ids:
            if payment_id not in self._watches:
                if world.now_us() < self._not_before_us.get(payment_id, 0):
                    continue
                self._watches[payment_id] = watch(
                    ports.ledger, ports.push_context().daraja, payment_id,  # type: ignore[arg-type]
                    timeout_s=ports.profile.timeout_s, world=world, deliver=lambda: None,
                )
            try:
                done = next(self._watches[payment_id], None) is None
            except (MpesaError, KeyError):
                done = True
            if done:
                del self._watches[payment_id]
                self._not_before_us[payment_id] = world.now_us() + WATCH_AGAIN_AFTER_S * SECOND_US
        for gone in self._not_before_us.keys() - set(open_ids):
            del self._not_before_us[gone]

    def check(self) -> None:
        """Look whether callbacks can come in, and whether SMS are stuck."""
        words, answers = self._ports.listener()
        now_us = self._ports.world.now_us()
        self._desk.health.note_listener(words, now_us, answers=answers)
        with contextlib.suppress(MpesaError):
            self._desk.health.sms_stuck = Boards(self._ports.ledger).sms_stuck(day_begin_us(now_us))

    def _tell_paid(self, paid: frozenset[str]) -> None:
        if self._paid is not None and paid - self._paid:
            self._ports.after_paid()
        self._paid = set(paid)

    def _repeat(self, work: Callable[[], None], every_s: float) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a screen that goes on and says so is worth more
                self.snapshot = replace(self.snapshot, trouble=f"{type(error).__name__}: {error}")
            self._stopping.wait(every_s)
