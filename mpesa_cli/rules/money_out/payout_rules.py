"""May money be sent for this reference now? Law 9, on what the ledger holds. Pure.

For one reference at most one payout may be in doubt or done. A further try is made only where it is proven that all
earlier ones moved nothing, and after a restore only where it is told what was paid meanwhile.
"""

import hashlib
import shlex

from mpesa_cli.floor.errors import Conflict, InvalidInput
from mpesa_cli.floor.moments import SECOND_US, day_and_time
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.payout_state import Payout, PayoutState
from mpesa_cli.rules.restored import InTheGap, still_missing
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.pseudonym import is_erased

REPEAT_WITHIN_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class PayoutWish:
    """Money that is to go to a phone (``254…``), how much and for what."""

    reference: str
    msisdn: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class PayoutAsking:
    """The person who wants it sent, and the reason. ``not_paid``: in a restored ledger that person knows that it was
    not paid since."""

    by: str
    reason: str
    not_paid: bool = False


@dataclass(frozen=True, slots=True)
class PayoutLeave:
    """Leave to send one request for a reference: the only thing by which a ledger records one.

    ``known`` is the payout whose earlier tries are proven to have moved nothing; None for a new reference.
    """

    wish: PayoutWish
    asking: PayoutAsking
    known: Payout | None = None

    @property
    def number(self) -> int:
        """The number of tries that M-PESA had and refused: the next one needs another id."""
        return self.known.view.taken if self.known else 0

    @property
    def basis(self) -> str:
        """The standing of the reference, as far as whoever agrees goes by it."""
        return f"{self.wish.amount_cents} {self.known.view.tries if self.known else 0}"


def reference_key(reference: str) -> str:
    """The form in which references are compared: case and blanks make no other one."""
    return " ".join(reference.split()).casefold()


def originator_id(ledger_id: str, reference: str, number: int) -> str:
    """The OriginatorConversationID of try ``number``, by which M-PESA knows a request again.

    It follows from the reference alone, so that a ledger that was put back from a copy asks with the ids that the lost
    part had used, and M-PESA pays none of them a second time.
    """
    named = f"{ledger_id} {reference_key(reference)} {number}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def decide_payout(
    known: Payout | None, wish: PayoutWish, asking: PayoutAsking, gap: InTheGap | None = None
) -> PayoutLeave:
    """Leave to send money for a reference. ``known`` is its payout, None where it has none.

    ``gap`` is what a restored ledger knows of the time that it lacks; None in one that never was. Raises Conflict; then
    nothing may be sent.
    """
    if is_erased(wish.msisdn):
        raise _refused("The phone number was erased, so nobody can be paid.", "", "number-erased")
    if known is not None and known.state is not PayoutState.FAILED:
        raise _taken(known, wish)
    if gap is not None:
        _check_gap(gap, wish.reference, answered=asking.not_paid)
    return PayoutLeave(wish, asking, known)


def decide_repeat(known: Payout | None, wish: PayoutWish, *, same_id: bool, now_us: int) -> Payout:
    """The payout whose request may be sent once more, the same in every field. Raises Conflict where none may.

    ``same_id``: M-PESA knows the request again by an id of ours. How long it does nobody has told: a day is believed
    (docs/reference/assumptions.md A140).
    """
    if known is None:
        raise _refused(f"Nothing was sent for {wish.reference} yet.", "", "nothing-in-doubt")
    age_us = now_us - known.view.asked_us
    fresh = 0 <= age_us < REPEAT_WITHIN_S * SECOND_US
    same = (known.view.msisdn, known.view.amount_cents) == (wish.msisdn, wish.amount_cents)
    if known.state is not PayoutState.UNKNOWN or not (same_id and fresh and same):
        raise _taken(known, wish)
    return known


def _taken(known: Payout, wish: PayoutWish) -> Conflict:
    view, look = known.view, f"See it: mpesa payouts {shlex.quote(known.reference)}"
    other = (view.msisdn, view.amount_cents) != (wish.msisdn, wish.amount_cents)
    terms = f" That was {format_cents(view.amount_cents)}, on other terms." if other else ""
    if known.state is PayoutState.PAID:
        when = day_and_time(view.paid_us or view.since_us)
        return _refused(f"{known.reference} was paid out already: {view.receipt}, {when}.{terms}", look, "paid-already")
    if known.state in {PayoutState.CREATED, PayoutState.SENT}:
        return _refused(f"The payout for {known.reference} is on its way already.{terms}", look, "payout-pending")
    return _refused(
        f"A payout for {known.reference} was sent, and nobody knows whether M-PESA carried it out.{terms}",
        f"Do not pay it another way yet. {look}. Then M-PESA's statement: mpesa reconcile --statement FILE",
        "payout-unknown",
    )


def _check_gap(gap: InTheGap, reference: str, *, answered: bool) -> None:
    """Raise Conflict where a reference may have been paid in a time that the ledger lacks."""
    if gap.free:
        row = gap.free[0]
        raise _refused(
            f"{reference} may be paid out already: {format_cents(-row.amount_cents)} went to this phone at "
            f"{day_and_time(row.completed_us)}, receipt {row.receipt}, in the time that this ledger lacks, and nobody "
            "has said what it was for.",
            f"If it was for something else: mpesa verify {row.receipt} --no-order --reason 'how you know'",
            "may-be-paid",
        )
    lacking = gap.open_gaps
    if lacking and not answered:
        raise _refused(
            f"This ledger was restored and knows nothing of what came after "
            f"{day_and_time(lacking[0].known_until_us)}: {reference} may have been paid out since.",
            "Read M-PESA's own record of that time first: mpesa reconcile --statement FILE (missing: "
            f"{still_missing(gap.restored.missing(gap.shortcodes))}). If you know that it was not paid, add to the "
            "same command: --not-paid-since-backup", "restored-gap",
        )


def check_reference(typed: str) -> str:
    """A reference as the shop writes it: 1 to 64 printable characters, blanks in one. Raises InvalidInput otherwise."""
    cleaned = " ".join(typed.split())
    if not 1 <= len(cleaned) <= 64 or not cleaned.isprintable() or not any(c.isalnum() for c in cleaned):
        raise InvalidInput(
            f"{typed[:80]!r} can't be what a payout is for.",
            hint="1 to 64 characters on one line, with a letter or digit. Right: --for wages-2026-11-asha. "
            "Nothing was sent.",
            code="invalid-reference",
        )
    return cleaned


def _refused(message: str, what_next: str, code: str) -> Conflict:
    return Conflict(message, hint=f"Nothing was sent. {what_next}".strip(), code=code)
