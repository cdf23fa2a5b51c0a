"""The findings that every run makes anew, with a statement or without: overpaid and contradicted payments, money of
ours that went back, balances that nothing explains, closed days that changed, payments that an upgrade decided
otherwise."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mpesa_cli.books.break_values import Break
from mpesa_cli.books.closed_days import changed_days
from mpesa_cli.books.closing import day_bounds
from mpesa_cli.books.drift_findings import drifts, not_looked_at_before_us
from mpesa_cli.books.store.breaks import Breaks
from mpesa_cli.books.store.difference_writes import DifferenceWrites
from mpesa_cli.books.store.differences import Differences
from mpesa_cli.books.store.values import Scope
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.payouts import Payouts
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.refunds import Refunds
from mpesa_cli.rules.money_out.payout_state import Payout, PayoutState
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import Flag
from mpesa_cli.rules.values.amount import format_cents

if TYPE_CHECKING:
    from mpesa_cli.books.store.values import Origin

_NO_COMPARISON = 0  # what is found by every run needs no number of a comparison, and is then written only once


def find_standing(ledger: Ledger, shortcodes: tuple[str, ...]) -> None:
    """Bring these findings up to date, and forget those settled since. Writes only what changed."""
    ours = [(each, _at(shortcodes, each)) for each in _of_payments(ledger, shortcodes)]
    # What went back is of M-PESA's record: it is not looked for before the books begin.
    record = [(each, _at(shortcodes, each)) for each in _given_back(ledger, shortcodes)]
    told = [(each, _at(shortcodes, each)) for each in drifts(ledger, shortcodes)]
    days = [(each, Scope(shortcodes, *day_bounds(each.ref[:10]))) for each in changed_days(ledger, shortcodes)]
    upgraded = [(each, _at(shortcodes, each)) for each in _decided_otherwise(ledger, shortcodes)]
    long_ago_us = not_looked_at_before_us(ledger, shortcodes)
    with ledger.write() as tx:
        kept: tuple[tuple[Origin, list[tuple[Break, Scope]]], ...] = (
            ("ledger", ours), ("given_back", record), ("balance", told), ("day", days),
        )
        for origin, found in kept:
            DifferenceWrites(tx).remember(found, origin, _NO_COMPARISON)
            stays = Differences(tx).open_ids(shortcodes, ["balance_drift"], long_ago_us) if origin == "balance" else ()
            DifferenceWrites(tx).keep_only(origin, shortcodes, [*(each.id for each, _ in found), *stays])
        DifferenceWrites(tx).remember(upgraded, "upgrade", _NO_COMPARISON)
        DifferenceWrites(tx).forget_settled(shortcodes)


def _of_payments(ledger: Reads, shortcodes: tuple[str, ...]) -> Iterator[Break]:
    for payment in Differences(ledger).overpaid_payments():
        if payment.shortcode in shortcodes:
            yield _overpaid(payment)
    for payment, refund in Refunds(ledger).open():
        if payment.shortcode in shortcodes and refund.state is not RefundState.PENDING:
            yield _in_doubt(payment, refund)
    for payout in Payouts(ledger).open():
        if payout.shortcode in shortcodes and payout.state in {PayoutState.UNKNOWN, PayoutState.REVIEW}:
            yield _payout_in_doubt(payout)
    for payment in Differences(ledger).payments_with_conflict():
        if payment.shortcode in shortcodes:
            yield from _contradicted(payment)


def _decided_otherwise(ledger: Reads, shortcodes: tuple[str, ...]) -> Iterator[Break]:
    for entry in Differences(ledger).rules_changed():
        changed = ledger.payment(entry.payment_id)
        if changed is not None and changed.shortcode in shortcodes:
            yield Break(
                "rules_changed", f"{entry.payment_id}-{entry.seq}", entry.at_us, changed.amount_cents,
                changed.telling.view.receipt or "", changed.payment_id, changed.order_id,
                detail=f"Order {changed.order_id} {_moved(entry.facts)}",
            )


def _moved(facts: Mapping[str, object]) -> str:
    """The difference that today's rules make: in the status, or in an attempt's own facts."""
    if facts["was"] != facts["is"]:
        return f"was {facts['was']} by the rules of the program before, and is {facts['is']} by today's."
    attempts = facts["attempts"]
    assert isinstance(attempts, dict)  # so deciding_anew.py writes it
    told = "; ".join(f"attempt {number} was {a['was']!r}, is {a['is']!r}" for number, a in attempts.items())
    return f"is {facts['is']} as before, and is told otherwise: {told}."


def _overpaid(payment: Payment) -> Break:
    more = payment.received_cents - payment.amount_cents
    view = payment.telling.view
    return Break(
        "double_payment", payment.payment_id, view.paid_us or view.settled_us or payment.created_us, more,
        view.receipt or "", payment.payment_id, payment.order_id,
        detail=f"Order {payment.order_id} got {format_cents(more)} more than was asked.",
    )


def _contradicted(payment: Payment) -> Iterator[Break]:
    for attempt in payment.attempts:
        view = attempt.view
        if Flag.CONFLICT in view.flags:
            yield Break(
                "conflict", f"{payment.payment_id}-{attempt.ref.number}",
                view.paid_us or view.settled_us or attempt.created_us, view.paid_cents, view.receipt or "",
                payment.payment_id, payment.order_id,
                detail=f"Order {payment.order_id} is paid, and another message about it says something else.",
            )


def _in_doubt(payment: Payment, refund: Refund) -> Break:
    return Break(
        "refund_in_doubt", refund.request_id, refund.asked_us, refund.amount_cents, refund.receipt,
        payment.payment_id, payment.order_id,
        detail=f"Nobody knows whether {format_cents(refund.amount_cents)} of order {payment.order_id} went back.",
    )


def _payout_in_doubt(payout: Payout) -> Break:
    view = payout.view
    return Break(
        "payout_in_doubt", payout.payout_id, view.asked_us, view.amount_cents, view.receipt, "", payout.reference,
        detail=f"Nobody knows whether {format_cents(view.amount_cents)} for {payout.reference} went out.",
    )


def _given_back(ledger: Reads, shortcodes: tuple[str, ...]) -> Iterator[Break]:
    """What M-PESA gave back and nobody asked for here."""
    asked = Refunds(ledger).given_back()
    for known in Breaks(ledger).reversals_of_ours(shortcodes, all_of_them=True):
        if known.row is not None and known.receipt not in asked:
            yield Break(
                "reversed", known.row.receipt, known.at_us, known.row.amount_cents, known.receipt, known.payment_id,
                known.order_id,
                detail=f"M-PESA gave back what receipt {known.receipt} paid for order {known.order_id}.",
            )


def _at(shortcodes: tuple[str, ...], each: Break) -> Scope:
    return Scope(shortcodes, each.at_us, each.at_us + 1)
