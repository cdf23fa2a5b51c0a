"""A ledger that was restored from a backup knows nothing of what came after the backup: how long that matters. Pure."""

from dataclasses import dataclass

from mpesa_cli.domain.moments import SECOND_US

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
