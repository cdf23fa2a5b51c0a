"""What the rest of the program needs to know of a restore: the part of the Ledger protocol for gaps and who tells of
them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.rules.restored import InTheGap, Restored
    from mpesa_cli.rules.values.spans import Span


class GapReads(Protocol):
    """What can be asked about the time that a ledger lacks."""

    def restored(self) -> Restored | None:
        """The gaps that restores left, and what M-PESA's record has told since; None where there was none."""

    def told_spans(self, shortcode: str) -> Sequence[Span]:
        """The time of which M-PESA's own record of a shortcode was read whole since the last restore, oldest first, as
        few spans as it takes."""

    def in_the_gap(
        self, order_id: str, amount_cents: int, msisdn: str, shortcodes: Sequence[str]
    ) -> InTheGap | None:
        """What the ledger knows about an order and the time that it lacks; None where it lacks none.

        ``shortcodes`` are all on which the profile takes money.
        """

    def last_restore_us(self) -> int | None:
        """When this ledger was last put back from a copy, or None."""

    def lost_senders(self, since_us: int) -> Sequence[str]:
        """The addresses of the callbacks that are held since, on addresses that this ledger does not know."""

    def is_named(self, receipt: str) -> bool:
        """Whether a person has said that this receipt pays no order here."""


class GapWrites(Protocol):
    """What is written about it."""

    def note_restored(self, known_until_us: int, at_us: int) -> None:
        """This ledger has just been put back from a copy whose last row is of ``known_until_us``."""

    def note_begun(self, before: str, *, by: str, reason: str, at_us: int) -> None:
        """A person makes this ledger the shop's, in place of the one with the id ``before``."""

    def note_told(self, shortcode: str, from_us: int, until_us: int) -> None:
        """M-PESA's own record of a shortcode was read whole from ``from_us`` up to ``until_us``."""

    def name_receipt(self, receipt: str, *, by: str, reason: str, at_us: int) -> bool:
        """A person says that a receipt pays no order here. False where that was said before."""
