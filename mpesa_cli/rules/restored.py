"""Gaps of a ledger that was put back from a copy: the time it can't know, what fills it, what it forbids. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from mpesa_cli.floor.errors import Conflict, MpesaError
from mpesa_cli.floor.moments import SECOND_US, day_and_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.shown_number import fits
from mpesa_cli.rules.values.spans import Span, holes

MARGIN_US = 600 * SECOND_US
"""The most by which M-PESA's clock and ours may differ, or a message that is on its way may be written late."""
AHEAD_US = 31 * 86_400 * SECOND_US
"""The most that a clock which was set back is believed to be off. Without a limit, a clock that once was years ahead
would leave a gap that no record ever covers."""

LOST_CODE = "after-restore"
"""The code of a held callback on an address that the restored ledger does not know."""
LOST_FOR_US = 24 * 3_600 * SECOND_US
LOST_BODIES_MAX, LOST_OF_ADDRESS_MAX, LOST_BODY_BYTES = 1_000, 100, 4 * 1024


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which a ledger knows nothing. It was put back at ``restored_us`` from a copy whose last row was
    written at ``known_until_us``; row ``seq`` of the journal records the restore. ``latest_us`` is the latest time
    in any row of the copy.
    """

    known_until_us: int
    restored_us: int
    seq: int = 0
    latest_us: int = 0

    @property
    def span(self) -> Span:
        """The time in which payments may be missing, by M-PESA's clock."""
        # A clock that was set back may have put the copy's last row after the restore.
        from_us = min(self.known_until_us, self.restored_us)
        # Whatever the clock says, the restore came after every row that the copy holds.
        until_us = max(self.restored_us, min(self.latest_us, self.restored_us + AHEAD_US))
        return from_us - MARGIN_US, until_us + MARGIN_US


@dataclass(frozen=True, slots=True)
class Told:
    """A span of which M-PESA's own record was read whole. ``gap_seq`` is the newest gap that there was then, by its row
    of the journal; 0 where there was none.
    """

    span: Span
    gap_seq: int = 0

    def is_about(self, gap: Gap) -> bool:
        """Whether this can cover a gap: a record that was read before the restore can't."""
        return self.gap_seq >= gap.seq


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of a gap that no record of this shortcode covers yet."""

    shortcode: str
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Restored:
    """The gaps of a ledger, at least one, oldest first; and the spans of M-PESA's own record for each shortcode."""

    gaps: tuple[Gap, ...]
    told: Mapping[str, Sequence[Told]] = field(default_factory=dict)

    @property
    def last(self) -> Gap:
        """The newest gap."""
        return self.gaps[-1]

    def missing(self, shortcodes: Sequence[str]) -> tuple[Hole, ...]:
        """The holes that are left, of each of these shortcodes in each gap."""
        return tuple(hole for gap in self.gaps for hole in self._holes(gap, shortcodes))

    def untold(self, shortcodes: Sequence[str]) -> tuple[Gap, ...]:
        """The gaps that are not covered yet."""
        return tuple(gap for gap in self.gaps if any(self._holes(gap, shortcodes)))

    def _holes(self, gap: Gap, shortcodes: Sequence[str]) -> tuple[Hole, ...]:
        return tuple(
            Hole(shortcode, *span)
            for shortcode in dict.fromkeys(shortcodes)
            for span in holes(gap.span, (t.span for t in self.told.get(shortcode, ()) if t.is_about(gap)))
        )


@dataclass(frozen=True, slots=True)
class Word:
    """The last certain fact about an order: a prompt or a person's decision, and its row of the journal."""

    at_us: int
    seq: int

    def is_after(self, gap: Gap) -> bool:
        """Whether the fact was written after the gap. The row's place counts too: clocks are set back."""
        return self.seq > gap.seq and self.at_us >= gap.span[1]


@dataclass(frozen=True, slots=True)
class NotPaid:
    """A person's answer for one order: it was not paid in the gap, and how they know."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class InTheGap:
    """A restored ledger's knowledge of one order: its last certain fact, and money of a gap that may be its.

    ``answer`` is what a person says about it.
    """

    restored: Restored
    shortcodes: tuple[str, ...]
    word: Word | None = None
    free: tuple[StatementRow, ...] = ()
    answer: NotPaid | None = None

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """The gaps in which the order may have been paid, as far as is known."""
        return tuple(g for g in self.restored.untold(self.shortcodes) if self.word is None or not self.word.is_after(g))


def may_be_its(rows: Sequence[StatementRow], amount_cents: int, msisdn: str) -> tuple[StatementRow, ...]:
    """The rows that can be an order's money: the amount is right, and no digit that is shown contradicts."""
    return tuple(
        row for row in rows if row.amount_cents == amount_cents and fits(msisdn, row.party)
    )


def check_gap(known: InTheGap | None, order_id: str) -> NotPaid | None:
    """Raise Conflict where an order may have been paid in a time that the ledger lacks.

    ``may-be-paid``: M-PESA's record of that time has money that fits it, and nobody has said whose it is; no answer
    helps. ``restored-gap``: nobody can tell, and no person has answered for the order. ``known`` is None in a ledger
    that never was restored. Returns the answer that was needed, None where none was.
    """
    if known is None:
        return None
    if known.free:
        raise _may_be_paid(known.free, order_id)
    if not (gaps := known.open_gaps):
        return None
    if known.answer is None:
        raise _gap(known, gaps[0], order_id)
    return known.answer


def still_missing(holes_left: Sequence[Hole], most: int = 3) -> str:
    """The time that no record covers yet, in words: ``of 600100 24 Nov 2026 16:00 to 24 Nov 2026 19:00``."""
    said = [f"of {h.shortcode} {day_and_time(h.from_us)} to {day_and_time(h.until_us)}" for h in holes_left[:most]]
    more = f" and {len(holes_left) - most} more" if len(holes_left) > most else ""
    return "; ".join(said) + more


def gap_line(holes_left: Sequence[Hole]) -> str:
    """One line about what a restored ledger still lacks, with what fills it."""
    return (
        f"This ledger was restored and lacks M-PESA's record {still_missing(holes_left)}. Until it is read, what may "
        "be paid is not asked for: mpesa reconcile --statement FILE"
    )


def _gap(known: InTheGap, gap: Gap, order_id: str) -> MpesaError:
    error = Conflict(
        f"This ledger was restored and knows nothing of what came after {day_and_time(gap.known_until_us)}: "
        f"order {order_id} may have been paid since.",
        hint="Nothing was sent. Read M-PESA's own record of that time first: mpesa reconcile --statement FILE "
        f"(or --pull). Still missing: {still_missing(known.restored.missing(known.shortcodes))}. If you know that this "
        "order was not paid, add to the same command: --not-paid-since-backup --reason 'how you know'",
        code="restored-gap",
    )
    error.money_moved = "unknown"
    return error


def _may_be_paid(rows: Sequence[StatementRow], order_id: str) -> MpesaError:
    first = rows[0]
    others = f", and {len(rows) - 1} more like it" if len(rows) > 1 else ""
    error = Conflict(
        f"Order {order_id} may be paid already: {format_cents(first.amount_cents)} came at "
        f"{day_and_time(first.completed_us)}, receipt {first.receipt}{others}, in the time that this ledger lacks, and "
        "nobody has said what it was for.",
        hint=f"Nothing was sent. If it is this order's money: mpesa verify {first.receipt} --attach {order_id} "
        f"--amount {first.amount_cents // 100}. If it pays no order here: mpesa verify {first.receipt} --no-order "
        "--reason 'how you know'",
        code="may-be-paid",
    )
    error.money_moved = "unknown"
    return error
