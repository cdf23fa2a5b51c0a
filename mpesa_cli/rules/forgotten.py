"""Facts about a payment whose number was erased: they count like any other, and bring no number back. Pure.

A body is changed in place and never parsed: what could not be read before must not become readable by it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.values.pseudonym import is_erased
from mpesa_cli.rules.values.shown_number import fits

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Attempt, Payment

# Not compiled here: what is never erased need not pay for it at each start.
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_PERSONAL = (
    rb'("(?:First|Middle|Last)Name"\s*:\s*|"MSISDN"\s*:\s*|"Name"\s*:\s*"PhoneNumber"\s*,\s*"Value"\s*:\s*)'
    rb"(?:" + _TEXT + rb"|[0-9.]+)"
)
_NUMBER = rb"(?<![0-9A-Za-z.\-])(\+?(?:254|0)?)[17][0-9]{8}(?![0-9])"
_IN_ID = rb"(ws_CO_[0-9]*?)[0-9]{9}(?![0-9])"
_NONE = b"0" * 9


def can_be_of(asked: str, reported: str | None) -> bool:
    """Whether money of phone ``reported`` can be what was asked of ``asked``. An erased number is not compared."""
    return is_erased(asked) or fits(asked, reported)


def body_without_number(body: bytes) -> bytes:
    """A raw body without phone numbers and names, and otherwise as it came."""
    body = body_without_payer(body)
    return re.sub(_IN_ID, rb"\g<1>" + _NONE, re.sub(_NUMBER, rb"\g<1>" + _NONE, body))


def body_without_payer(body: bytes) -> bytes:
    """A raw body without the phone and the names of whoever paid. What else it holds may name an order, and stays."""
    return re.sub(_PERSONAL, rb'\1""', body)


def awaiting(payment: "Payment", amount_cents: int) -> "Attempt | None":
    """The newest prompt on an erased number that may be paid by this amount and has no receipt."""
    return next(
        (a for a in reversed(payment.attempts) if a.channel == "stk" and is_erased(a.msisdn) and not a.view.receipts
         and a.amount_cents == amount_cents), None,
    )  # fmt: skip


def without_number(evidence: ev.Evidence, pseudonym: str, known: Iterable[ev.Evidence]) -> ev.Evidence:
    """A fact with the pseudonym for every phone in it, and its CheckoutRequestID as the payment's own facts have it."""
    if not isinstance(evidence, ev.Received | ev.ClaimedPaid | ev.CallbackFailed):
        return evidence
    stored = (e.checkout_request_id for e in known if isinstance(e, ev.Accepted | ev.Received | ev.CallbackFailed))
    named = _id_without_number(evidence.checkout_request_id, pseudonym, stored)
    if isinstance(evidence, ev.CallbackFailed):
        return replace(evidence, checkout_request_id=named)
    return replace(evidence, checkout_request_id=named, msisdn=pseudonym if evidence.msisdn else None)


def bare(evidence: ev.Evidence) -> ev.Evidence:
    """A fact without the fields that an erasure changes: two that are then equal say the same of an erased payment."""
    if isinstance(evidence, ev.Received | ev.ClaimedPaid):
        return replace(evidence, at_us=0, callback_id="", checkout_request_id="", msisdn=None)
    if isinstance(evidence, ev.CallbackFailed):
        return replace(evidence, at_us=0, callback_id="", checkout_request_id="")
    return replace(evidence, at_us=0)


def _id_without_number(said: str, pseudonym: str, stored: Iterable[str]) -> str:
    for each in stored:
        if pseudonym in each:
            shape = r"(?:\+?254|0)?[0-9]{9}".join(map(re.escape, each.split(pseudonym)))
            if re.fullmatch(shape, said):
                return each
    return re.sub(r"(?:254|0)?[0-9]{9}(?=[^0-9]*$)", pseudonym, said)
