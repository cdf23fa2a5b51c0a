"""The HTTP API's side of the SQLite ledger: added orders, keys of repeatable calls, changes in the order they came."""

import json
from collections.abc import Sequence
from dataclasses import replace

from mpesa_cli.api.call import KEPT_S, CallKey, key_reused
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.ledger.api_ledger import Change
from mpesa_cli.ledger.chaining import Chaining
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import AttemptRef, Payment, ShopOrder
from mpesa_cli.rules.state import PaymentStatus, Terms, attempt_view

_ORDER = "SELECT order_id, amount_cents, added_us FROM orders"


class ApiReads(Reads):
    """What the API asks."""

    def order(self, order_id: str) -> ShopOrder | None:
        """The order as the shop added it, or None."""
        rows = self.rows(f"{_ORDER} WHERE order_id=?", (order_id,))
        return _order_from(rows[0]) if rows else None

    def added_orders_meant(self, keys: Sequence[str]) -> list[ShopOrder]:
        """Added orders nobody was asked for yet, whose key is one of ``keys``."""
        marks = ",".join("?" * len(keys))
        rows = self.rows(
            f"{_ORDER} o WHERE order_key IN ({marks}) "  # noqa: S608 - fixed text
            "AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id=o.order_id)",
            tuple(keys),
        )
        return [_order_from(row) for row in rows]

    def head(self) -> int:
        """The number of the journal's newest row; 0 where it is empty."""
        return int(str(self.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0]))

    def changes_since(self, seq: int, most: int) -> list[Change]:
        """Up to ``most`` facts behind row ``seq`` that are about payments, in their order."""
        rows = self.rows(
            "SELECT seq, payment_id FROM journal WHERE seq>? AND payment_id<>'' ORDER BY seq LIMIT ?", (seq, most)
        )
        return [Change(int(str(number)), str(owner)) for number, owner in rows]

    def became_paid_at(self, payment: Payment) -> int | None:
        """The journal row with which a payment was paid for the first time, or None. Follows from the journal alone."""
        rows = self.rows(
            "SELECT j.seq, j.attempt, j.kind, j.at_us, j.facts, p.facts FROM journal j "
            "LEFT JOIN journal_private p USING (seq) WHERE j.payment_id=? AND j.attempt IS NOT NULL ORDER BY j.seq",
            (payment.payment_id,),
        )
        known: dict[int, list[ev.Evidence]] = {}
        for seq, number, kind, at_us, facts, private in rows:
            if str(kind) not in ev.KINDS:
                continue
            apart = json.loads(str(private)) if private else {}
            record = ev.Record(str(kind), int(str(at_us)), json.loads(str(facts)), apart)
            known.setdefault(int(str(number)), []).append(ev.from_record(record))
            if _paid_by(payment, known):
                return int(str(seq))
        return None


class ApiWrites(ApiReads, Chaining):
    """What the API writes."""

    def add_order(self, order: ShopOrder) -> None:
        """Remember an order."""
        self._open.execute(
            "INSERT INTO orders (order_id, order_key, amount_cents, added_us) VALUES (?,?,?,?)",
            (order.order_id, order_key(order.order_id), order.amount_cents, order.added_us),
        )
        facts: dict[str, object] = {"order_id": order.order_id, "amount_cents": order.amount_cents}
        self._chain(ev.Record("order_added", order.added_us, facts, {}), "", None)

    def claim_call(self, call: CallKey, at_us: int) -> AttemptRef | None:
        """Remember a call by its key; returns the attempt that was made for it before, or None."""
        self._open.execute("DELETE FROM idempotency_keys WHERE created_us<?", (at_us - KEPT_S * SECOND_US,))
        self._open.execute(
            "INSERT INTO idempotency_keys (subject, key, inputs_sha256, created_us) VALUES (?,?,?,?) "
            "ON CONFLICT (subject, key) DO NOTHING",
            (call.subject, call.key, call.inputs_sha256, at_us),
        )
        inputs, payment_id, attempt = self.rows(
            "SELECT inputs_sha256, payment_id, attempt FROM idempotency_keys WHERE subject=? AND key=?",
            (call.subject, call.key),
        )[0]
        if inputs != call.inputs_sha256:
            raise key_reused()
        return AttemptRef(str(payment_id), int(str(attempt))) if payment_id else None

    def bind_call(self, call: CallKey, attempt: AttemptRef) -> None:
        """This attempt is what the call made."""
        self._open.execute(
            "UPDATE idempotency_keys SET payment_id=?, attempt=? WHERE subject=? AND key=?",
            (*attempt, call.subject, call.key),
        )


def _order_from(row: tuple[object, ...]) -> ShopOrder:
    order_id, amount_cents, added_us = row
    return ShopOrder(str(order_id), int(str(amount_cents)), int(str(added_us)))


def _paid_by(payment: Payment, known: dict[int, list[ev.Evidence]]) -> bool:
    """Whether the payment was paid once this much of its evidence was known."""
    attempts = tuple(
        replace(
            a, view=attempt_view(Terms(a.amount_cents, a.msisdn, prompted=a.channel == "stk"), known[a.ref.number])
        )
        for a in payment.attempts
        if a.ref.number in known
    )
    return bool(attempts) and replace(payment, attempts=attempts).status in {PaymentStatus.PAID, PaymentStatus.OVERPAID}
