"""Refunds as the attempts hold them: those that are open, and the receipts that were given back on our own asking."""

import json

from mpesa_cli.ledger.reads import Reads
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState, is_open
from mpesa_cli.rules.payment import Payment


class Refunds:
    """Questions about refunds over all payments."""

    def __init__(self, reads: Reads) -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def open(self) -> list[tuple[Payment, Refund]]:
        """Refunds whose money may still go back, or has without anybody knowing, with their payments; oldest first."""
        rows = self._reads.rows(
            "SELECT payment_id FROM attempts WHERE instr(flags, 'refund') > 0 ORDER BY created_us"
        )
        payments = [p for (payment_id,) in dict.fromkeys(rows) if (p := self._reads.payment(str(payment_id)))]
        found = [(p, r) for p in payments for a in p.attempts for r in a.view.refunds if is_open(r)]
        return sorted(found, key=lambda each: (each[1].asked_us, each[1].request_id))

    def given_back(self) -> frozenset[str]:
        """Receipts whose money went back and was asked to go back from here."""
        rows = self._reads.rows("SELECT refunds FROM attempts WHERE refunds <> ''")
        told = (Refund(*each) for (stored,) in rows for each in json.loads(str(stored)))
        return frozenset(each.receipt for each in told if each.state == RefundState.REFUNDED)
