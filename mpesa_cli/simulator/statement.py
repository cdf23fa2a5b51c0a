"""The statement that a shop would download for its shortcode: the portal's CSV, made of the simulator's own record.

Newest first. A charge stands on the receipt of its payment and has the balance of an account of its own
(daraja.md 10.2). Completed movements only.
"""

import csv
import io
from collections.abc import Iterator

from mpesa_cli.floor.errors import Conflict, NotFound
from mpesa_cli.floor.moments import SECOND_US, daraja_stamp
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.dates import parse_since, parse_until
from mpesa_cli.simulator.accounts import (
    OPENING_CENTS,
    WORKING_OPENING_CENTS,
    every_movement,
    give_back,
    movements,
)
from mpesa_cli.simulator.identifiers import TokenHex
from mpesa_cli.simulator.movement import Balances, Movement
from mpesa_cli.simulator.state import State

SHOP = "SIMULATED SHOP"
CUSTOMER = "SIMULATED CUSTOMER"
BUSINESS = "SIMULATED BUSINESS"
HEADINGS = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In", "Withdrawn",
    "Balance", "Balance Confirmed", "Reason Type", "Other Party Info", "Linked Transaction ID", "A/C No.",
)


@dataclass(frozen=True, slots=True)
class Period:
    """A time from one moment up to, and without, another; microseconds on the simulator's clock. None: no limit."""

    since_us: int | None = None
    until_us: int | None = None


def read_period(since: str | None, until: str | None, now_us: int) -> Period:
    """The period that two dates mean, as people type them. Raises InvalidInput."""
    return Period(
        parse_since(since, now_us) if since else None,
        parse_until(until, now_us) if until else None,
    )


def statement(state: State, shortcode: str, period: Period, now_us: int) -> str:
    """The statement of a shortcode as CSV text, lines ended by CRLF.

    Without a period it begins with the day of the first movement that is kept and ends now.
    """
    opening = closing = state.carried.get(shortcode, Balances())
    rows: list[list[str]] = []
    until_us = now_us + 1 if period.until_us is None else period.until_us
    kept = movements(state, shortcode, now_us)
    since_us = period.since_us if period.since_us is not None else _midnight(kept[0].at_us if kept else until_us)
    for row in kept:
        if row.at_us >= until_us:
            break
        closing = closing.after(row)
        if row.at_us < since_us:
            opening = closing
        else:
            # Written backwards: the charge stands below its payment once all rows are reversed.
            rows += reversed(list(_rows(row, closing, shortcode)))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows(_heading(shortcode, since_us, until_us, opening, closing))
    writer.writerow(HEADINGS)
    writer.writerows(reversed(rows))
    return text.getvalue()


def reverse(state: State, asked: str, now_us: int, token_hex: TokenHex) -> Movement:
    """Give a customer's payment back, whole, under a receipt of its own. The merchant is told nothing.

    Raises NotFound where no payment has that receipt, Conflict where it was given back already.
    """
    wanted = asked.strip().upper()
    every = every_movement(state, now_us)
    original = next((row for row in every if row.receipt == wanted and row.kind == "payment"), None)
    if original is None:
        raise NotFound(
            f"The simulator took no payment with receipt {wanted}.",
            hint="Nothing was reversed. Its receipts: mpesa simulator statement",
            code="receipt-unknown",
        )
    if any(row.linked == wanted for row in every):
        raise Conflict(
            f"{wanted} was reversed before.",
            hint="Nothing was reversed again. See it: mpesa simulator statement",
            code="already-reversed",
        )
    return give_back(state, original, now_us, token_hex)


def _rows(row: Movement, after: Balances, shortcode: str) -> Iterator[list[str]]:
    """The row of a movement, then the row of its charge where it has one."""
    product = "Merchant Payment" if row.buy_goods else "Pay Bill"
    party = f"{row.msisdn[:4]}****{row.msisdn[-4:]} - {CUSTOMER}"
    amount, balance = _money(row.amount_cents), _money(after.shop_cents + OPENING_CENTS)
    when = _time(row.at_us)
    if row.kind == "reversal":
        details = f"{product} Reversal to {party}"
        yield [row.receipt, when, when, details, "Completed", "", f"-{amount}", balance, "true",
               f"{product} Reversal", party, row.linked, ""]
        return
    if row.kind == "b2b":
        to, balance = f"{row.msisdn} - {BUSINESS}", _money(after.working_cents + WORKING_OPENING_CENTS)
        details = f"{row.reason} to {to} Acc. {row.account}"
        yield [row.receipt, when, when, details, "Completed", "", f"-{amount}", balance, "true", row.reason, to, "",
               row.account]
        return
    if row.kind == "payout":
        details = f"Business Payment to {party} via API. Original conversation ID is {row.conversation}."
        yield [row.receipt, when, when, details, "Completed", "", f"-{amount}", balance, "true", row.reason, party,
               "", ""]
    else:
        details = f"{product} from {party}" + (f" Acc. {row.account}" if row.account else "")
        yield [row.receipt, when, when, details, "Completed", amount, "", balance, "true", f"{product} Online", party,
               "", row.account]
    if row.charge_cents:
        fee = "Business Payment Charge" if row.kind == "payout" else f"{product} Charge"
        yield [row.receipt, when, when, fee, "Completed", "", f"-{_money(row.charge_cents)}",
               _money(after.charges_cents), "true", fee, f"{shortcode} - {SHOP}", "", ""]


def _heading(shortcode: str, since_us: int, until_us: int, opening: Balances, closing: Balances) -> list[list[str]]:
    return [
        ["Organization Name", SHOP],
        ["Short Code", shortcode],
        ["Statement Period", f"{_time(since_us)} - {_time(until_us - 1)}"],
        ["Opening Balance", _money(opening.shop_cents + OPENING_CENTS)],
        ["Closing Balance", _money(closing.shop_cents + OPENING_CENTS)],
        [],
    ]


def _money(cents: int) -> str:
    """Cents as the portal writes them: ``105300`` → ``1,053.00``."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{whole // 100:,}.{whole % 100:02d}"


def _time(at_us: int) -> str:
    """A moment in East Africa Time: ``24-11-2026 10:45:12``."""
    stamp = daraja_stamp(at_us)
    return f"{stamp[6:8]}-{stamp[4:6]}-{stamp[:4]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"


def _midnight(at_us: int) -> int:
    """The beginning of a moment's day in Nairobi."""
    day_us, ahead_us = 86_400 * SECOND_US, 3 * 3_600 * SECOND_US
    return (at_us + ahead_us) // day_us * day_us - ahead_us
