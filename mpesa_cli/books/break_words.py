"""Breaks in words: the meaning of each class and the next step; and as rows and documents for programs."""

import shlex
from collections.abc import Sequence
from typing import Any

from mpesa_cli.books.break_values import Break, BreakKind, age_band
from mpesa_cli.books.lines import Group
from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.values.amount import cents_to_json, format_cents


@dataclass(frozen=True, slots=True)
class KindWords:
    """One class of breaks: its title, what it means, and what a person does about it, ending in a command."""

    title: str
    means: str
    then: str


BREAK_WORDS: dict[BreakKind, KindWords] = {
    "missing_at_provider": KindWords(
        "NOT AT M-PESA",
        "The ledger says paid, and M-PESA's record of that time has no such payment: a forged message, perhaps.",
        "Hand out nothing more on it before the M-PESA portal was looked at. How it became paid: mpesa log {order}",
    ),
    "refund_in_doubt": KindWords(
        "REFUND IN DOUBT",
        "Money was asked to go back to a customer, and nobody knows whether it did.",
        "Do not give it back another way. Read M-PESA's statement of that day: mpesa reconcile --statement FILE. "
        "A day later, if that does not tell: mpesa refund {receipt} --again --reason WHY",
    ),
    "payout_in_doubt": KindWords(
        "PAYOUT IN DOUBT",
        "Money was asked to go out to a phone, and nobody knows whether it did.",
        "Do not pay it another way. Ask M-PESA: mpesa payouts {order}. If that does not tell, read its statement "
        "of that day: mpesa reconcile --statement FILE",
    ),
    "conflict": KindWords(
        "CONTRADICTED",
        "A payment is paid, and another message about it says something else: another amount, a second receipt, a no.",
        "See what was said, then look at the M-PESA statement before you accept it: mpesa log {order}",
    ),
    "amount_mismatch": KindWords(
        "ANOTHER AMOUNT",
        "The receipt is the payment's, and M-PESA took another amount.",
        "M-PESA's amount is what came. Everything that was said of it: mpesa log {order}",
    ),
    "phone_mismatch": KindWords(
        "ANOTHER PHONE",
        "A prompt was paid with this receipt, and M-PESA took the money from another phone: a forged message, perhaps.",
        "See whose money it is in the M-PESA portal. How the order became paid: mpesa log {order}",
    ),
    "duplicate_receipt": KindWords(
        "RECEIPT TWICE",
        "One receipt was used for two payments, or stands twice in the record.",
        "Goods may be given for one of them only. See where it is: mpesa status {receipt}",
    ),
    "double_payment": KindWords(
        "PAID TWICE",
        "More came for the order than was asked: the customer is owed something back.",
        "Give one receipt back: mpesa refund {receipt} --reason WHY. See what came: mpesa status {order} --json",
    ),
    "status_conflict": KindWords(
        "FOR REVIEW, AND PAID",
        "M-PESA has the money, and the ledger could not believe what it was told.",
        "Look at what came in (mpesa log {order}), then decide: mpesa resolve {order} paid --reason WHY",
    ),
    "missing_in_ledger": KindWords(
        "NOT IN THE LEDGER",
        "M-PESA took money that no payment here is known to be: a lost message, or paid without this program.",
        "Look it up: mpesa verify {receipt}. Where payments by hand are never reported, register the addresses once: "
        "mpesa c2b-register",
    ),
    "unmatched_order": KindWords(
        "NAMES AN ORDER, DOES NOT FIT",
        "The account names an order of ours, and the amount, the number or the time is another.",
        "Look at both sides: mpesa verify {receipt}, and mpesa status {order}",
    ),
    "balance_drift": KindWords(
        "ANOTHER BALANCE",
        "What M-PESA told of the shop's account does not follow from its statement, or from the payments here.",
        "Read in the newest statement of that day: mpesa reconcile --statement FILE. Where somebody moved money at the "
        "portal: mpesa reconcile --accept {id} --by NAME --reason TEXT",
    ),
    "reversed": KindWords(
        "GIVEN BACK",
        "M-PESA gave a payment back. Where the goods are still here, keep them.",
        "Once that is done, accept this: mpesa reconcile --accept {id} --by NAME --reason TEXT",
    ),
    "fee": KindWords(
        "CHARGE WITHOUT PAYMENT",
        "M-PESA charged for a payment that is nowhere.",
        "Download the statement of the day before as well: mpesa reconcile --statement FILE --statement FILE",
    ),
    "closed_day_changed": KindWords(
        "CLOSED DAY CHANGED",
        "The books of a day that was closed say something else now.",
        "Look at what came late (mpesa history --since {day} --until {day}), then close the day again on its file: "
        "mpesa reconcile --statement FILE --close {day} --by NAME --reason TEXT",
    ),
    "rules_changed": KindWords(
        "DECIDED ANEW",
        "This version decides a payment otherwise than the program before.",
        "See what is known of it (mpesa log {order}); right as it is: mpesa reconcile --accept {id} --by NAME "
        "--reason TEXT",
    ),
    "unknown_row": KindWords(
        "NOT READ",
        "A part of the file could not be read, or a row is missing in it.",
        "Download it again from the portal, as it is, without opening it in a spreadsheet: "
        "mpesa reconcile --statement FILE",
    ),
}


