"""What a ledger knows of the processes that are sending: the protocol, and nothing of how."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from mpesa_cli.rules.payment import AttemptRef


class Senders(Protocol):
    """Who is sending which attempt, and which of them have died. That one has died proves nothing about its POST."""

    def held(self, attempt: AttemptRef) -> AbstractContextManager[None]:
        """Held by whoever sends an attempt: from before its POST is announced until its answer is stored."""

    def is_gone(self, attempt: AttemptRef) -> bool:
        """Whether whoever was sending an attempt is known to be dead; False where nobody can say.

        It counts only where the attempt is found ``sending`` afterwards: else it was sent to the end.
        """

    def forget(self, attempt: AttemptRef) -> None:
        """What was to be said of a dead sender is in the ledger now."""

    def left_behind(self) -> Sequence[AttemptRef]:
        """The attempts of dead senders that were not forgotten yet."""
