"""Refunds in doubt, settled as far as that can be: by results that wait, by M-PESA itself, by its statement.

A reversal is never sent again here. What nothing tells stays in doubt until a person looks.
"""

from collections.abc import Callable

from mpesa_cli.daraja.reversal import COMMAND_ID
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.initiator.ask import InitiatorContext
from mpesa_cli.initiator.in_doubt import OVERDUE_S, ask_about, close_told, note_lost
from mpesa_cli.initiator.refunds.evidence import append_doubt
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.refunds import Refunds
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState
from mpesa_cli.rules.payment import Payment


def settle_refunds(
    ledger: Ledger, now_us: int, context_of: Callable[[], InitiatorContext] | None = None
) -> list[tuple[Payment, Refund]]:
    """Settle what can be. Returns the refunds that are still open.

    ``context_of`` makes what is needed to ask M-PESA; None: nobody is asked. That it can't be asked is no error here.
    """
    apply_unread_results(ledger, "", now_us)
    note_lost(ledger, now_us)
    open_ids = [refund.request_id for _, refund in Refunds(ledger).open()]
    close_told(ledger, COMMAND_ID, open_ids, now_us)
    ask_about(ledger, open_ids, context_of, now_us)
    _note_overdue(ledger, now_us)
    return Refunds(ledger).open()


def _note_overdue(ledger: Ledger, now_us: int) -> None:
    """Note of refunds that M-PESA took, and whose result does not come, that they are in doubt."""
    if not any(_is_overdue(refund, now_us) for _, refund in Refunds(ledger).open()):
        return
    with ledger.write() as tx:
        for _, refund in Refunds(tx).open():
            request = Requests(tx).request(refund.request_id) if _is_overdue(refund, now_us) else None
            if request is not None:
                append_doubt(tx, request, "no-result", "M-PESA took it, and no result has come", now_us)


def _is_overdue(refund: Refund, now_us: int) -> bool:
    return refund.state is RefundState.PENDING and now_us - refund.asked_us >= OVERDUE_S * SECOND_US
