"""A person's acknowledgement of how a payment stands: it leaves the board until anything changes."""

from mpesa_cli.board.cards import Kind, kind_of, mark
from mpesa_cli.board.store import Boards
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev


def acknowledge(ledger: Ledger, payment_id: str, seen: str, *, by: str, at_us: int) -> bool:
    """Journal that ``by`` has seen a payment as ``seen`` (its mark, board/cards.py).

    False where it is another one by now, or waits for the customer: then nothing was written, and its card stays.
    """
    with ledger.write() as tx:
        payment = tx.payment(payment_id)
        if payment is None or mark(payment) != seen or kind_of(payment.status) is Kind.WAITING:
            return False
        if Boards(tx).acknowledged(payment_id) != seen:
            tx.chain(ev.Record("acknowledged", at_us, {"by": by, "mark": seen}, {}), payment_id, None)
        return True
