"""The words of a run of ``reconcile`` for people: nothing, one line on a terminal, or few about what needs somebody."""

from itertools import islice
from typing import TYPE_CHECKING

from mpesa_cli.books.break_words import break_group
from mpesa_cli.books.lines import LINES_MOST, Group, run_lines
from mpesa_cli.cli.books.shown import unfinished_words
from mpesa_cli.floor.moments import day_and_time
from mpesa_cli.held.words import ADVICE, held_line, lost_line
from mpesa_cli.history.query import day_of
from mpesa_cli.rules.restored import LOST_CODE, gap_line
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.terminal.amount_words import counted
from mpesa_cli.terminal.claim_words import claim_lines
from mpesa_cli.terminal.payment_words import advice, headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mpesa_cli.books.reconciling import Run
    from mpesa_cli.cli.books.shown import Shown
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.rules.by_hand import MayBe
    from mpesa_cli.rules.held import HeldMessage
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.terminal.streams import Streams

_NOT_TOLD = "not told since a restore"
_STORE_ADVICE = (
    'Write  store_name = "…"  into that till\'s profile, as the file has it. '
    "Then: mpesa reconcile -P NAME --statement FILE"
)


def say_run(runtime: "Runtime", ledger: "Ledger", shown: "Shown", found: "Run") -> None:
    """Print it. Quiet, only what no run has printed on this day in Nairobi; with ``--open`` all of it."""
    from mpesa_cli.books.store.difference_writes import DifferenceWrites
    from mpesa_cli.books.store.differences import Differences

    streams, now_us = runtime.streams, runtime.world.now_us()
    today = day_of(now_us)
    if shown.all_open:
        _print_all(streams, ledger, found, now_us)
    else:
        told = Differences(ledger).told_on(today) if streams.quiet else set()
        for line in run_lines(_groups(streams, ledger, found, now_us, told, today if streams.quiet else "")):
            streams.out_words(line)
        for name in found.balanced.unfinished:
            if _unfinished(name) not in told:
                streams.complain(unfinished_words(name))
    if streams.verbosity:
        _circumstances(streams, found)
    _say_end(streams, shown, found)
    with ledger.write() as tx:
        DifferenceWrites(tx).mark_told(found.shop.shortcodes, _items(found), today)


def _items(found: "Run") -> list[str]:
    """The names of everything but differences that a run reports; they stay the same over a day."""
    said = [_item(payment) for payment in found.waiting] + [_unfinished(name) for name in found.balanced.unfinished]
    said += [_held(message) for message in found.held] + [_claim(claim) for claim in found.done.claims]
    said += [_NOT_TOLD] if found.not_told else []
    said += [_store(store) for _, store, _ in found.unread_stores]
    return [*said, found.not_watched] if found.not_watched else said


def _item(payment: "Payment") -> str:
    return f"{payment.payment_id} {payment.status}"


def _held(message: "HeldMessage") -> str:
    return f"{message.held_id} {message.seen}"


def _claim(claim: "MayBe") -> str:
    return f"{claim.receipt} {claim.order_id}"


def _unfinished(name: str) -> str:
    return f"unfinished {name}"


def _store(store: str) -> str:
    return f"unread store {store}"


def _store_line(name: str, store: str, rows: int) -> str:
    return f"NOT READ: {counted(rows, 'row')} in {name} of the store {store or 'without a name'}, which no profile has"


def _groups(
    streams: "Streams", ledger: "Ledger", found: "Run", now_us: int, told: set[str], untold_on: str
) -> "Iterator[Group]":
    """The things that need somebody, by kind; only those not yet told that day, where ``untold_on`` is a day."""
    from mpesa_cli.books.store.differences import Differences

    if found.not_watched and found.not_watched not in told:
        yield Group("", [found.not_watched], 1)
    if found.not_told and _NOT_TOLD not in told:
        yield Group("", [gap_line(found.not_told)], 1)
    stores = [each for each in found.unread_stores if _store(each[1]) not in told]
    yield Group("", [_store_line(*each) for each in stores[:LINES_MOST]], len(stores), (f"  {_STORE_ADVICE}",))
    yield from _payments([p for p in found.waiting if _item(p) not in told])
    claims = [claim for claim in found.done.claims if _claim(claim) not in told]
    yield Group("", list(claim_lines(claims[:LINES_MOST])), len(claims))
    held = [message for message in found.held if _held(message) not in told]
    lost = [message for message in held if message.code == LOST_CODE]
    if lost:  # anybody may have sent them: they shall not crowd out the others
        yield Group("", [lost_line(lost)], 1, (f"  {ADVICE}",))
    others = [message for message in held if message.code != LOST_CODE]
    yield Group("", list(map(held_line, others[:LINES_MOST])), len(others), (f"  {ADVICE}",))
    shortcodes, verbose = found.shop.shortcodes, bool(streams.verbosity)
    scopes = found.balanced.scopes if verbose else ()
    for counts in Differences(ledger).counts(shortcodes, scopes, untold_on=untold_on):
        count = counts.open + counts.accepted if verbose else counts.open
        listed = Differences(ledger).listed(
            shortcodes, scopes, kind=counts.kind, open_only=not verbose, untold_on=untold_on
        )
        yield break_group(counts.kind, list(islice(listed, LINES_MOST)), count, now_us)
    if verbose:
        settled = [f"{headline(payment)}, by M-PESA's own record" for payment in found.balanced.payments]
        named = {p.payment_id for p in (*found.balanced.payments, *found.waiting)}
        still = [headline(payment) for payment in found.done.payments if payment.payment_id not in named]
        yield Group("", still, len(still))
        yield Group("", settled, len(settled))


