"""Refunds in doubt, settled as far as that can be: by results that wait, by M-PESA itself, by its statement.

A reversal is never sent again here. What nothing tells stays in doubt until a person looks.
"""

import contextlib
from collections.abc import Callable, Sequence

from mpesa_cli.daraja.reversal import COMMAND_ID
from mpesa_cli.daraja.transaction_status import COMMAND_ID as STATUS
from mpesa_cli.daraja.transaction_status import request_status_command
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.wire.exchange import TOTAL_S
from mpesa_cli.initiator.api_request import ApiRequest, RequestState
from mpesa_cli.initiator.ask import InitiatorContext, ask, wait_for_result
from mpesa_cli.initiator.lockout import would_lock
from mpesa_cli.initiator.refunds.evidence import append_doubt
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.refunds import Refunds
from mpesa_cli.rules.money_out.refund_state import Refund, RefundState
from mpesa_cli.rules.payment import Payment

SENDER_LOST_AFTER_S = int(TOTAL_S) + 15  # then its POST can't leave any more, and its answer would have been recorded
ASK_AFTER_S, ASK_AGAIN_AFTER_S = 60, 600
OVERDUE_S = 900  # results come within some minutes; then silence about a refund would say that all is well
PATIENCE_S = 5.0


def settle_refunds(
    ledger: Ledger, now_us: int, context_of: Callable[[], InitiatorContext] | None = None
) -> list[tuple[Payment, Refund]]:
    """Settle what can be. Returns the refunds that are still open.

    ``context_of`` makes what is needed to ask M-PESA; None: nobody is asked. That it can't be asked is no error here.
    """
    apply_unread_results(ledger, "", now_us)
    _note_lost(ledger, now_us)
    _close_told(ledger, now_us)
    waiting = _to_ask_about(ledger, now_us) if context_of is not None else []
    if waiting and context_of is not None and not would_lock(ledger, now_us):
        with contextlib.suppress(MpesaError):  # the next run asks; meanwhile they are named as open
            _ask(context_of(), waiting)
    _note_overdue(ledger, now_us)
    return Refunds(ledger).open()


def _note_lost(ledger: Ledger, now_us: int) -> None:
    """Note of requests whose sender died before an answer that they are in doubt."""
    if not any(_is_lost(each, now_us) for each in Requests(ledger).moving_money()):
        return
    with ledger.write() as tx:
        for each in Requests(tx).moving_money():
            if _is_lost(each, now_us) and each.command == COMMAND_ID:
                RequestWrites(tx).note_answer(each.request_id, RequestState.UNKNOWN, "", "")
                append_doubt(tx, each, "sender-lost", "the program was stopped before the answer came", now_us)


def _is_lost(request: ApiRequest, now_us: int) -> bool:
    return request.state is RequestState.CREATED and now_us - request.created_us > SENDER_LOST_AFTER_S * SECOND_US


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


def _close_told(ledger: Ledger, now_us: int) -> None:
    """Close requests whose money is known to have gone back, or not, by another way than their own result."""
    open_ids = {refund.request_id for _, refund in Refunds(ledger).open()}
    told = [each for each in Requests(ledger).moving_money()
            if each.command == COMMAND_ID and each.request_id not in open_ids]
    if told:
        with ledger.write() as tx:
            for each in told:
                RequestWrites(tx).settle(each.request_id, RequestState.ANSWERED, None, now_us)


def _to_ask_about(ledger: Ledger, now_us: int) -> list[ApiRequest]:
    """Requests in doubt that Daraja gave an id, and about which nobody asked just now."""
    found = []
    for _, refund in Refunds(ledger).open():
        request = Requests(ledger).request(refund.request_id)
        if request is None or not request.originator_conversation_id:
            continue
        asked = Requests(ledger).newest(STATUS, request.originator_conversation_id)
        waited_us = now_us - (asked.created_us if asked else request.created_us)
        if waited_us >= (ASK_AGAIN_AFTER_S if asked else ASK_AFTER_S) * SECOND_US:
            found.append(request)
    return found


def _ask(context: InitiatorContext, waiting: Sequence[ApiRequest]) -> None:
    shortcode = context.initiator.shortcode
    asked = [ask(context, request_status_command(each.originator_conversation_id, shortcode)) for each in waiting]
    deadline_us = context.world.now_us() + int(PATIENCE_S * SECOND_US)
    for each in asked:
        left_s = (deadline_us - context.world.now_us()) / SECOND_US
        wait_for_result(context, each, max(0.0, left_s), lambda _left_s: None)
