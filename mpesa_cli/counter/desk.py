"""The counter's operations: each one of payments/, run in a bounded pool, its refusal kept in words for the screen."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

from mpesa_cli.board.acknowledge import acknowledge
from mpesa_cli.board.cards import Card, mark
from mpesa_cli.counter.health import Health
from mpesa_cli.counter.ports import Ports, Verdict
from mpesa_cli.counter.refusals import refusal_words
from mpesa_cli.counter.snapshot import Heading, Notice, OnItsWay
from mpesa_cli.counter.words import Say, speaker
from mpesa_cli.floor.errors import (
    Conflict,
    CredentialsRefused,
    LedgerUnknown,
    MpesaError,
    NotDelivered,
    OutcomeUnknown,
)
from mpesa_cli.initiator.verdict import Verdict as Judged
from mpesa_cli.initiator.verify import look_up
from mpesa_cli.payments.claim import Approval, New, attach, check_attachable
from mpesa_cli.payments.push import Order, push
from mpesa_cli.payments.refresh import refresh
from mpesa_cli.payments.retry import new_attempt, withdraw_abandoned
from mpesa_cli.payments.sending import PushContext, Pushed
from mpesa_cli.payments.told import shop_of, take_in
from mpesa_cli.rules.asking_again import ByPerson
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.receipt_claim import Claim
from mpesa_cli.rules.state import AttemptState
from mpesa_cli.rules.values.reference import account_reference, check_description

WORKERS = 8
WAITING_MAX = 16
NOTICES_MAX = 20
_ANSWERED = frozenset({AttemptState.PENDING, AttemptState.REJECTED, AttemptState.PAID, AttemptState.FAILED})


class Desk:
    """One clerk's operations. None of them blocks; what becomes of them is on the board, or a notice."""

    def __init__(self, ports: Ports) -> None:
        """Nothing runs yet."""
        self.ports = ports
        self.say: Say = speaker(ports.profile.language)
        self.health = Health(sms_on=ports.profile.sends_receipts)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="mpesa-counter")
        self._room = threading.Semaphore(WORKERS + WAITING_MAX)
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._notices: list[Notice] = []
        self._sending: dict[str, OnItsWay] = {}

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The notices that nobody has put away, newest first."""
        with self._lock:
            return tuple(reversed(self._notices))

    @property
    def sending(self) -> tuple[OnItsWay, ...]:
        """The prompts that are on their way into the ledger, newest first."""
        with self._lock:
            return tuple(reversed(self._sending.values()))

    def ask(self, msisdn: str, shillings: int, order_id: str) -> None:
        """Push: ask a phone for an order's money, as ``mpesa push`` does."""
        profile, world = self.ports.profile, self.ports.world
        order = Order(
            order_id, profile.name, profile.shortcode, shillings, msisdn,
            account_reference(profile.account_reference, order_id, profile.account_reference_max),
            check_description(profile.description),
        )
        with self._lock:
            self._sending[order_id] = OnItsWay(order_id, msisdn, shillings * 100, world.now_us())

        def send() -> None:
            try:
                self.ports.deliver()
                pushed = self._to_daraja(lambda context: push(context, order))
                if pushed.picked_up:
                    self.tell(order_id, self.say("picked_up", order=order_id))
            finally:
                with self._lock:
                    self._sending.pop(order_id, None)

        if not self._run(order_id, send, "not_sent"):
            with self._lock:
                self._sending.pop(order_id, None)

    def ask_again(self, payment: Payment) -> None:
        """Retry: one further attempt on the same phone, as ``mpesa retry`` makes it."""
        def send() -> None:
            ledger, world = self.ports.ledger, self.ports.world
            daraja = self.ports.push_context().daraja
            latest = refresh(ledger, lambda: daraja, payment, world, deliver=self.ports.deliver)  # type: ignore[arg-type,return-value]
            latest = withdraw_abandoned(ledger, latest, world)
            self._to_daraja(lambda context: new_attempt(context, latest, latest.last.msisdn, ByPerson()))

        self._run(payment.order_id, send, "not_sent")

    def claim(self, money: Payment, order_id: str) -> None:
        """Attach: money that came by hand pays an order, as ``mpesa verify --attach`` decides it."""
        self._run(order_id, lambda: self._claim(money, order_id))

    def _claim(self, money: Payment, order_id: str) -> None:
        ports = self.ports
        ledger, now_us = ports.ledger, ports.world.now_us()
        take_in(ledger, shop_of(ports.profile, ports.world))
        known = ledger.payment_by_order(order_id)
        claim = Claim(money.telling.view.receipt or "", money.amount_cents if known is None else None, None, order_id)
        checked = look_up(ledger, claim, now_us)
        if checked.verdict is not Judged.REAL or checked.money is None:
            taken = checked.money.order_id if checked.money else ""
            raise Conflict(
                f"{claim.receipt} was not claimed: {checked.verdict}{f', it pays order {taken}' if taken else ''}.",
                hint=f"Nothing was changed. See it: mpesa verify {claim.receipt} --order {order_id}",
                code="not-claimed",
            )
        check_attachable(ledger, claim, checked.money)
        new = New(ports.world.new_id("PAY-"), ports.profile.name, ports.profile.shortcode)
        attach(ledger, claim, checked.money, Approval(ports.by, "paid by hand; claimed at the counter", new), now_us)
        self.tell(order_id, self.say("claimed", receipt=claim.receipt, order=order_id))

    def check(self, text: str, order_id: str | None, told: Callable[[Verdict], None]) -> None:
        """Verify what a customer shows; ``told`` gets the verdict, or the refusal as one, in the thread of the work."""
        def look() -> None:
            try:
                told(self.ports.check(text, order_id))
            except MpesaError as error:
                told(Verdict("", "?", (error.message, error.hint)))

        self._run("", look)

    def print_receipt(self, order_id: str) -> None:
        """Print the receipt of a paid order."""
        self._run(order_id, lambda: self.tell(order_id, self.ports.print_receipt(order_id)))

    def sms_receipt(self, order_id: str) -> None:
        """Send the receipt of a paid order to the customer."""
        self._run(order_id, lambda: self.tell(order_id, self.ports.sms_receipt(order_id)))

    def put_away(self, card: Card) -> None:
        """Acknowledge a card as it is shown; where it has changed meanwhile it stays."""
        payment, ports = card.payment, self.ports

        def note() -> None:
            acknowledge(ports.ledger, payment.payment_id, mark(payment), by=ports.by, at_us=ports.world.now_us())

        self._run(payment.order_id, note)

    def drop_notice(self, number: int) -> None:
        """Put a notice away."""
        with self._lock:
            self._notices = [each for each in self._notices if each.number != number]

    def tell(self, about: str, words: str, heading: Heading = "note") -> None:
        """Add a notice."""
        notice = Notice(next(self._numbers), self.ports.world.now_us(), about, words, heading)
        with self._lock:
            self._notices = [*self._notices, notice][-NOTICES_MAX:]

    def close(self) -> None:
        """Let what has begun come to its end, so that the answer to every prompt is stored; drop the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _to_daraja(self, send: Callable[[PushContext], Pushed]) -> Pushed:
        """Send within the profile's time, and note whether Daraja answered."""
        ports = self.ports
        try:
            context = ports.push_context()
            pushed = send(replace(context, until=ports.world.deadline(ports.profile.timeout_s)))
        except (NotDelivered, CredentialsRefused) as error:
            answered = isinstance(error, CredentialsRefused)
            self.health.note_daraja(ports.world.now_us(), answered=answered)
            raise
        if not pushed.picked_up:
            self.health.note_daraja(ports.world.now_us(), answered=pushed.payment.last.state in _ANSWERED)
        return pushed

    def _run(self, about: str, work: Callable[[], None], refused: Heading = "not_done") -> bool:
        """Have the pool do it; False, and a notice, where too much waits already. ``refused`` heads a refusal."""
        if not self._room.acquire(blocking=False):
            self.tell(about, self.say("too_busy"), refused)
            return False

        def run() -> None:
            try:
                work()
            except MpesaError as error:
                is_open = isinstance(error, OutcomeUnknown | LedgerUnknown)  # it may be out, or done
                self.tell(about, refusal_words(error, self.ports.profile.language), "look" if is_open else refused)
            except Exception as error:  # noqa: BLE001 - our own bug is told, and stops nobody else
                self.tell(about, self.say("broke", error=type(error).__name__), "look")
            finally:
                self._room.release()

        try:
            self._pool.submit(run)
        except RuntimeError:  # it is being closed
            self._room.release()
            return False
        return True
