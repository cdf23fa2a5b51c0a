"""A payout in words for people and as a document: whether the money is with the phone, and what to do next."""

import shlex
from collections.abc import Sequence
from typing import Any, assert_never

from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.rules.codes.lookup import explain
from mpesa_cli.rules.codes.rows import Api
from mpesa_cli.rules.money_out.payout_state import TWICE, Payout, PayoutState
from mpesa_cli.rules.values.amount import cents_to_json, format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn
from mpesa_cli.terminal.amount_words import counted

STATE_WORDS: dict[PayoutState, str] = {
    PayoutState.CREATED: "on its way",
    PayoutState.SENT: "on its way",
    PayoutState.UNKNOWN: "not known",
    PayoutState.PAID: "paid out",
    PayoutState.FAILED: "not paid out",
    PayoutState.REVIEW: "to be looked at",
}
"""How people are told where a payout stands; JSON and options keep the names."""


def payout_lines(payout: Payout) -> list[str]:
    """The lines on one payout."""
    view = payout.view
    money = f"{format_cents(view.amount_cents)} to {shown_phone(view.msisdn)} for {payout.reference}"
    look = f"mpesa payouts {shlex.quote(payout.reference)}"
    head = f"{STATE_WORDS[payout.state].upper()}: {money}"
    statement = "Read M-PESA's statement: mpesa reconcile --statement FILE"
    match payout.state:
        case PayoutState.CREATED | PayoutState.SENT:
            return [f"{head}; M-PESA has not said yet that it is there.",
                    f"Do not pay it another way. Look again: {look}"]
        case PayoutState.UNKNOWN:
            return [f"{head}. It may have gone out. {_said(payout)}",
                    f"Do not pay it another way yet. A few minutes later: {look}", statement]
        case PayoutState.PAID:
            return [f"{head}. Receipt {view.receipt}, {day_and_time(view.paid_us or view.since_us)}."]
        case PayoutState.FAILED:
            return [f"{head}. {_why(payout)}", *_what_next(payout)]
        case PayoutState.REVIEW:
            twice = "It may have gone out twice." if view.code == TWICE else "Something may have gone out."
            return [f"{head}. {twice} {_said(payout)}", f"See in the M-PESA portal what went out. {statement}"]
        case _:
            assert_never(payout.state)


def payout_document(payout: Payout, environment: str) -> dict[str, Any]:
    """The JSON document of a payout. Times are RFC 3339, the amount is in shillings."""
    view = payout.view
    return {
        "payout_id": payout.payout_id,
        "reference": payout.reference,
        "environment": environment,
        "shortcode": payout.shortcode,
        "msisdn": view.msisdn,
        "amount": cents_to_json(view.amount_cents),
        "state": payout.state.value,
        "receipt": view.receipt or None,
        "request_id": view.request_id,
        "asked_at": rfc3339(view.asked_us),
        "paid_at": rfc3339(view.paid_us),
        "by": view.by,
        "reason": view.reason,
        "tries": view.tries,
        "told_by": view.source or None,
        "code": view.code or None,
        "description": view.words or None,
    }


def payout_row(payout: Payout, *, unmask: bool) -> list[str]:
    """One payout as a row of a list: when, what for, how much, to whom, where it stands, its receipt."""
    view = payout.view
    return [
        day_and_time(view.asked_us), payout.reference, format_cents(view.amount_cents),
        view.msisdn if unmask else shown_phone(view.msisdn), STATE_WORDS[payout.state], view.receipt,
    ]


def payout_totals(payouts: Sequence[Payout]) -> list[list[str]]:
    """The sums of a list, under HEADINGS: what was asked for, and what of it was paid out; none for one row."""
    if len(payouts) < 2:
        return []
    asked = sum(each.view.amount_cents for each in payouts)
    out = sum(each.view.amount_cents for each in payouts if each.state is PayoutState.PAID)
    count = counted(len(payouts), "payout")
    first = [[count, "asked", format_cents(asked), "", "", ""]] if asked != out else []
    return [*first, ["" if first else count, "paid out", format_cents(out), "", "", ""]]


HEADINGS = ("when", "for", "amount", "phone", "stands", "receipt")


def shown_phone(msisdn: str) -> str:
    """The number as people see it, its middle hidden; a pseudonym as it is."""
    return mask_msisdn(msisdn) if msisdn.isdecimal() else msisdn


def _said(payout: Payout) -> str:
    return f"[{payout.view.code}: {payout.view.words}]" if payout.view.code else ""


def _why(payout: Payout) -> str:
    rows = [row for row in explain(payout.view.code, Api.B2C) if row.listed] if payout.view.code else []
    return f"{rows[0].staff} {_said(payout)}" if rows else f"Nothing went out. {_said(payout)}"


def _what_next(payout: Payout) -> list[str]:
    listed = [row for row in explain(payout.view.code, Api.B2C) if row.listed] if payout.view.code else []
    return [f"What the code means: mpesa explain {payout.view.code} --api b2c"] if listed else []
