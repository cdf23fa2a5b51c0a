"""What the rest of the program can ask of the books, and write into them: the part of the Ledger protocol for
statements, breaks and closed days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.books.book_totals import KindTotal
    from mpesa_cli.books.break_values import Accepted
    from mpesa_cli.books.closing import Closing, DayTotals
    from mpesa_cli.rules.evidence import Evidence
    from mpesa_cli.rules.payment import Attempt, AttemptRef
    from mpesa_cli.rules.statement_row import StatementRow


@dataclass(frozen=True, slots=True)
class Scope:
    """The movements of one shop in a time. ``shortcodes`` are all of its own; ``until_us`` is not included."""

    shortcodes: tuple[str, ...]
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement that brought something new. ``findings`` is JSON: what reading it found besides its rows."""

    statement_id: str
    source: Literal["statement", "pull"]
    name: str
    sha256: str
    from_us: int
    until_us: int
    read_us: int
    shortcode: str
    row_count: int = 0
    complete: bool = False
    findings: str = "{}"


@dataclass(frozen=True, slots=True)
class Known:
    """A row that the ledger knows something of, or a payment that no row tells of (``row`` None)."""

    payment_id: str
    order_id: str
    attempt: int
    amount_cents: int
    at_us: int
    receipt: str
    row: StatementRow | None = None


class BookReads(Protocol):
    """What can be asked of the books."""

    def statement(self, statement_id: str) -> StoredStatement | None:
        """The statement, or None where it never brought anything new."""

    def evidence(self, attempt: AttemptRef) -> Sequence[Evidence]:
        """All evidence of one attempt, in the order in which it was appended."""

    def unsettled_statements(self, shortcodes: Sequence[str]) -> Sequence[StoredStatement]:
        """Statements whose reader was stopped before it had settled by all their rows; from the first to the last
        row that is stored."""

    def covered_beside(self, scope: Scope, touching_us: int) -> Sequence[tuple[int, int]]:
        """What each statement that was read to its end covers, of those that touch or meet this time: from, until."""

    def expect_many_rows(self) -> None:
        """Make room in memory for questions that walk over everything."""

    def rows_without_payment(self, scope: Scope) -> Iterator[StatementRow]:
        """Rows of received money whose receipt pays nothing in this ledger, oldest first, a page at a time."""

    def rows_of_nobody(self, scope: Scope, amounts: Sequence[int]) -> Iterator[StatementRow]:
        """Rows of these amounts whose receipt C2B has told of, and which is no order's yet; oldest first."""

    def receipt_rows(self, receipt: str) -> Sequence[StatementRow]:
        """Every stored row of one receipt."""

    def reversal_rows(self, scope: Scope) -> Iterator[StatementRow]:
        """Rows of reversals, oldest first, a page at a time."""

    def doubtful_attempts(self, since_us: int, until_us: int) -> Sequence[Attempt]:
        """Attempts without a receipt that money may belong to, or with one that was not believed, asked for then."""

    def shared_references(self, references: Sequence[str]) -> set[str]:
        """Which of these account references belong to more than one payment."""

    def paid_unlike_rows(self, scope: Scope) -> Iterator[Known]:
        """Paid attempts whose row has another amount or phone, and those of this time that have none (``row`` None)."""

    def rows_in_review(self, scope: Scope) -> Iterator[Known]:
        """Rows whose receipt was reported for an attempt that a person must look at."""

    def claimed_twice(self, scope: Scope) -> Iterator[Known]:
        """Attempts that were reported in this time with a receipt which pays another attempt."""

    def reversed_attempts(self, scope: Scope) -> Iterator[Known]:
        """Reversal rows of this time whose original receipt pays an attempt of ours; ``receipt`` is the original."""

    def reversals_of_ours(self, shortcodes: Sequence[str], *, all_of_them: bool = False) -> Iterator[Known]:
        """Reversal rows of any time whose original receipt pays an attempt of ours; of which not all is known to be
        back, unless all are wanted."""

    def receipts_on_two_rows(self, scope: Scope) -> Iterator[StatementRow]:
        """Rows of received money that share their receipt with another one of another amount."""

    def lonely_charges(self, scope: Scope) -> Iterator[StatementRow]:
        """Charges on a receipt that nothing else is known of."""

    def totals(self, scope: Scope) -> Sequence[KindTotal]:
        """Rows by kind and hour."""

    def ledger_hours(self, scope: Scope) -> Sequence[KindTotal]:
        """Attempts that the ledger calls paid, by the hour in which their money came, as ``received``."""

    def settled_hours(self, scope: Scope) -> Sequence[KindTotal]:
        """The ledger's own payments by hour of their creation; ``kind`` is ``settled`` or ``open``."""

    def closings(self, shortcodes: Sequence[str]) -> Sequence[Closing]:
        """The days that were closed, oldest first."""

    def journal_head(self) -> str:
        """The hash of the journal's last row; zeros where there is none."""


class BookWrites(BookReads, Protocol):
    """What is written into the books, in one transaction each."""

    def add_rows(self, statement: StoredStatement, rows: Sequence[StatementRow]) -> int:
        """Keep rows that are not known yet, and the statement where there are any. Returns how many were new."""

    def finish_statement(self, statement: StoredStatement) -> None:
        """Say that a stored statement was read to its end, once; journaled."""

    def mark_settled(self, statement_ids: Sequence[str]) -> None:
        """Say that everything was settled which rows of these statements can settle."""

    def accept_break(self, break_id: str, accepted: Accepted) -> bool:
        """Record that a person took note of what it says now. False where the same was recorded before."""

    def close_day(self, day: str, shortcode: str, totals: DayTotals, *, by: str, reason: str, sha256: str, at_us: int,
                  open_breaks: int) -> None:  # fmt: skip
        """Record the totals of a day, over those recorded before."""
