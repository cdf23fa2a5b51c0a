"""A ledger that was restored from a backup knows nothing of what came after the backup: how long that matters. Pure."""

from dataclasses import dataclass

from mpesa_cli.domain.moments import SECOND_US, day_and_time
from mpesa_cli.domain.payment import Payment
from mpesa_cli.errors import Conflict

STATEMENT_REACHES_US = 24 * 3600 * SECOND_US
"""A statement ends with its last row or its last whole day: so far before the restore it may end and still tell all."""


@dataclass(frozen=True, slots=True)
class Restored:
    """That a ledger was restored at ``restored_us`` and knows nothing that came after ``known_until_us``.

    ``told_from_us`` and ``told_until_us``: what statements or Pull, read since, reach over; None while none was read.
    """

    restored_us: int
    known_until_us: int
    told_from_us: int | None = None
    told_until_us: int | None = None

    @property
    def gap_is_told(self) -> bool:
        """Whether M-PESA's own record of the time in between has been read since."""
        if self.told_from_us is None or self.told_until_us is None:
            return False
        return (
            self.told_from_us <= self.known_until_us
            and self.told_until_us >= self.restored_us - STATEMENT_REACHES_US
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """What a decision to ask must know of a restore. ``accepted``: a person says that the order was not paid since."""

    restored: Restored | None = None
    accepted: bool = False


def check_gap(gap: Gap, order_id: str, known: Payment | None) -> None:
    """Raises Conflict for an order that may have been paid in the time that a restored ledger lacks.

    An order is beyond the gap once it was asked for after the restore. That an old attempt was settled since is no
    word about those that the ledger has forgotten.
    """
    restored = gap.restored
    if restored is None or restored.gap_is_told or gap.accepted:
        return
    if known is not None and known.last.created_us > restored.restored_us:
        return
    error = Conflict(
        f"This ledger was restored and knows nothing of what came after {day_and_time(restored.known_until_us)}: "
        f"order {order_id} may have been paid since.",
        hint="Nothing was sent. Read M-PESA's own record of that time first: mpesa reconcile --statement FILE "
        "(or --pull). If you are sure that it was not paid, add --yes to the same command.",
        code="restored-gap",
    )
    error.money_moved = "unknown"
    raise error
