"""Orders that the shop added before anybody was asked to pay them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import ShopOrder

if TYPE_CHECKING:
    from mpesa_cli.ledger.reads import Reads
    from mpesa_cli.ledger.writes import Write

_ORDER = "SELECT order_id, amount_cents, added_us FROM orders"


class Orders:
    """Questions about added orders."""

    def __init__(self, reads: "Reads") -> None:
        """``reads`` is the ledger, or an open write transaction."""
        self._reads = reads

    def order(self, order_id: str) -> ShopOrder | None:
        """The order as the shop added it, or None where it did not."""
        rows = self._reads.rows(f"{_ORDER} WHERE order_id=?", (order_id,))
        return _order_from(rows[0]) if rows else None

    def meant(self, keys: Sequence[str]) -> list[ShopOrder]:
        """Added orders nobody was asked for yet, whose id, reduced to letters and digits, is one of ``keys``."""
        marks = ",".join("?" * len(keys))
        rows = self._reads.rows(
            f"{_ORDER} o WHERE order_key IN ({marks}) "
            "AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id=o.order_id)",
            tuple(keys),
        )
        return [_order_from(row) for row in rows]


class OrderWrites(Orders):
    """Orders being added, in one transaction."""

    def __init__(self, tx: "Write") -> None:
        """``tx`` is an open write transaction."""
        super().__init__(tx)
        self._tx = tx

    def add(self, order: ShopOrder) -> None:
        """Remember an order. Its id must be new."""
        self._tx.execute(
            "INSERT INTO orders (order_id, order_key, amount_cents, added_us) VALUES (?,?,?,?)",
            (order.order_id, order_key(order.order_id), order.amount_cents, order.added_us),
        )
        facts: dict[str, object] = {"order_id": order.order_id, "amount_cents": order.amount_cents}
        self._tx.chain(ev.Record("order_added", order.added_us, facts, {}), "", None)


def _order_from(row: tuple[object, ...]) -> ShopOrder:
    order_id, amount_cents, added_us = row
    return ShopOrder(str(order_id), int(str(amount_cents)), int(str(added_us)))
