"""Money by hand that no order has, and the orders it may be for: shown until a person says whose it is."""

from typing import TYPE_CHECKING

from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.rules.by_hand import MayBe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.rules.payment import Payment


def claims_on(ledger: "Reads", payment: "Payment") -> tuple[MayBe, ...]:
    """The pairs that may belong together, of money by hand or of an order with an open prompt."""
    if payment.may_be_orders:
        receipt = payment.telling.view.receipt or ""
        return tuple(MayBe(receipt, order) for order in payment.may_be_orders)
    return tuple(MayBe(receipt, payment.order_id) for receipt in Claims(ledger).receipts_it_may_have(payment))


def all_claims(ledger: "Reads", open_payments: "Iterable[Payment]") -> tuple[MayBe, ...]:
    """The pairs for all open payments, and for all that are paid and have no receipt yet."""
    payments = (*open_payments, *ledger.paid_without_receipt())
    return tuple(dict.fromkeys(each for payment in payments for each in claims_on(ledger, payment)))
