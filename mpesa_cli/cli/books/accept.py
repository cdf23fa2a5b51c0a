"""``reconcile --accept`` and ``--books-begin``: a person's decisions about differences, and nothing else."""

from typing import TYPE_CHECKING

from mpesa_cli.books.accepting import accept_many, accept_one, is_class
from mpesa_cli.books.break_values import Accepted
from mpesa_cli.books.reconciling import shortcodes_of
from mpesa_cli.books.standing_findings import find_standing
from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.dates import parse_day, parse_since
from mpesa_cli.terminal.amount_words import counted

if TYPE_CHECKING:
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Decision:
    """The name and the reason that a decision is journaled under."""

    by: str
    reason: str


def check_before(accept: str | None, before: str | None) -> None:
    """Raise InvalidInput where ``--before`` stands beside anything but many differences."""
    if before and not (accept and is_class(accept)):
        raise InvalidInput(
            "Missing --accept all, or a class of differences: a single one has its id.",
            hint="Nothing was done. All options: mpesa reconcile --help",
            code="missing-option",
        )


def accept_differences(
    runtime: "Runtime", settings: "Profile", wanted: str, before: str | None, decision: Decision
) -> Result:
    """Accept one difference, or all of a class that are listed now. Raises MpesaError."""
    ledger, shortcodes, now_us = runtime.ledger(settings), shortcodes_of(settings), runtime.world.now_us()
    accepted = Accepted(decision.by, decision.reason, now_us)
    said = {"id": wanted, "accepted_by": decision.by, "accepted_because": decision.reason}
    find_standing(ledger, shortcodes)
    if not is_class(wanted):
        done = accept_one(ledger, wanted, accepted)
        words = "is accepted" if done.fresh else "was accepted before"
        return Result(
            {**said, "fresh": bool(done.fresh)}, [f"{wanted} {words}: it is not counted as a difference any more."]
        )
    before_us = parse_since(parse_day(before, now_us, "--before"), now_us) if before else None
    done = accept_many(ledger, shortcodes, wanted, before_us, accepted)
    are = "is" if len(done.fresh) == 1 else "are"
    words = f"{counted(len(done.fresh), 'difference')} {are} accepted and not counted any more."
    if done.left:
        stay = "stays" if done.left == 1 else "stay"
        words += f" {counted(done.left, 'difference')} about money {stay}, to be accepted one by one: "
        words += "mpesa reconcile --open"
    return Result({**said, "fresh": bool(done.fresh), "ids": list(done.ids), "left": done.left}, [words])


def begin_books(runtime: "Runtime", settings: "Profile", wanted: str, decision: Decision) -> Result:
    """Stop comparing what is before a day. Raises MpesaError."""
    from mpesa_cli.books.store.difference_writes import DifferenceWrites

    now_us = runtime.world.now_us()
    day = parse_day(wanted, now_us, "--books-begin")
    begin_us = parse_since(day, now_us)
    with runtime.ledger(settings).write() as tx:
        fresh = DifferenceWrites(tx).begin_books(begin_us, Accepted(decision.by, decision.reason, now_us))
    begin = "begin" if fresh else "began before"
    words = f"The books {begin} on {day}: what M-PESA's record has before is not compared. "
    return Result(
        {"books_begin": rfc3339(begin_us), "by": decision.by, "reason": decision.reason, "fresh": fresh},
        [f"{words}Open payments are still named."],
    )
