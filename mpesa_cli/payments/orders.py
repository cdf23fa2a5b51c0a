"""Orders that are known before they are paid: added once, and later asked for by their amount."""

from typing import Any

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.moments import rfc3339
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.orders import Orders, OrderWrites
from mpesa_cli.payments.wait import look
from mpesa_cli.rules.payment import ShopOrder
from mpesa_cli.rules.payment_document import payment_document
from mpesa_cli.rules.values.amount import cents_to_json, format_cents


def add_order(ledger: Ledger, order: ShopOrder) -> tuple[ShopOrder, bool]:
    """Store an order. Returns it as the ledger has it, and whether it is new.

    The same order again changes nothing. Raises Conflict ``order-differs`` where it is known, as an order or
    as a payment, with another amount; LedgerBusy, LedgerUnusable.
    """
    with ledger.write() as tx:
        known = Orders(tx).order(order.order_id)
        payment = tx.payment_by_order(order.order_id)
        amount_cents = known.amount_cents if known else payment.amount_cents if payment else order.amount_cents
        if amount_cents != order.amount_cents:
            error = Conflict(
                f"Order {order.order_id} is known for {format_cents(amount_cents)}, "
                f"not {format_cents(order.amount_cents)}.",
                hint=f"Nothing was changed. An order keeps its amount: mpesa status {order.order_id}",
                code="order-differs",
            )
            error.money_moved = "yes" if payment and payment.received_cents else "no"
            raise error
        if known is not None:
            return known, False
        OrderWrites(tx).add(order)
        return order, True


def order_document(ledger: Ledger, found: ShopOrder, now_us: int) -> dict[str, Any]:
    """The order in JSON: ``not_asked`` as long as there is no payment for it."""
    payment = ledger.payment_by_order(found.order_id)
    if payment is not None:
        payment = look(ledger, payment.payment_id, now_us)
    return {
        "order_id": found.order_id,
        "amount": cents_to_json(found.amount_cents),
        "status": payment.status.value if payment else "not_asked",
        "added_at": rfc3339(found.added_us),
        "payment": payment_document(payment, now_us) if payment else None,
    }
