"""The drift of a balance that M-PESA told from what its record, or the payments here, make of it. Pure.

Only what no charge, payout or withdrawal can explain counts. Where a statement covers the moment, its own running
balance must lead to what was told. Where none does yet, less than came in proves nothing: what left is in the next
statement. More than could have come in is money that nobody here knows (docs/reference/assumptions.md A133).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from mpesa_cli.daraja.questions.account_balance import SHOP_ACCOUNTS, Account, Balance
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.statement_row import StatementRow

NEAR_US = 120 * SECOND_US
"""Files that went through Excel know minutes only, and the moment of a balance is that of its end."""
EDGE_US = 600 * SECOND_US
"""Clocks differ, and a payment is told of by more than one of them."""
_LED = ("received", "reversal")
_ACCOUNTS = (*SHOP_ACCOUNTS, "Working Account")


@dataclass(frozen=True, slots=True)
class MayHaveCome:
    """Money that came, or may have, at one of these moments: when it was asked for, heard of, paid by its own words."""

    times_us: tuple[int, ...]
    cents: int


def differs_cents(told: Balance, rows: Sequence[StatementRow]) -> int | None:
    """The difference of a balance from M-PESA's record, 0 where it follows from it; None where the rows don't tell.

    ``rows`` are all of the shop from the last that moved customers' money before it to ``NEAR_US`` after it, in order
    of time. What moved near that moment may be in it or not; charges and transfers may be of another account.
    """
    customers, led = told.customers, [row for row in rows if row.kind in _LED and row.balance_cents is not None]
    before = [row.completed_us for row in led if row.completed_us <= told.at_us - NEAR_US]
    if customers is None or not before:
        return None
    at_last = [row for row in led if row.completed_us == before[-1]]
    near = [row for row in led if row.completed_us > before[-1]]
    # Rows of one time stand in any order, so that any of them may be the last.
    starts = {cents for row in (at_last if len(at_last) > 1 else []) + near for cents in _around(row)}
    starts |= {row.balance_cents or 0 for row in at_last}
    others = [row.amount_cents for row in rows if row.completed_us >= before[-1] and row not in led]
    low, high = sum(c for c in others if c < 0), sum(c for c in others if c > 0)
    spans = [(start + low, start + high) for start in starts]
    if any(_outside(cents, *span) == 0 for cents in _told(told.accounts) for span in spans):
        return 0
    return min((_outside(customers.current_cents, *span) for span in spans), key=abs)


def between_cents(moments_us: Sequence[int], money: Iterable[MayHaveCome]) -> list[int]:
    """The cents that may have come between each two neighbours of ``moments_us``, which are in order: at the edge of
    two of them the same money counts for both."""
    found = [0] * (len(moments_us) + 1)
    for each in money:
        reached: set[int] = set()
        for at_us in each.times_us:
            first, last = bisect_left(moments_us, at_us - EDGE_US), bisect_right(moments_us, at_us + EDGE_US)
            reached.update(range(first, last + 1))
        for place in reached:
            found[place] += each.cents
    return found[1:-1]


def unknown_cents(before: Balance, after: Balance, may_have_come_cents: int) -> int:
    """The cents by which the shop's account grew beyond all that may have come in between; 0 where it did not."""
    then, now = before.customers, after.customers
    if then is None or now is None or then.name != now.name:
        return 0
    return max(0, now.current_cents - then.current_cents - may_have_come_cents)


def _around(row: StatementRow) -> tuple[int, int]:
    """The balances before and after a row."""
    after = row.balance_cents or 0
    return after - row.amount_cents, after


def _told(accounts: Iterable[Account]) -> set[int]:
    """The balances that a statement may be of: which account's it is, and whether what is reserved counts, differs."""
    return {cents for a in accounts if a.name in _ACCOUNTS for cents in (a.current_cents, a.available_cents)}


def _outside(cents: int, low: int, high: int) -> int:
    """The distance of an amount from a span; 0 inside it."""
    return min(0, cents - low) + max(0, cents - high)
