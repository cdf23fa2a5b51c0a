"""Guard a production ledger against being gone, another, or an old copy of itself: each time it is opened."""

from typing import TYPE_CHECKING

from mpesa_cli.floor.errors import Conflict, LedgerUnusable
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.audit.anchor import head_of
from mpesa_cli.ledger.engine.marker import Mark, Marker
from mpesa_cli.ledger.restoring import RestoreWrites

if TYPE_CHECKING:
    from collections.abc import Callable

    from mpesa_cli.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Begun:
    """A ledger that was begun on purpose where another was known: what is new, and what was known of the old one."""

    ledger_id: str
    before: Mark | None


def check_there(marker: Marker, place: str, is_there: "Callable[[], bool]") -> None:
    """Raise LedgerUnusable ``ledger-missing`` where a ledger is known and it is gone: none is made instead."""
    if marker.mark is not None and not is_there():
        raise marker.missing(place, another=False)


def open_guarded(
    marker: Marker, opened: "Callable[[], Ledger]", now_us: int, *, is_there: "Callable[[], bool]", place: str
) -> "Ledger":
    """The ledger at ``place``, guarded by its note. Raises LedgerUnusable, also ``ledger-missing``, or LedgerBusy."""
    check_there(marker, place, is_there)
    ledger = opened()
    try:
        guard(ledger, marker, now_us)
    except BaseException:
        ledger.close()
        raise
    return ledger


def guard(ledger: "Ledger", marker: Marker, now_us: int) -> None:
    """Compare an open ledger with what is noted of it, and note it. Raises LedgerUnusable or LedgerBusy.

    One whose last row is behind the note was copied back: that counts as a restore, just now. One with another id may
    be looked at; no prompt goes out of it (ledger/writes.py).
    """
    mark = marker.mark
    if mark is not None and mark.ledger_id == ledger.ledger_id and _was_copied_back(ledger, mark):
        try:
            with ledger.write() as tx:
                RestoreWrites(tx).note_restored(_known_until_us(ledger, mark), now_us)
        except LedgerUnusable:
            if not ledger.engine.only_to_look:
                raise
            return
    ledger.leave_mark()


def begin_anew(ledger: "Ledger", marker: Marker, *, by: str, reason: str, at_us: int) -> Begun:
    """Make this ledger the shop's, because a person says so; in the journal. Raises Conflict where it is already."""
    before = marker.mark
    if before is not None and before.ledger_id == ledger.ledger_id:
        raise Conflict(
            "This is the shop's ledger already: there is nothing to begin.",
            hint="Nothing was changed. See it: mpesa doctor",
            code="ledger-known",
        )
    with ledger.write() as tx:
        RestoreWrites(tx).note_begun(before.ledger_id if before else "", by=by, reason=reason, at_us=at_us)
    ledger.leave_mark(over_another=True)
    return Begun(ledger.ledger_id, before)


def _was_copied_back(ledger: "Ledger", mark: Mark) -> bool:
    """Whether the row that was the last when it was noted is not there any more, or another is in its place."""
    if not mark.seq:
        return False
    found = ledger.rows("SELECT hash FROM journal WHERE seq = ?", (mark.seq,))
    return not found or found[0][0] != mark.hash


def _known_until_us(ledger: "Ledger", mark: Mark) -> int:
    """Until when a copy that was put back is known to be whole, in microseconds."""
    head = head_of(ledger)
    if head.seq < mark.seq:
        return head.at_us or 0
    # Somebody wrote on in the copy: nobody can tell where it begins to differ, so all of it may lack something.
    return int(str(ledger.rows("SELECT min(at_us) FROM journal")[0][0]))
