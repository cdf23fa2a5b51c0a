"""A receipt: the facts that a shop confirms to its customer, the same in every face. Pure.

Only a payment that is paid, with every M-PESA receipt number known, has one.
"""

from typing import TYPE_CHECKING, Literal

from mpesa_cli.floor.errors import Conflict, MoneyMoved
from mpesa_cli.floor.records import dataclass
from mpesa_cli.rules.money_out.refund_state import is_open
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.state import AttemptState, PaymentStatus
from mpesa_cli.rules.values.amount import format_cents
from mpesa_cli.rules.values.msisdn import mask_msisdn

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop that gives the receipt. ``number`` is the one that customers pay to; ``shortcodes`` are all its own."""

    name: str
    kind: Literal["paybill", "till"]
    number: str
    shortcodes: frozenset[str]

    @classmethod
    def of(cls, profile: "Profile") -> "Shop":
        """The shop of a profile."""
        own = frozenset({profile.shortcode, profile.party_b})
        return cls(profile.shop_name, profile.kind, profile.party_b, own)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt.

    ``receipts`` are the M-PESA receipt numbers, oldest first; ``amount_cents`` is all that came, and
    ``owed_cents`` what of it is to be given back, ``returned_cents`` what M-PESA gave back already,
    ``going_back_cents`` what was asked to go back and may have gone. ``payer``
    is masked, and empty where M-PESA hid the number. ``order_id`` is the shop's own, empty where the customer
    paid by hand without one.
    """

    shop_name: str
    kind: Literal["paybill", "till"]
    number: str
    receipts: tuple[str, ...]
    amount_cents: int
    owed_cents: int
    payer: str
    account_reference: str
    order_id: str
    payment_id: str
    description: str
    paid_us: int
    environment: str
    copy: bool = False
    returned_cents: int = 0
    going_back_cents: int = 0

    @property
    def code(self) -> str:
        """The text in the QR code: the M-PESA receipt number, several with spaces between them."""
        return " ".join(self.receipts)


def receipt_of(payment: Payment, shop: Shop, *, copy: bool = False) -> Receipt:
    """The receipt of a payment. Raises Conflict, naming the state and the next command, where it has none."""
    if payment.status not in {PaymentStatus.PAID, PaymentStatus.OVERPAID, PaymentStatus.REFUNDED}:
        raise _not_paid(payment)
    paying = [a for a in payment.attempts if a.state is AttemptState.PAID]
    if not all(a.view.receipts for a in paying):
        raise _no_number(payment)
    by_time = sorted(paying, key=lambda a: (a.view.paid_us or 0, a.ref.number))
    newest = by_time[-1]
    own = payment.shortcode in shop.shortcodes
    payer = newest.msisdn
    return Receipt(
        shop_name=shop.name,
        kind=shop.kind,
        number=shop.number if own else payment.shortcode,
        receipts=tuple(receipt for a in by_time for receipt in sorted(a.view.receipts)),
        amount_cents=payment.received_cents + payment.reversed_cents,
        owed_cents=max(0, payment.received_cents - payment.amount_cents),
        returned_cents=payment.reversed_cents,
        going_back_cents=_going_back_cents(payment),
        payer=mask_msisdn(payer) if payer else "",
        account_reference=payment.account_reference,
        order_id="" if _is_made_up(payment) else payment.order_id,
        payment_id=payment.payment_id,
        description=payment.description,
        paid_us=newest.view.paid_us or newest.view.settled_us or payment.created_us,
        environment=payment.environment,
        copy=copy,
    )


def _going_back_cents(payment: Payment) -> int:
    """The cents of receipts whose refund is open."""
    asked = {r.receipt: r.amount_cents for a in payment.attempts for r in a.view.refunds if is_open(r)}
    return sum(asked.values())


def _is_made_up(payment: Payment) -> bool:
    """Whether the order id is ours, for money that came by hand without one (payments/c2b.py)."""
    first = payment.attempts[0]
    return first.channel == "c2b" and payment.order_id == f"C2B-{first.view.receipt}"


def _not_paid(payment: Payment) -> Conflict:
    order = payment.order_id
    came, asked = format_cents(payment.received_cents), format_cents(payment.amount_cents)
    look = f"Look again: mpesa status {order}"
    words: dict[PaymentStatus, tuple[str, str, MoneyMoved]] = {
        PaymentStatus.PENDING: ("is not paid yet, it is pending", look, "unknown"),
        PaymentStatus.UNKNOWN: ("may have been paid or not, it is unknown", look, "unknown"),
        PaymentStatus.FAILED: ("was not paid, it is failed", f"Ask again: mpesa retry {order}", "no"),
        PaymentStatus.PARTIAL: (
            f"is partly paid: {came} of {asked} came", f"See what came: mpesa status {order} --json", "yes",
        ),
        PaymentStatus.REVIEW: (
            "is for review: what came does not fit what was asked",
            f"Look at the statement, then decide: mpesa resolve {order} paid --reason WHY", "unknown",
        ),
    }
    what, then, moved = words[payment.status]
    refused = Conflict(f"There is no receipt: order {order} {what}.", hint=then, code="not-paid")
    refused.money_moved = moved
    return refused


def _no_number(payment: Payment) -> Conflict:
    refused = Conflict(
        f"There is no receipt yet: Daraja says that order {payment.order_id} is paid (unconfirmed), but the "
        "M-PESA receipt number has not come.",
        hint="Compare the number in the customer's M-PESA message with the shop's statement. "
        f"Look again: mpesa status {payment.order_id}",
        code="receipt-unconfirmed",
    )
    refused.money_moved = "yes"
    return refused
