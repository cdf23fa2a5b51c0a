"""Questions to payments and the journal, inside or outside a write transaction. It must be quick."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.engine.questions import Questions
from mpesa_cli.ledger.rows import (
    ATTEMPT_COLUMNS,
    OPEN_ATTEMPT,
    PAYMENT_COLUMNS,
    attempt_from,
    payment_from,
    read_evidence,
)
from mpesa_cli.ledger.values import JournalEntry
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mpesa_cli.ledger.engine.dialect import Connection
    from mpesa_cli.ledger.engine.questions import Question
RECEIPT_OWNER = "SELECT payment_id, attempt FROM receipts WHERE receipt=?"
EVIDENCE = (
    "SELECT j.kind, j.at_us, j.facts, p.facts FROM journal j LEFT JOIN journal_private p USING (seq) "
    "WHERE j.payment_id=? AND j.attempt=? AND j.kind<>'attempt_created' ORDER BY j.seq"
)


class Reads(Questions):
    """Questions to payments and the journal. Reads never block a writer."""

    def __init__(self, connection: "Callable[[], Connection]", path: Path, environment: str) -> None:
        """``connection`` gives the one to ask; ``environment`` is whose payments these are."""
        super().__init__(connection, path)
        self.environment = environment

    def payment(self, payment_id: str) -> Payment | None:
        """The payment, or None."""
        return self.payment_of(self.answers(*self.about(payment_id)))

    def payment_by_order(self, order_id: str) -> Payment | None:
        """The payment for an order id, or None."""
        its_id = "(SELECT payment_id FROM payments WHERE order_id=?)"
        return self.payment_of(self.answers(
            (f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE order_id=?", (order_id,)),
            (f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE payment_id={its_id} ORDER BY number", (order_id,)),
        ))

    @staticmethod
    def about(payment_id: str) -> "tuple[Question, Question]":
        """The questions for a payment's row and its attempts."""
        return (
            (f"SELECT {PAYMENT_COLUMNS} FROM payments WHERE payment_id=?", (payment_id,)),
            (f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE payment_id=? ORDER BY number", (payment_id,)),
        )

    def payment_of(self, answers: "Iterator[list[tuple[object, ...]]]") -> Payment | None:
        """The payment of whose row and attempts the first two answers are; what follows is left."""
        if not (rows := next(answers)):
            return None
        payment = payment_from(rows[0], map(attempt_from, next(answers)), self.environment)
        return Claims(self).with_claims(payment) if payment.is_nobodys else payment

    def find(self, ref: str) -> Payment | None:
        """By any reference: order id, payment id, CheckoutRequestID, receipt. None where unknown."""
        typed = ref.strip()
        if found := self.payment_by_order(typed) or self.payment(typed.upper()):
            return found
        rows = self.rows(
            "SELECT payment_id FROM attempts WHERE checkout_request_id=? "
            "UNION SELECT payment_id FROM receipts WHERE receipt=? "
            "UNION SELECT payment_id FROM payments WHERE receipt=?",
            (typed, typed.upper(), typed.upper()),
        )
        return self.payment(str(rows[0][0])) if rows else None

    def attempts_by_tokens(self, token_hashes: Sequence[str]) -> dict[str, AttemptRef]:
        """The attempts whose callback tokens have these SHA-256, in one statement."""
        rows = self.rows(
            "SELECT token_hash, payment_id, number FROM attempts "
            "WHERE token_hash IN (SELECT value FROM json_each(?))",
            (json.dumps(token_hashes),),
        )
        return {str(token_hash): AttemptRef(str(owner), int(str(number))) for token_hash, owner, number in rows}

    def prompts_on(self, msisdn: str, since_us: int) -> Sequence[Attempt]:
        """Attempts on this phone, over all payments, created or requested since, oldest first."""
        rows = self.rows(
            f"SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE msisdn=? AND created_us>=? ORDER BY created_us",
            (msisdn, since_us),
        )
        return [attempt_from(r) for r in rows]

    def orders_meant(self, keys: Sequence[str]) -> Sequence[Payment]:
        """Payments whose order id, reduced to letters and digits, is one of ``keys`` (rules/order_matching.py)."""
        rows = self.rows(
            "SELECT payment_id FROM payments WHERE order_key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return [p for r in rows if (p := self.payment(str(r[0])))]

    def receipt_owner(self, receipt: str) -> AttemptRef | None:
        """The attempt that this receipt pays, or None."""
        rows = self.rows(RECEIPT_OWNER, (receipt,))
        return AttemptRef(str(rows[0][0]), int(str(rows[0][1]))) if rows else None

    def unfinished(self, newest: int | None = None) -> Sequence[Payment]:
        """Payments with an attempt that is created, sending, pending or unknown, oldest first; or only those of the
        newest such attempts."""
        open_ones = f"SELECT payment_id FROM attempts WHERE {OPEN_ATTEMPT} "
        if newest is None:
            return self._each_once(self.rows(f"{open_ones}ORDER BY created_us"))
        return self._each_once(self.rows(f"{open_ones}ORDER BY created_us DESC LIMIT ?", (newest,))[::-1])

    def paid_without_receipt(self) -> Sequence[Payment]:
        """Payments with a prompt that is paid and has no receipt yet, oldest first."""
        rows = self.rows(
            "SELECT payment_id FROM attempts WHERE channel = 'stk' AND receipts = '' AND state = 'paid' "
            "ORDER BY created_us"
        )
        return self._each_once(rows)

    def _each_once(self, rows: "Iterable[tuple[object, ...]]") -> list[Payment]:
        """The payments of these ids in their order, each where it stands first."""
        ids = dict.fromkeys(str(payment_id) for (payment_id,) in rows)
        return [found for payment_id in ids if (found := self.payment(payment_id))]

    def failed_since(self, since_us: int) -> Sequence[Payment]:
        """Payments that are failed and were asked for (any attempt) since, oldest first."""
        rows = self.rows(
            "SELECT payment_id, created_us FROM payments WHERE status = 'failed' AND created_us >= ? "
            "UNION SELECT p.payment_id, p.created_us FROM attempts a CROSS JOIN payments p USING (payment_id) "
            "WHERE a.number > 1 AND a.created_us >= ? AND p.status = 'failed' ORDER BY created_us",
            (since_us, since_us),
        )
        return [p for r in rows if (p := self.payment(str(r[0])))]

    def posts(self, attempt: AttemptRef) -> Sequence[int]:
        """The numbers of the POSTs that were announced for an attempt, in order."""
        rows = self.rows(
            "SELECT facts FROM journal WHERE payment_id=? AND attempt=? AND kind='sending' ORDER BY seq", tuple(attempt)
        )
        return [int(json.loads(str(facts))["post"]) for (facts,) in rows]

    def evidence(self, attempt: AttemptRef) -> list[ev.Evidence]:
        """All evidence of one attempt, in the order in which it was appended."""
        return [read_evidence(*row) for row in self.rows(EVIDENCE, tuple(attempt))]

    def journal(self, payment_id: str) -> list[JournalEntry]:
        """The story of one payment, oldest first."""
        rows = self.rows(
            "SELECT seq, at_us, kind, payment_id, attempt, facts, hash FROM journal WHERE payment_id=? ORDER BY seq",
            (payment_id,),
        )
        return [
            JournalEntry(
                seq=int(str(seq)),
                at_us=int(str(at_us)),
                kind=str(kind),
                payment_id=str(owner),
                attempt=None if number is None else int(str(number)),
                facts=json.loads(str(facts)),
                hash=str(hashed),
            )
            for seq, at_us, kind, owner, number, facts, hashed in rows
        ]
