"""What the rest of the program can ask of held messages, and write about them: a part of the Ledger protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mpesa_cli.rules.held import HeldMessage, Holding


class HeldReads(Protocol):
    """What can be asked about held messages. Lists come without bodies."""

    def held(self, held_id: str) -> HeldMessage | None:
        """The message with its body, or None."""

    def held_open(self, limit: int = -1) -> Sequence[HeldMessage]:
        """Messages that wait for somebody, oldest first."""

    def held_open_count(self) -> int:
        """How many messages wait, those that were only counted too."""

    def held_about(self, receipt: str) -> Sequence[HeldMessage]:
        """Messages that show this receipt (in capitals), dealt with or not, oldest first."""

    def was_read_late(self, payment_id: str) -> bool:
        """Whether a message of this payment had been held, and was applied when it was read again."""

    def held_of(self, source: str) -> Sequence[HeldMessage]:
        """Messages of one statement, payment, request or event that wait for somebody."""

    def held_unnamed(self) -> Sequence[HeldMessage]:
        """Those that wait and that no difference names: rows of a file are differences as well."""

    def held_listed(self, limit: int = -1) -> Sequence[HeldMessage]:
        """All of them, dealt with or not, newest first."""


class HeldWrites(HeldReads, Protocol):
    """What is written about held messages, in one transaction."""

    def hold(self, new: Holding, at_us: int) -> str | None:
        """Hold what could not be applied; journaled. Returns its id; None where it was held before or is only
        counted, because HELD_MAX wait already and it shows no receipt."""

    def held_done(self, held_id: str, *, by: str, reason: str, at_us: int) -> HeldMessage:
        """A person has dealt with it. Raises Conflict ``held-done`` where somebody else had before, NotFound."""

    def held_applied(self, held_id: str, payment_id: str, at_us: int, *, how: str) -> None:
        """What it says is known now; ``payment_id`` is the payment that its money is, or empty."""

    def read_late(self, now_us: int) -> None:
        """What is appended in this transaction came long before ``now_us``: events about it say so, and no SMS goes
        out for money that is older than a day."""

    def held_review(self, at_us: int) -> int:
        """Close open messages whose money became a payment by another way, and open those again that had been dealt
        with before their money appeared. Returns how many changed."""

    def held_remove_bodies(self, before_us: int, at_us: int) -> int:
        """Take away the bodies of messages that were dealt with before; journaled. Returns how many."""
