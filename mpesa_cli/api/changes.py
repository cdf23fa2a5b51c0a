"""Changes to payments, in the order in which the journal has them."""

import json
from dataclasses import replace
from typing import NamedTuple

from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import PaymentStatus, Terms, attempt_view


class Change(NamedTuple):
    """One fact in the journal about a payment: its place in the journal, and whose it is."""

    seq: int
    payment_id: str


class Changes:
    """Questions to the journal of whoever follows it."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def head(self) -> int:
        """The number of the journal's newest row; 0 where it is empty."""
        return int(str(self._reads.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0]))

    def since(self, seq: int, most: int) -> list[Change]:
        """Up to ``most`` facts behind row ``seq`` that are about payments, in their order."""
        rows = self._reads.rows(
            "SELECT seq, payment_id FROM journal WHERE seq>? AND payment_id<>'' ORDER BY seq LIMIT ?", (seq, most)
        )
        return [Change(int(str(number)), str(owner)) for number, owner in rows]

    def became_paid_at(self, payment: Payment) -> int | None:
        """The journal row with which a payment was paid for the first time, or None. Follows from the journal alone."""
        rows = self._reads.rows(
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
