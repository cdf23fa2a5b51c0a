"""What can be asked of remembered differences, and written about them: a part of the Ledger protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mpesa_cli.books.break_values import Accepted, Break, BreakKind
    from mpesa_cli.ledger.book_keeping import Scope
    from mpesa_cli.ledger.ledger import JournalEntry
    from mpesa_cli.rules.payment import Payment

Origin = Literal["record", "file", "ledger", "given_back", "day", "upgrade"]
"""Who can say that a difference is gone: comparing with M-PESA's record, or a better file; the payments themselves,
what of their money went back, and the books of a closed day, which every run looks at; of an upgrade nobody."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Differences of one class: how many wait for somebody, and how many were accepted."""

    kind: BreakKind
    open: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Span:
    """A time of which M-PESA's record was compared. ``until_us`` is not included; an empty one lists nothing."""

    shortcode: str
    source: Literal["statement", "pull"]
    from_us: int
    until_us: int


class DifferenceReads(Protocol):
    """What can be asked of differences. ``scopes`` are times whose accepted ones are wanted too; ``untold_on`` is a
    day (``2026-11-24``) on which no run has told of what is wanted."""

    def differences(
        self, shortcodes: Sequence[str], scopes: Sequence[Scope] = (), *, kind: BreakKind | None = None,
        open_only: bool = False, untold_on: str = "",
    ) -> Iterator[Break]:  # fmt: skip
        """Those that wait for somebody, and the accepted ones of ``scopes``; the worst class first, then by time."""

    def difference_counts(
        self, shortcodes: Sequence[str], scopes: Sequence[Scope] = (), *, untold_on: str = ""
    ) -> Sequence[Counted]:
        """How many there are of each class, of those that ``differences`` gives."""

    def has_open_difference(self, payment_id: str, shortcodes: Sequence[str]) -> bool:
        """Whether a difference about this payment waits for somebody."""

    def open_ids(self, shortcodes: Sequence[str], kinds: Sequence[str], before_us: int | None) -> Sequence[str]:
        """The ids of differences of some classes that wait, of what moved before a time where one is given."""

    def open_of_file(self, sha256: str) -> int:
        """How many lines of a file were not read, and wait for somebody."""

    def told_on(self, day: str) -> set[str]:
        """What else a run has said on this day."""

    def compared_until(self, shortcodes: Sequence[str]) -> int | None:
        """The last moment of which M-PESA's record was compared; None where it never was."""

    def books_begin_us(self) -> int | None:
        """The first moment that is compared; None where nobody said so."""

    def payments_for_a_person(self) -> Sequence[Payment]:
        """Payments that are unknown or for review, oldest first."""

    def payments_with_conflict(self) -> Sequence[Payment]:
        """Payments with an attempt that is paid and contradicted."""

    def overpaid_payments(self) -> Sequence[Payment]:
        """Payments that got more than was asked, oldest first."""

    def rules_changed(self) -> Sequence[JournalEntry]:
        """Where an upgrade decided a payment otherwise than the program before, and no run has found it yet."""


class DifferenceWrites(DifferenceReads, Protocol):
    """What is written about differences, in one transaction each."""

    def next_comparison(self) -> int:
        """A number that no comparison had before."""

    def remember(self, found: Iterable[tuple[Break, Scope]], origin: Origin, seen: int) -> None:
        """Keep differences, or bring them up to date; the scope says whose and which time they are about."""

    def forget_unseen(self, scope: Scope, sure: Scope, seen: int) -> None:
        """Forget what comparing these times did not show any more; ``sure`` is that of what M-PESA has not."""

    def forget_read_again(self, scope: Scope, sha256: str, seen: int, *, whole: bool) -> None:
        """Forget what a file did not show any more; ``whole``, all of it was read, of other files of its time too."""

    def forget_settled(self, shortcodes: Sequence[str]) -> None:
        """Forget what became true meanwhile: money that is attached, a review that was decided, a charge whose
        payment turned up."""

    def keep_only(self, origin: Origin, shortcodes: Sequence[str], ids: Sequence[str]) -> None:
        """Forget all of an origin but these."""

    def mark_told(self, shortcodes: Sequence[str], items: Iterable[str], day: str) -> None:
        """A run has told of all open differences, and of these other items, on this day."""

    def note_compared(self, spans: Iterable[Span], at_us: int) -> None:
        """M-PESA's record of these times was compared."""

    def begin_books(self, begin_us: int, accepted: Accepted) -> bool:
        """Stop comparing what is before; journaled. False where the same was said before."""
