"""A person's word that received money pays no order of this ledger (rules/restored.py)."""

from mpesa_cli.floor.errors import Conflict, NotFound
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.restoring import RestoreWrites
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.rules.receipt_claim import belongs_to_nobody


def name_receipt(ledger: Ledger, receipt: str, *, by: str, reason: str, at_us: int) -> None:
    """Journal that a receipt pays no order here; decided inside the transaction.

    Raises NotFound where no record has it, Conflict where it pays an order or was named before.
    """
    with ledger.write() as tx:
        owner = tx.receipt_owner(receipt)
        payment = tx.payment(owner.payment_id) if owner else None
        if payment is not None and not belongs_to_nobody(payment, receipt):
            raise Conflict(
                f"{receipt} pays order {payment.order_id}.",
                hint=f"Nothing was changed. See it: mpesa status {payment.order_id} --no-refresh",
                code="receipt-used",
            )
        if payment is None and not StatementRows(tx).of(receipt):
            raise NotFound(
                f"No payment and no statement that was read has the receipt {receipt}.",
                hint=f"Nothing was changed. Look at it first: mpesa verify {receipt}",
            )
        if not RestoreWrites(tx).name_receipt(receipt, by=by, reason=reason, at_us=at_us):
            raise Conflict(
                f"{receipt} was named before: it pays no order here.",
                hint="Nothing was changed, and it stops no order.",
                code="receipt-named",
            )
