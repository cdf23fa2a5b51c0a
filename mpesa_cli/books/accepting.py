"""Differences accepted: one, a class, or all that are listed now; and the time from which the books are kept."""

from collections.abc import Sequence
from itertools import islice

from mpesa_cli.books.break_values import KINDS, ONE_BY_ONE, Accepted, BreakKind, kind_of
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.differences import Differences
from mpesa_cli.floor.errors import InvalidInput, NotFound
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.statement_rows import StatementRows

ALL = "all"
AT_ONCE = 500
"""So many in one transaction, each with its row in the journal: whoever waits for the ledger waits no longer."""


@dataclass(frozen=True, slots=True)
class AcceptedNow:
    """The outcome of accepting. ``fresh`` are the ids that were not accepted before.

    ``left`` is the number of differences of the classes that are accepted only one by one, and stay.
    """

    ids: tuple[str, ...]
    fresh: tuple[str, ...]
    left: int = 0


def is_class(wanted: str) -> bool:
    """Whether this names a class of differences, or all of them, and not one."""
    return wanted == ALL or wanted in KINDS


def accept_one(ledger: Ledger, break_id: str, accepted: Accepted) -> AcceptedNow:
    """Take note of a difference, for good. Raises InvalidInput for what is no id, NotFound where it is about nothing
    that is known here."""
    named = kind_of(break_id)
    if named is None:
        raise InvalidInput(
            f"{break_id[:80]!r} is neither the id of a difference nor a class of them.",
            hint="Nothing was accepted. Each difference is listed with its id: mpesa reconcile --open",
            code="no-break-id",
        )
    with ledger.write() as tx:
        if not _is_about_something(tx, *named):
            raise NotFound(
                f"Nothing here is known by {named[1][:60]!r}.",
                hint="Nothing was accepted. Each difference is listed with its id: mpesa reconcile --open",
                code="break-unknown",
            )
        fresh = BookWrites(tx).accept_break(break_id, accepted)
    return AcceptedNow((break_id,), (break_id,) if fresh else ())


def accept_many(
    ledger: Ledger, shortcodes: Sequence[str], wanted: str, before_us: int | None, accepted: Accepted
) -> AcceptedNow:
    """Take note of every difference that is listed now, of a class or of all, of what moved before a time.

    What is accepted one by one (missing money, a contradiction, money that is owed) is never part of all, nor of a
    date. Raises InvalidInput where only such a class is named with a date.
    """
    kinds: tuple[BreakKind, ...] = KINDS if wanted == ALL else tuple(k for k in KINDS if k == wanted)
    left: tuple[BreakKind, ...] = ()
    if wanted == ALL or before_us is not None:
        left = tuple(k for k in kinds if k in ONE_BY_ONE)
        kinds = tuple(k for k in kinds if k not in ONE_BY_ONE)
    if not kinds:
        raise InvalidInput(
            f"Differences of the class {wanted} are never accepted by a date.",
            hint="Nothing was accepted. Each is about money: look at them (mpesa reconcile --open), then accept one: "
            "mpesa reconcile --accept ID --by NAME --reason TEXT",
            code="accept-one-by-one",
        )
    listed = Differences(ledger).open_ids(shortcodes, kinds, before_us)
    fresh: list[str] = []
    ids = iter(listed)
    while chunk := list(islice(ids, AT_ONCE)):
        with ledger.write() as tx:
            fresh += [each for each in chunk if BookWrites(tx).accept_break(each, accepted)]
    return AcceptedNow(
        tuple(listed), tuple(fresh), len(Differences(ledger).open_ids(shortcodes, left, before_us)) if left else 0
    )


def _is_about_something(ledger: Reads, kind: str, ref: str) -> bool:
    if kind in {"unknown_row", "closed_day_changed"} or Differences(ledger).knows(f"{kind}-{ref}"):
        return True
    first, second = (*ref.split("-", 2), "")[:2]  # a receipt, or a payment's id and perhaps an attempt
    return bool(StatementRows(ledger).of(first) or ledger.find(first) or ledger.find(f"{first}-{second}"))
