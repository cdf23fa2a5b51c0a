"""The claims on money by hand: the open prompts of its amount and time; and for a prompt, such money."""

from collections.abc import Sequence
from dataclasses import replace

from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.engine.questions import Questions
from mpesa_cli.ledger.rows import ATTEMPT_COLUMNS, OPEN_ATTEMPT, attempt_from
from mpesa_cli.rules.by_hand import AFTER_PROMPT_US, BEFORE_PROMPT_US, HandMoney, awaits_receipt, may_pay
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment

_INTENT_US = 900 * SECOND_US  # an attempt is recorded first; its last POST may leave so much later
_HEARD_US = 86_400 * SECOND_US  # money may be heard of so long after it came
_COLUMNS = ", ".join(f"a.{name}" for name in ATTEMPT_COLUMNS.split(", "))
_ASKED = f"SELECT {_COLUMNS}, p.order_id, p.profile FROM attempts a CROSS JOIN payments p USING (payment_id)"


class Claims:
    """Questions between prompts and money by hand."""

    def __init__(self, questions: Questions) -> None:
        """``questions`` are asked of the ledger, or inside a write transaction."""
        self._rows = questions.rows

    def open_prompts(self, money: HandMoney) -> Sequence[Attempt]:
        """Prompts of this amount that were asked for around ``at_us`` and may still be paid, or lack their receipt."""
        return [attempt for attempt, _, _ in self._open_prompts(money)]

    def orders_it_may_be(self, money: HandMoney, profile: str) -> tuple[str, ...]:
        """The orders of a profile (empty: of any) whose prompt this money may have paid, oldest first."""
        found = self._open_prompts(money)
        fitting = [order for each, order, whose in found if profile in ("", whose) and may_pay(each, money)]
        return tuple(dict.fromkeys(fitting))

    def orders_it_was_reported_for(self, receipt: str) -> tuple[str, ...]:
        """The orders for which this receipt was reported and not believed, since something else of it does not fit."""
        rows = self._rows(
            "SELECT p.order_id FROM payments p JOIN attempts a USING (payment_id) WHERE p.status = 'review' "
            "AND a.receipt = ? AND p.order_id <> 'C2B-' || a.receipt GROUP BY p.order_id ORDER BY min(p.created_us)",
            (receipt,),
        )
        return tuple(str(order_id) for (order_id,) in rows)

    def with_claims(self, payment: Payment) -> Payment:
        """The payment; where it is money by hand that is no order's, with the orders that it may be of."""
        view = payment.attempts[0].view if payment.attempts else None
        if view is None or view.receipt is None or not payment.is_nobodys:
            return payment
        money = HandMoney(payment.amount_cents, view.paid_us or payment.created_us, payment.msisdn)
        return replace(payment, may_be_orders=self.orders_it_may_be(money, payment.profile))

    def receipts_it_may_have(self, payment: Payment) -> tuple[str, ...]:
        """Receipts of money by hand that is no order's and may have paid a prompt of this payment, oldest first."""
        found: list[str] = []
        for each in payment.attempts:
            sent_us = each.view.requested_us
            if sent_us is None or not awaits_receipt(each):
                continue
            rows = self._rows(
                "SELECT p.receipt, coalesce(p.paid_us, p.created_us), p.msisdn FROM payments p "
                "WHERE p.order_id GLOB 'C2B-*' AND p.amount_cents = ? AND p.created_us BETWEEN ? AND ? "
                "AND p.status = 'paid' AND p.order_id = 'C2B-' || p.receipt AND p.profile = ? ORDER BY p.created_us",
                (each.amount_cents, sent_us - BEFORE_PROMPT_US, sent_us + AFTER_PROMPT_US + _HEARD_US, payment.profile),
            )
            for receipt, at_us, payer in rows:
                if may_pay(each, HandMoney(each.amount_cents, int(str(at_us)), str(payer))):
                    found.append(str(receipt))
        return tuple(dict.fromkeys(found))

    def carriers_of(self, checkout_request_id: str) -> Sequence[AttemptRef]:
        """The attempts that carry this CheckoutRequestID, by an answer or by a callback."""
        rows = self._rows(
            "SELECT payment_id, number FROM attempts WHERE checkout_request_id = ? ORDER BY created_us",
            (checkout_request_id,),
        )
        return [AttemptRef(str(payment_id), int(str(number))) for payment_id, number in rows]

    def _open_prompts(self, money: HandMoney) -> list[tuple[Attempt, str, str]]:
        amount_cents, (earliest_us, latest_us) = money.amount_cents, money.span_us
        since_us, until_us = earliest_us - AFTER_PROMPT_US - _INTENT_US, latest_us + BEFORE_PROMPT_US
        rows = self._rows(
            f"{_ASKED} WHERE a.{OPEN_ATTEMPT} "
            "AND a.created_us BETWEEN ? AND ? AND a.channel = 'stk' AND a.amount_cents = ? "
            f"UNION ALL {_ASKED} WHERE a.channel = 'stk' AND a.receipts = '' AND a.state = 'failed' "
            "AND a.amount_cents = ? AND a.created_us BETWEEN ? AND ? "
            f"UNION ALL {_ASKED} WHERE a.channel = 'stk' AND a.receipts = '' AND a.state = 'paid' "
            "AND a.created_us BETWEEN ? AND ? AND a.amount_cents = ?",
            (since_us, until_us, amount_cents, amount_cents, since_us, until_us, since_us, until_us, amount_cents),
        )
        found = [(attempt_from(row[:-2]), str(row[-2]), str(row[-1])) for row in rows]
        return sorted((each for each in found if awaits_receipt(each[0])), key=lambda e: (e[0].created_us, e[0].ref))
