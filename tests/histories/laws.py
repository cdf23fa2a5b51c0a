"""What must hold between the ledger, what the program says, and the truth. Each law is a named check. Not a test."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from baton import SECOND_US
from played_shop import OneThreadLedger, Shop

from mpesa_cli.books.store.differences import Differences
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.state import AttemptState, PaymentStatus
from mpesa_cli.simulator.record import Charge

HAS_MONEY = {"paid", "overpaid", "partial"}


@dataclass(frozen=True)
class Violation:
    """A law that did not hold. ``signature`` is short and the same for every example of one fault."""

    law: str
    signature: str
    words: str

    @property
    def name(self) -> str:
        return f"{self.law}:{self.signature}"


@dataclass(frozen=True)
class Order:
    """What the shop wants: an order of a customer."""

    order_id: str
    msisdn: str
    cents: int


@contextlib.contextmanager
def ledger_of(shop: Shop) -> Iterator[OneThreadLedger | None]:
    """The shop's ledger to look at, None where it is gone or can't be opened."""
    if not shop.ledger_path.exists():
        yield None
        return
    runtime = shop.runtime(None)
    try:
        ledger = OneThreadLedger.of(runtime, runtime.profile())
    except Exception:  # noqa: BLE001 - what is wrong with it is for the laws about it
        yield None
        return
    try:
        yield ledger
    finally:
        ledger.close()


@dataclass
class Laws:
    """The laws over one shop. ``excused`` orders were asked again by a person with open eyes."""

    shop: Shop
    orders: dict[str, Order]
    excused: set[str]
    wrongly_decided: set[str]
    phantoms: set[str] = field(default_factory=set)  # receipts that a message with our secret made up or lied about
    clock_was_off: bool = False  # by more than M-PESA's times are believed: what is told twice is then two, and named
    out_of_window: set[str] = field(default_factory=set)  # receipts of prompts that by our clock were paid before them
    lost_prompts: set[str] = field(default_factory=set)  # CheckoutRequestIDs of which a restored ledger knows nothing

    # Money that the truth has for an order.
    def money_for(self, order_id: str) -> int:
        """What came for an order. Money by hand counts where nobody could tell it from this order's."""
        return sum(c.amount_cents for c in self._charges_for(order_id) if not self._was_lost(c, order_id))

    def _charges_for(self, order_id: str) -> list[Charge]:
        """What came for an order, and what by phone and amount proves itself its own though it was not meant so: money
        by hand, and what another order's prompt brought that the ledger lost."""
        truth, order, found = self.shop.truth, self.orders.get(order_id), []
        for charge in truth.charges():
            meant = truth.order_of(charge) == order_id or order_id == f"C2B-{charge.receipt}"
            if order is not None and (charge.receipt in truth.by_hand or self._was_lost(charge, order_id)):
                meant = meant or (charge.msisdn == order.msisdn and charge.amount_cents == order.cents)
            if meant:
                found.append(charge)
        return found

    def _was_lost(self, charge: Charge, order_id: str) -> bool:
        """Whether it is what another order's prompt brought, of which a restored ledger knows nothing."""
        return charge.kind == "stk" and charge.ref in self.lost_prompts and charge.account_reference != order_id

    def _told_twice_is_two(self, order_id: str) -> bool:
        """Whether a prompt of an order was paid at a time at which C2B money pays no prompt, by our clock."""
        return any(p.receipt in self.out_of_window for p in self.shop.truth.prompts(order_id))

    def _may_come(self, order_id: str) -> bool:
        truth = self.shop.truth
        return any(truth.may_be_paid(p, self.shop.baton.true_us) for p in truth.prompts(order_id))

    def _is_said_beside(self, order_id: str) -> bool:
        """Whether each prompt that was paid is one that a restore lost, and its receipt is said beside the order: two
        receipts name it then, or its number contradicts, and only a person can tell which of them is its money."""
        now_us = self.shop.baton.true_us
        paid = [p for p in self.shop.truth.prompts(order_id) if self.shop.truth.may_be_paid(p, now_us)]
        if any(p.checkout_request_id not in self.lost_prompts or not p.charged(now_us) for p in paid):
            return False
        with ledger_of(self.shop) as ledger:
            payment = ledger.payment_by_order(order_id) if ledger is not None else None
            if ledger is None or payment is None:
                return False
            said = Differences(ledger).money_that_may_be(payment.payment_id, (payment.shortcode,))
        return {p.receipt for p in paid} <= {each.receipt for each in said}

    def said_of(self, order_id: str, status: str, cents: int, *, blind: bool) -> Iterator[Violation]:
        """Nothing is called paid, failed or refunded that is not."""
        came = sum(charge.amount_cents for charge in self._charges_for(order_id))
        if order_id in self.wrongly_decided or order_id.removeprefix("C2B-") in self.phantoms:
            return
        if status == "paid" and came < cents:
            words = f"{order_id} is called paid; {came / 100:g} of {cents / 100:g} came"
            yield Violation("called", "paid-that-is-not", words)
        elif (
            status == "overpaid" and came <= cents
            and not self.clock_was_off and not self._told_twice_is_two(order_id)
        ):
            yield Violation("called", "overpaid-that-is-not", f"{order_id} is called overpaid; {came / 100:g} came")
        elif status == "partial" and not came:
            yield Violation("called", "partial-that-is-not", f"{order_id} is called partly paid, and nothing came")
        elif status == "failed" and not blind and self._may_come(order_id) and not self._is_said_beside(order_id):
            words = f"{order_id} is called failed, and its prompt was paid, or may be"
            yield Violation("called", "failed-that-is-not", words)
        elif status == "refunded" and not any(
            charge.receipt in self.shop.truth.reversed for charge in self._charges_for(order_id)
        ):
            yield Violation("called", "refunded-that-is-not", f"{order_id} is called refunded, and nothing went back")

    def all_payments(self, ledger: OneThreadLedger, *, blind: bool) -> Iterator[Violation]:
        """The same for everything that the ledger holds, and that no money is counted twice or invented."""
        truth = self.shop.truth
        real = {c.receipt: c for c in truth.charges()}
        counted: Counter[str] = Counter()
        for payment in _payments(ledger):
            yield from self.said_of(payment.order_id, payment.status.value, payment.amount_cents, blind=blind)
            for attempt in payment.attempts:
                if attempt.state is not AttemptState.PAID:
                    continue
                for receipt in attempt.view.receipts or self._receipt_behind(attempt):
                    counted[receipt] += 1
                    if receipt not in {*real, *self.phantoms} and payment.order_id not in self.wrongly_decided:
                        words = f"{payment.order_id} is paid by {receipt}, which does not exist"
                        yield Violation("counted", "invented", words)
        for receipt, times in counted.items():
            if times > 1 and not self.clock_was_off and receipt not in self.phantoms | self.out_of_window:
                yield Violation("counted", "twice", f"{receipt} is counted {times} times")

    def _receipt_behind(self, attempt: Attempt) -> list[str]:
        """The receipt of the prompt that an attempt is, where the ledger was not told it."""
        prompt = self.shop.truth.state.prompts.get(attempt.view.checkout_request_id or "")
        return [prompt.receipt] if prompt is not None and prompt.receipt else []

    def known(self, ledger: OneThreadLedger, receipt: str) -> bool:
        """Whether the ledger has this money as money, under its receipt or as its prompt's."""
        if ledger.receipt_owner(receipt) is not None:
            return True
        prompt = next((p for p in self.shop.truth.state.prompts.values() if p.receipt == receipt), None)
        if prompt is None:
            return False
        payment = ledger.payment_by_order(prompt.account_reference)
        return payment is not None and any(
            a.state is AttemptState.PAID and receipt in {*a.view.receipts, *self._receipt_behind(a)}
            for a in payment.attempts
        )

    def silence(self, ledger: OneThreadLedger, must_know: dict[str, str]) -> Iterator[Violation]:
        """Where reconcile is silent, ledger and truth agree. ``must_know``: receipts, and how the shop could know."""
        for receipt, how in must_know.items():
            if not self.known(ledger, receipt):
                by_hand = self.shop.truth.by_hand.get(receipt)
                form = f", {by_hand.form}" if by_hand else ""
                yield Violation("silence", how, f"reconcile is silent, and {receipt} is nowhere ({how}{form})")

    def named(self, ledger: OneThreadLedger, document: Any, text: str) -> Iterator[Violation]:
        """In the end every shilling is a payment, or is named."""
        listed = {p.get("order_id") for p in (document or {}).get("payments", [])}
        for charge in self.shop.truth.charges():
            if self.known(ledger, charge.receipt) or charge.receipt in text:
                continue
            if charge.kind == "stk" and charge.account_reference in listed:
                continue
            by_hand = self.shop.truth.by_hand.get(charge.receipt)
            form = by_hand.form if by_hand else "stk"
            words = f"{charge.receipt}, {charge.amount_cents / 100:g} ({form}), is no payment, and not named"
            yield Violation("lost", "c2b" if by_hand else "stk", words)

    def whole(self, ledger: OneThreadLedger) -> Iterator[Violation]:
        """The audit finds nothing."""
        for flaw in flaws(ledger):
            yield Violation("audit", str(flaw.words)[:60], f"{flaw.words} (row {flaw.seq})")

    def erased(self, numbers: set[str]) -> Iterator[Violation]:
        """An erased number is in no file of the ledger."""
        for end in ("", "-wal"):
            path = self.shop.ledger_path.with_name(self.shop.ledger_path.name + end)
            held = path.read_bytes() if path.exists() else b""
            for number in numbers:
                if number[3:].encode() in held:
                    yield Violation("erased", "number-came-back", f"{number} was erased, and is in {path.name} again")

    def prompted(self, prompt: Any, how: str) -> Iterator[Violation]:
        """No order has two prompts that may be paid."""
        truth, order = self.shop.truth, prompt.account_reference
        earlier = [p for p in truth.prompts(order) if p is not prompt]
        if order not in self.excused and any(truth.may_be_paid(p, self.shop.baton.true_us) for p in earlier):
            at = [(p.accepted_us - earlier[0].accepted_us) // SECOND_US for p in [*earlier, prompt]]
            words = f"{order} has {len(earlier) + 1} prompts that may be paid, at seconds {at}"
            yield Violation("two-prompts", how, words)


def _payments(ledger: OneThreadLedger) -> list[Payment]:
    ids = [str(row[0]) for row in ledger.rows("SELECT payment_id FROM payments ORDER BY payment_id")]
    return [p for each in ids if (p := ledger.payment(each)) is not None]


OPEN = {PaymentStatus.PENDING.value, PaymentStatus.UNKNOWN.value, PaymentStatus.REVIEW.value}
