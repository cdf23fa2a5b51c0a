"""Money by hand that no order has, and the orders that it may be of: told until somebody says whose it is."""

from typing import TYPE_CHECKING

from mpesa_cli.rules.by_hand import MayBe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mpesa_cli.ledger.ledger import LedgerReads
    from mpesa_cli.rules.payment import Payment


def claims_on(ledger: "LedgerReads", payment: "Payment") -> tuple[MayBe, ...]:
    """What may belong together, seen from either side: from money by hand, or from an order with an open prompt."""
    if payment.may_be_orders:
        receipt = payment.telling.view.receipt or ""
        return tuple(MayBe(receipt, order) for order in payment.may_be_orders)
    return tuple(MayBe(receipt, payment.order_id) for receipt in ledger.receipts_it_may_have(payment))


def all_claims(ledger: "LedgerReads", open_payments: "Iterable[Payment]") -> tuple[MayBe, ...]:
    """Those of payments that are open, and of all that are paid and have no receipt yet."""
    payments = (*open_payments, *ledger.paid_without_receipt())
    return tuple(dict.fromkeys(each for payment in payments for each in claims_on(ledger, payment)))