def advice(each: Break) -> str:
    """The next step for one break, with its own references in the commands."""
    if each.suggested:
        return f"If it is that order's, say so: mpesa verify {each.receipt} --attach {each.suggested}"
    order = each.order_id or each.suggested or each.payment_id or "REF"
    return BREAK_WORDS[each.kind].then.format(
        order=shlex.quote(order), receipt=each.receipt or "RECEIPT", id=each.id, day=each.ref[:10]
    )


def break_document(each: Break, now_us: int) -> dict[str, Any]:
    """A break as JSON: amounts in shillings, times RFC 3339."""
    return {
        "id": each.id,
        "kind": each.kind,
        "age_days": age_band(each.at_us, now_us),
        "at": rfc3339(each.at_us),
        "amount": None if each.amount_cents is None else cents_to_json(each.amount_cents),
        "receipt": each.receipt or None,
        "order_id": each.order_id or None,
        "payment_id": each.payment_id or None,
        "account": each.account or None,
        "suggested_order": each.suggested or None,
        "detail": each.detail,
        "critical": each.critical,
        "accepted_by": each.accepted.by if each.accepted else None,
        "accepted_because": each.accepted.reason if each.accepted else None,
    }


def break_group(kind: BreakKind, first: Sequence[Break], count: int, now_us: int) -> Group:
    """A class for people: its meaning, a line for each of its first differences with age and id, and once what to
    do, in the words of the first that need it."""
    words = BREAK_WORDS[kind]
    hints: dict[bool, str] = {}
    for each in first:
        if each.accepted is None:
            hints.setdefault(bool(each.suggested), f"  {advice(each)}")
    return Group(f"{words.title}: {words.means}", [_line(b, now_us) for b in first], count, tuple(hints.values()))


def _line(each: Break, now_us: int) -> str:
    amount = "" if each.amount_cents is None else f"{format_cents(each.amount_cents)}, "
    accepted = f" Accepted by {each.accepted.by}: {each.accepted.reason}." if each.accepted else ""
    when = f"{day_and_time(each.at_us)} ({age_band(each.at_us, now_us)} days)"
    return f"  {when}, {amount}{_said(each)}{accepted} id {each.id}"


def _said(each: Break) -> str:
    """The break's sentence, less where that would only repeat the meaning of its class."""
    if each.suggested or each.kind not in {"missing_in_ledger", "missing_at_provider"}:
        return each.detail
    order = f"order {each.order_id}, " if each.order_id else ""
    return f"{order}receipt {each.receipt}." if each.receipt else f"{order}without a receipt."
