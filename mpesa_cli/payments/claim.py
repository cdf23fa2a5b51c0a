"""Attaching a proven receipt to the order that it pays, because a person says so."""

from mpesa_cli.floor.errors import Conflict, MpesaError, NotFound
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.by_hand import awaits_receipt
from mpesa_cli.rules.evidence import Received, Source
from mpesa_cli.rules.forgotten import can_be_of
from mpesa_cli.rules.payment import Attempt, AttemptRef, Intent, Payment
from mpesa_cli.rules.receipt_claim import Claim, Money, belongs_to_nobody
from mpesa_cli.rules.state import AttemptState
from mpesa_cli.rules.values.amount import format_cents

_BEFORE_PROMPT_S = 120  # clocks differ by less; money that came earlier was not for this prompt


@dataclass(frozen=True, slots=True)
class New:
    """The fields of a payment recorded for an order that the ledger did not know."""

    payment_id: str
    profile: str
    shortcode: str


@dataclass(frozen=True, slots=True)
class Approval:
    """The person who says that the receipt pays the order, and why. ``new`` is for an order not known yet."""

    by: str
    reason: str
    new: New | None = None


def attach(ledger: Ledger, claim: Claim, money: Money, approval: Approval, now_us: int) -> Payment:
    """Add the receipt to the order's evidence. Raises NotFound or Conflict; then nothing was written.

    Where an attempt is in doubt and the money fits it, it is that one's; else it counts as paid by hand. Everything is
    decided inside the transaction.
    """
    with ledger.write() as tx:
        if (payment := _order(tx, claim, money)) is None:
            return _attach_new(tx, claim, money, approval, now_us)
        _check_free(tx, claim, payment)
        missing_cents = payment.amount_cents - payment.received_cents
        known = _attempt_for(payment, money)
        # A prompt that is paid without a receipt lacks only the receipt's number.
        lacks_number = known is not None and known.state is AttemptState.PAID
        if missing_cents <= 0 and not lacks_number:
            raise _already_paid(payment)
        if money.amount_cents != missing_cents and not lacks_number:
            raise _refused(
                f"Order {payment.order_id} lacks {format_cents(missing_cents)}, and the receipt is over "
                f"{format_cents(money.amount_cents or 0)}.",
                payment,
                "attach-amount",
            )
        ref = known.ref if known else tx.add_received(payment.payment_id, money.payer, missing_cents, now_us)
        _note_attached(tx, claim.receipt, ref, approval, now_us)
        return tx.append(ref, _received(claim, money, now_us))


def _note_attached(tx: Write, receipt: str, attempt: AttemptRef, approval: Approval, at_us: int) -> None:
    """Write into the payment's story who said that this receipt pays this attempt, and on what proof."""
    facts = {"receipt": receipt, "attempt": attempt.number, "by": approval.by, "reason": approval.reason}
    tx.chain(ev.Record("receipt_attached", at_us, facts, {}), attempt.payment_id, None)


def _attach_new(tx: Write, claim: Claim, money: Money, approval: Approval, now_us: int) -> Payment:
    """Record an order that the ledger did not know, paid by this receipt."""
    if approval.new is None or not claim.order_id or not money.amount_cents:
        raise KeyError(claim.order_id)
    new = approval.new
    intent = Intent(new.payment_id, claim.order_id, new.profile, new.shortcode, money.amount_cents, money.payer,
                    claim.order_id, "", "")
    _check_unused(tx, claim)
    ref = tx.open_received(intent, now_us)
    _note_attached(tx, claim.receipt, ref, approval, now_us)
    return tx.append(ref, _received(claim, money, now_us))


def _received(claim: Claim, money: Money, now_us: int) -> Received:
    return Received(
        at_us=now_us,
        source=_source(money),
        receipt=claim.receipt,
        amount_cents=money.amount_cents,
        transacted_us=money.at_us,
        msisdn=money.payer or None,
    )


def check_attachable(ledger: Ledger, claim: Claim, money: Money) -> None:
    """Raise where a receipt may not be attached to the order: to ask a person only where it makes sense."""
    payment = _order(ledger, claim, money)
    if payment is not None:  # of an order that is not known, what was judged real is nobody's
        _check_free(ledger, claim, payment)


def _order(ledger: Ledger | Write, claim: Claim, money: Money) -> Payment | None:
    """The order's payment. None for an order that nobody was asked for here, where the person has named its amount,
    or the shop has added it: after a restore such an order may be paid all the same."""
    payment = ledger.payment_by_order(claim.order_id or "")
    added = Orders(ledger).order(claim.order_id or "")
    wanted_cents = added.amount_cents if added else claim.amount_cents
    if payment is None and (wanted_cents is None or wanted_cents != money.amount_cents):
        raise NotFound(
            f"No order {claim.order_id!r} in the ledger to attach the receipt to.",
            hint="Nothing was changed. Orders: mpesa history. For one that was lost with the ledger, name what it "
            "costs: mpesa verify RECEIPT --attach ORDER --amount KES",
        )
    return payment


def _check_free(ledger: Ledger | Write, claim: Claim, payment: Payment) -> None:
    _check_unused(ledger, claim)
    lacks_number = any(each.state is AttemptState.PAID and awaits_receipt(each) for each in payment.attempts)
    if payment.received_cents >= payment.amount_cents and not lacks_number:
        raise _already_paid(payment)


def _check_unused(ledger: Ledger | Write, claim: Claim) -> None:
    owner = ledger.receipt_owner(claim.receipt)
    other = ledger.payment(owner.payment_id) if owner else None
    if other is not None and not belongs_to_nobody(other, claim.receipt):
        raise _refused(f"{claim.receipt} already pays order {other.order_id}.", other, "receipt-used")


def _already_paid(payment: Payment) -> MpesaError:
    return _refused(f"Order {payment.order_id} is already paid.", payment, "already-paid")


def _attempt_for(payment: Payment, money: Money) -> Attempt | None:
    """The newest attempt in doubt, or without a receipt, that this money can belong to; or None."""
    fitting = [each for each in payment.attempts if _is_in_doubt(each) and _fits(each, money)]
    return fitting[-1] if fitting else None


def _is_in_doubt(attempt: Attempt) -> bool:
    return awaits_receipt(attempt) or (attempt.channel == "stk" and attempt.state is AttemptState.REVIEW)


def _fits(attempt: Attempt, money: Money) -> bool:
    asked_us = attempt.view.requested_us or attempt.created_us
    in_time = money.at_us is None or money.at_us >= asked_us - _BEFORE_PROMPT_S * SECOND_US
    return in_time and attempt.amount_cents == money.amount_cents and can_be_of(attempt.msisdn, money.payer or None)


def _source(money: Money) -> Source:
    return "person" if money.proof == "ledger" else money.proof


def _refused(message: str, payment: Payment, code: str) -> MpesaError:
    return Conflict(
        message, hint=f"Nothing was changed. See it: mpesa status {payment.order_id} --no-refresh", code=code
    )
