"""The rows of an open write transaction: payments, journal and receipts, written when they are needed or at the end."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mpesa_cli.ledger.engine.later_rows import LaterRows
from mpesa_cli.ledger.journal import TAIL, Tail, as_tail, chain_row, tail_of
from mpesa_cli.ledger.reads import EVIDENCE, RECEIPT_OWNER, Reads
from mpesa_cli.ledger.rows import (
    CLAIM,
    MARK,
    SAVE_PAYMENT,
    SAVE_VIEW,
    SAVE_VIEW_OF_SAME_PROMPT,
    payment_projection,
    read_evidence,
    view_row,
)
from mpesa_cli.ledger.seen import Seen
from mpesa_cli.rules.evidence import Record
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.state import AttemptView

if TYPE_CHECKING:
    from mpesa_cli.ledger.engine.dialect import Answer, Connection
    from mpesa_cli.ledger.engine.questions import Question

Parameters: TypeAlias = Sequence[Any] | dict[str, Any]


class RowWrites(Reads):
    """Rows that wait to be written (later_rows.py), and a connection on which none is missing to whoever asks it."""

    def __init__(
        self, connection: "Connection", path: Path, environment: str, token_hex: Callable[[int], str]
    ) -> None:
        """``connection`` is inside a write transaction and stays there as long as this is used."""
        super().__init__(self._written, path, environment)
        self.token_hex = token_hex
        self._open = connection
        self._later = LaterRows()
        self._owners: dict[str, AttemptRef | None] = {}  # of receipts that were looked up, until something changes
        self._tail: Tail | None = None  # nobody else can append as long as this transaction is open

    def _written(self) -> "Connection":
        self._later.write(self._open)
        return self._open

    def write_rows(self) -> None:
        """Write what waits. Rows that wait when the transaction ends would be lost."""
        self._later.write(self._open)

    @property
    def connection(self) -> "Connection":
        """The connection, with every row on it that was decided on."""
        self._owners.clear()
        return self._written()

    def execute(self, sql: str, parameters: Parameters = ()) -> "Answer":
        """The cursor of a statement, behind all that was decided on."""
        return self.connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> "Answer":
        """The cursor of a statement with each of these parameters, behind all that was decided on."""
        return self.connection.executemany(sql, parameters)

    def chain(self, record: Record, payment_id: str, attempt: int | None) -> None:
        """Append one row to the journal's chain."""
        tail = self._tail or tail_of(self._open)
        self._tail = chain_row(self._later, record, payment_id, attempt, self.token_hex, tail)

    def put(self, sql: str, parameters: Parameters) -> None:
        """Have a statement done whose answer nobody needs, behind all that was decided on."""
        self.write_rows()
        getattr(self._open, "hold", self._open.execute)(sql, parameters)

    def is_taken(self, order_id: str) -> bool:
        """Whether there is a payment for this order."""
        question = ("SELECT 1 FROM payments WHERE order_id=?", (order_id,))
        if self._tail is not None:
            return bool(self.rows(*question))
        found, tail = self.answers(question, (TAIL, ()))  # a row of the journal follows
        self._tail = as_tail(tail)
        return bool(found)

    def seen(self, attempt: AttemptRef, receipt: str | None = None) -> Seen:
        """The payment and evidence on which an append is decided; what it asks for next comes in the same piece.

        ``receipt`` is one of which it will be asked whom it pays. Raises KeyError where there is no such payment.
        """
        further: list[Question] = []
        if self._tail is None:
            further.append((TAIL, ()))
        if receipt is not None and receipt not in self._owners:
            further.append((RECEIPT_OWNER, (receipt,)))
        answers = self.answers(*self.about(attempt.payment_id), (EVIDENCE, tuple(attempt)), *further)
        payment = self.payment_of(answers)
        if payment is None:
            raise KeyError(attempt.payment_id)
        evidence = [read_evidence(*row) for row in next(answers)]
        for sql, _ in further:
            rows = next(answers)
            if sql is TAIL:
                self._tail = as_tail(rows)
            else:
                self._owners[str(receipt)] = AttemptRef(str(rows[0][0]), int(str(rows[0][1]))) if rows else None
        return Seen(payment, evidence)

    def look_up_owners(self, receipts: Collection[str]) -> None:
        """Look up at once whom these receipts pay; :meth:`receipt_owner` then asks nothing."""
        rows = self.rows(
            "SELECT receipt, payment_id, attempt FROM receipts WHERE receipt IN (SELECT value FROM json_each(?))",
            (json.dumps(list(receipts)),),
        )
        self._owners |= dict.fromkeys(receipts)
        self._owners |= {str(receipt): AttemptRef(str(owner), int(str(number))) for receipt, owner, number in rows}

    def receipt_owner(self, receipt: str) -> AttemptRef | None:
        """The attempt that this receipt pays, or None."""
        return self._owners[receipt] if receipt in self._owners else super().receipt_owner(receipt)

    def claim(self, receipt: str, attempt: AttemptRef) -> None:
        """Have a receipt pay this attempt, unless it pays another one."""
        self._later.add_first(CLAIM, receipt, (receipt, *attempt))
        if self._owners.get(receipt, attempt) is None:
            self._owners[receipt] = attempt

    def save_view(self, attempt: Attempt, view: AttemptView, *, withdrawn: bool) -> None:
        """Bring the row of an attempt up to what the evidence says; ``attempt`` is as it stands there."""
        if any(self._later.waits(each, attempt.ref) for each in (SAVE_VIEW, SAVE_VIEW_OF_SAME_PROMPT)):
            self.write_rows()  # of the two statements for one row, the later decision must be the later one
        same = view.checkout_request_id == attempt.view.checkout_request_id
        statement = SAVE_VIEW_OF_SAME_PROMPT if same else SAVE_VIEW
        self._later.add(statement, attempt.ref, view_row(attempt.ref, view, withdrawn=withdrawn))

    def save_payment(self, payment: Payment) -> None:
        """Bring the row of a payment up to what its attempts say."""
        self._later.add(SAVE_PAYMENT, payment.payment_id, (payment.payment_id, *payment_projection(payment)))

    def mark_callback(self, callback_id: str, verdict: str) -> None:
        """Say what became of a raw body."""
        self._later.add(MARK, callback_id, (callback_id, verdict))
