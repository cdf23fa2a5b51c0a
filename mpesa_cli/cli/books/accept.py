"""``reconcile --accept`` and ``--books-begin``: what a person decides about differences, and nothing else is done."""

from typing import TYPE_CHECKING, Any

from mpesa_cli.books.accepting import accept_many, accept_one, is_class
from mpesa_cli.books.break_values import Accepted
from mpesa_cli.books.standing import find_standing
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.rules.values.dates import parse_day, parse_since
from mpesa_cli.terminal.amount_words import counted

if TYPE_CHECKING:
    from mpesa_cli.books.reconciling import Asked
    from mpesa_cli.ledger.engine.sqlite import SqliteLedger
    from mpesa_cli.runtime import Runtime


def run_accept(runtime: "Runtime", ledger: "SqliteLedger", shortcodes: tuple[str, ...], asked: "Asked") -> None:
    """Accept one difference, or all of a class that are listed now. Raises MpesaError."""
    wanted = asked.accept or ""
    now_us = runtime.now_us()
    accepted = Accepted(asked.by, asked.reason, now_us)
    said = {"id": wanted, "accepted_by": asked.by, "accepted_because": asked.reason}
    find_standing(ledger, shortcodes)
    if not is_class(wanted):
        done = accept_one(ledger, wanted, accepted)
        words = "is accepted" if done.fresh else "was accepted before"
        _say(runtime, asked, {**said, "fresh": bool(done.fresh)},
             f"{wanted} {words}: it is not counted as a difference any more.")  # fmt: skip
        return
    before_us = parse_since(parse_day(asked.before, now_us, "--before"), now_us) if asked.before else None
    done = accept_many(ledger, shortcodes, wanted, before_us, accepted)
    are = "is" if len(done.fresh) == 1 else "are"
    words = f"{counted(len(done.fresh), 'difference')} {are} accepted and not counted any more."
    if done.left:
        stay = "stays" if done.left == 1 else "stay"
        words += f" {counted(done.left, 'difference')} about money {stay}, to be accepted one by one: "
        words += "mpesa reconcile --open"
    _say(runtime, asked, {**said, "fresh": bool(done.fresh), "ids": list(done.ids), "left": done.left}, words)


def run_books_begin(runtime: "Runtime", ledger: "SqliteLedger", asked: "Asked") -> None:
    """Stop comparing what is before a day. Raises MpesaError."""
    now_us = runtime.now_us()
    day = parse_day(asked.books_begin or "", now_us, "--books-begin")
    begin_us = parse_since(day, now_us)
    with ledger.write() as tx:
        fresh = tx.begin_books(begin_us, Accepted(asked.by, asked.reason, now_us))
    begin = "begin" if fresh else "began before"
    _say(
        runtime, asked,
        {"books_begin": rfc3339(begin_us), "by": asked.by, "reason": asked.reason, "fresh": fresh},
        f"The books {begin} on {day}: what M-PESA's record has before is not compared. Open payments are still named.",
    )  # fmt: skip


def _say(runtime: "Runtime", asked: "Asked", document: dict[str, Any], words: str) -> None:
    if asked.format == "json":
        from mpesa_cli.terminal.render import print_json

        print_json(runtime.streams, document)
    else:
        runtime.streams.out(words)
