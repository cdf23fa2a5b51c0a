"""Payouts in doubt, settled as far as that can be: by results that wait, by M-PESA's statement, by M-PESA itself.

Nothing is sent again here. What nothing tells stays in doubt until a person looks.
"""

from collections.abc import Callable

from mpesa_cli.daraja.b2c import COMMAND_ID
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.initiator.ask import InitiatorContext
from mpesa_cli.initiator.in_doubt import OVERDUE_S, ask_about, close_told, note_lost
from mpesa_cli.initiator.payouts.evidence import append_doubt, append_paid
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.payouts import Payouts
from mpesa_cli.rules.money_out.payout_rows import ROWS_BEFORE_S, ROWS_WITHIN_S, told_by_rows
from mpesa_cli.rules.money_out.payout_state import Payout, PayoutState
from mpesa_cli.rules.statement_row import StatementRow


def settle_payouts(
    ledger: Ledger, now_us: int, context_of: Callable[[], InitiatorContext] | None = None
) -> list[Payout]:
    """Settle what can be. Returns the payouts that are still open.

    ``context_of`` makes what is needed to ask M-PESA; None: nobody is asked. That it can't be asked is no error here.
    """
    apply_unread_results(ledger, "", now_us)
    note_lost(ledger, now_us)
    _take_rows(ledger, now_us)
    open_ids = [each.view.request_id for each in Payouts(ledger).open()]
    close_told(ledger, COMMAND_ID, open_ids, now_us)
    ask_about(ledger, open_ids, context_of, now_us)
    _note_overdue(ledger, now_us)
    return Payouts(ledger).open()


def _take_rows(ledger: Ledger, now_us: int) -> None:
    """Have rows of M-PESA's record settle the payouts that they can be of alone."""
    if not told_by_rows(_with_rows(Payouts(ledger))):
        return
    with ledger.write() as tx:
        for payout, row in told_by_rows(_with_rows(Payouts(tx))):
            request = Requests(tx).request(payout.view.request_id)
            if request is not None:
                append_paid(tx, request, row.receipt, "statement", now_us, row.completed_us)


def _with_rows(payouts: Payouts) -> list[tuple[Payout, list[StatementRow]]]:
    found = []
    for each in payouts.open():
        from_us = each.view.asked_us - ROWS_BEFORE_S * SECOND_US
        until_us = each.view.asked_us + ROWS_WITHIN_S * SECOND_US
        found.append((each, [] if each.view.receipt else payouts.free_rows(each, from_us, until_us)))
    return found


def _note_overdue(ledger: Ledger, now_us: int) -> None:
    """Note of payouts that M-PESA took, and whose result does not come, that they are in doubt."""
    if not any(_is_overdue(each, now_us) for each in Payouts(ledger).open()):
        return
    with ledger.write() as tx:
        for each in Payouts(tx).open():
            request = Requests(tx).request(each.view.request_id) if _is_overdue(each, now_us) else None
            if request is not None:
                append_doubt(tx, request, "no-result", "M-PESA took it, and no result has come", now_us)


def _is_overdue(payout: Payout, now_us: int) -> bool:
    return payout.state is PayoutState.SENT and now_us - payout.view.since_us >= OVERDUE_S * SECOND_US
