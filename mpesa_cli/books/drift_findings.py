"""Balances that M-PESA told, each held against its record where that covers the moment, else against the payments."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from mpesa_cli.books.break_values import DAY_US, Break
from mpesa_cli.books.drift import NEAR_US, between_cents, differs_cents, unknown_cents
from mpesa_cli.books.store.drift import Drifts
from mpesa_cli.daraja.questions.account_balance import Balance
from mpesa_cli.floor.moments import day_and_time, eat_day
from mpesa_cli.initiator.balance import last_balance, told_balances
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.spans import Span

LOOKED_AT_US = 31 * DAY_US


def drifts(ledger: Reads, shortcodes: Sequence[str]) -> Iterator[Break]:
    """The balances of the last month that what moved does not explain, one for each day.

    None for a till whose store has a number of its own: the store's account may hold other tills' money too, and
    nobody could try which of the two a statement is of (docs/reference/assumptions.md A90).
    """
    if len(set(shortcodes)) > 1:
        return
    told = _one_a_day(told_balances(ledger, shortcodes[0], LOOKED_AT_US))
    spans = [span for code in shortcodes for span in Restores(ledger).told_spans(code)] if told else []
    by_record = [_by_record(ledger, shortcodes, spans, each) for each in told]
    yield from (
        _break(each, cents, "than its own statement leads to")
        for each, cents in zip(told, by_record, strict=True) if cents
    )
    # Where no record tells, what came since the balance before it.
    pairs = zip(pairwise(told), by_record[1:], strict=True) if told else ()
    left = [pair for pair, cents in pairs if cents is None]
    if not left:
        return
    moments = [each.at_us for each in told]
    came = between_cents(moments, Drifts(ledger).may_have_come(left[0][0].at_us, shortcodes))
    for before, each in left:
        if cents := unknown_cents(before, each, came[moments.index(before.at_us)]):
            yield _break(each, cents, f"than what came since {day_and_time(before.at_us)} explains")


def not_looked_at_before_us(ledger: Reads, shortcodes: Sequence[str]) -> int | None:
    """The moment before which balances are not looked at any more; None where none was ever told."""
    newest = last_balance(ledger, shortcodes[0])
    return newest.at_us - LOOKED_AT_US if newest is not None else None


def _one_a_day(told: Sequence[Balance]) -> list[Balance]:
    """The last of each day in Nairobi, in order of time: whoever asks every minute is told no more."""
    return list({eat_day(each.at_us): each for each in told}.values())


def _by_record(ledger: Reads, shortcodes: Sequence[str], spans: Sequence[Span], told: Balance) -> int | None:
    """The cents by which M-PESA's record differs; None where no part that was read whole covers that moment."""
    since = [first for first, until in spans if first <= told.at_us - NEAR_US and told.at_us + NEAR_US < until]
    if not since:
        return None
    return differs_cents(told, Drifts(ledger).rows_around(told.at_us, min(since), NEAR_US, shortcodes))


def _break(told: Balance, cents: int, than: str) -> Break:
    customers = told.customers
    assert customers is not None  # nothing differs where it is not known
    more = "more" if cents > 0 else "less"
    return Break(
        "balance_drift", eat_day(told.at_us).isoformat(), told.at_us, cents,
        detail=f"M-PESA told {format_cents(customers.current_cents)} on the {customers.name}, "
               f"{format_cents(abs(cents))} {more} {than}.",
    )