def _payments(waiting: "Sequence[Payment]") -> "Iterator[Group]":
    for status in dict.fromkeys(payment.status for payment in waiting):
        of_status = [payment for payment in waiting if payment.status is status]
        hints = [f"  {line}" for line in advice(of_status[0])]
        yield Group("", [headline(payment) for payment in of_status[:LINES_MOST]], len(of_status), hints)


def _print_all(streams: "Streams", ledger: "Ledger", found: "Run", now_us: int) -> None:
    from mpesa_cli.books.store.differences import Differences

    if found.not_watched:
        streams.out_words(found.not_watched)
    if found.not_told:
        streams.out_words(gap_line(found.not_told))
    for each in found.unread_stores:
        streams.out_words(_store_line(*each))
    for payment in found.waiting:
        streams.out_words(headline(payment))
    for hint in dict.fromkeys(line for group in _payments(found.waiting) for line in group.hints):
        streams.out_words(hint)
    for line in claim_lines(found.done.claims):
        streams.out_words(line)
    for message in found.held:
        streams.out_words(held_line(message))
    if found.held:
        streams.out_words(f"  {ADVICE}")
    for counts in Differences(ledger).counts(found.shop.shortcodes):
        listed = Differences(ledger).listed(found.shop.shortcodes, kind=counts.kind, open_only=True)
        first = True
        while part := list(islice(listed, 500)):
            group = break_group(counts.kind, part, len(part), now_us)
            for line in [group.title, *group.lines, *group.hints] if first else group.lines:
                streams.out_words(line)
            first = False


def _say_end(streams: "Streams", shown: "Shown", found: "Run") -> None:
    closed, balanced = found.closed, found.balanced
    if closed is not None:
        totals = closed.closing.totals
        said = "is closed" if closed.fresh else "was closed before with the same totals"
        streams.out_words(f"{closed.closing.day} {said}: {counted(totals.count, 'payment')}, "
                          f"{format_cents(totals.gross_cents)} gross, {format_cents(totals.net_cents)} net.")
        if found.open:
            were = "was" if found.open == 1 else "were"
            streams.say(f"{counted(found.open, 'difference')} {were} open when it was closed.")
    elif balanced.taken and not found.differs and streams.is_terminal(streams.stdout) and not streams.quiet:
        rows = sum(each.findings.rows for each in balanced.taken)
        names = ", ".join(each.name for each in balanced.taken)
        report = f" The report: {shown.report}" if shown.report else ""
        streams.out_words(f"All match: {counted(rows, 'row')}, {format_cents(balanced.totals.gross_cents)} came in, "
                          f"in {names}.{report}")
    if found.done.not_asked:
        streams.say(f"Daraja could not be asked about {found.done.not_asked} of them this time. "
                    "Again later: mpesa reconcile")


def _circumstances(streams: "Streams", found: "Run") -> None:
    balanced = found.balanced
    for each in balanced.taken:
        period = f"{day_and_time(each.from_us)} to {day_and_time(each.until_us)}" if each.until_us else "no time"
        left_out = "".join(f", {count} {status} left out" for status, count in each.findings.skipped.items())
        streams.say(f"{each.name}: {counted(each.findings.rows, 'row')}, {each.new_rows:,} new, {period}{left_out}")
    if balanced.taken:
        totals = balanced.totals
        streams.say(
            f"{counted(totals.count, 'payment')}, {format_cents(totals.gross_cents)}; "
            f"charges {format_cents(totals.charges_cents)}; given back {format_cents(totals.reversals_cents)}; "
            f"other {format_cents(totals.other_cents)}; net {format_cents(totals.net_cents)}"
        )
    if balanced.carried_over:
        are = "is" if balanced.carried_over == 1 else "are"
        streams.say(f"{counted(balanced.carried_over, 'payment')} {are} too near the edge of that time to be called "
                    "missing yet: the next statement tells.")
