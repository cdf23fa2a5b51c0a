"""Moving a ledger between a file and a database: all of it, under the same head, and the old place is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict, LedgerBusy
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.anchor import Head, head_of
from mpesa_cli.upkeep.audit import audited

if TYPE_CHECKING:
    from mpesa_cli.ledger.ledger import Ledger

_ROOM_KB = 64 * 1024


@dataclass(frozen=True, slots=True)
class Moved:
    """A ledger that was moved: where it is now, its head, and the number of its rows in all tables."""

    place: str
    head: Head
    rows: int


def move(source: Ledger, target: Ledger, written_as: str) -> Moved:
    """Copy all rows into ``target``, which has none, prove them, and have the source refuse every further write.

    Nobody writes to the source meanwhile. Stopped anywhere, the same call does it again, or ends what it had done.
    ``written_as`` is the target as the source names it from then on. Raises Conflict where the target holds other
    payments, LedgerBusy where what was written is not whole; then the source is as it was.
    """
    from mpesa_cli.ledger.engine.postgres.moving import copy_rows

    with source.engine.transaction() as old:
        source.dialect.expect_pauses(old)  # what is written is proven before the old place is closed
        head = head_of(source)
        rows = 0
        if head_of(target).seq == 0:
            with target.engine.transaction() as new:
                rows = copy_rows(old, new)
            target.expect_many_rows(_ROOM_KB)
        if head_of(target) != head or target.ledger_id != source.ledger_id:
            raise Conflict(
                f"There is another ledger at {target.engine.place}, with payments of its own.",
                hint="Nothing was changed. Move this one to a database or a file without a ledger",
                code="target-not-empty",
            )
        found = audited(target)
        if not found.whole:
            raise LedgerBusy(
                f"What was written to {target.engine.place} is not whole: {found.words[0]}",
                hint="The ledger is where it was. Is it whole itself? See: mpesa audit verify",
                code="backup-failed",
            )
        source.dialect.close_for_good(old, written_as)
    return Moved(target.engine.place, head, rows)

