"""Requests that move money and whose end is not told: noted, asked about, closed. The same for refunds and payouts.

None of them is sent again here.
"""

import contextlib
from collections.abc import Callable, Collection, Sequence

from mpesa_cli.daraja.transaction_status import COMMAND_ID as STATUS
from mpesa_cli.daraja.transaction_status import request_status_command
from mpesa_cli.floor.errors import MpesaError
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.wire.exchange import TOTAL_S
from mpesa_cli.initiator.api_request import ApiRequest, RequestState
from mpesa_cli.initiator.ask import InitiatorContext, ask, wait_for_result
from mpesa_cli.initiator.followers import FOLLOWERS
from mpesa_cli.initiator.lockout import would_lock
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger

SENDER_LOST_AFTER_S = int(TOTAL_S) + 15  # then its POST can't leave any more, and its answer would have been recorded
ASK_AFTER_S, ASK_AGAIN_AFTER_S = 60, 600
OVERDUE_S = 900  # results come within some minutes; then silence about money would say that all is well
PATIENCE_S = 5.0


def note_lost(ledger: Ledger, now_us: int) -> None:
    """Note of requests whose sender died before an answer that they are in doubt."""
    if not any(_is_lost(each, now_us) for each in Requests(ledger).moving_money()):
        return
    with ledger.write() as tx:
        for each in Requests(tx).moving_money():
            if _is_lost(each, now_us) and each.command in FOLLOWERS:
                RequestWrites(tx).note_answer(each.request_id, RequestState.UNKNOWN, "", "")
                words = "the program was stopped before the answer came"
                FOLLOWERS[each.command].append_doubt(tx, each, "sender-lost", words, now_us)


def close_told(ledger: Ledger, command: str, open_ids: Collection[str], now_us: int) -> None:
    """Close requests of which it is told how they ended by another way than their own result: those of this command
    that are not among ``open_ids``."""
    told = [r for r in Requests(ledger).moving_money() if r.command == command and r.request_id not in open_ids]
    if told:
        with ledger.write() as tx:
            for each in told:
                RequestWrites(tx).settle(each.request_id, RequestState.ANSWERED, None, now_us)


def ask_about(
    ledger: Ledger, request_ids: Sequence[str], context_of: Callable[[], InitiatorContext] | None, now_us: int
) -> None:
    """Ask M-PESA what became of these requests, where it has an id for them and was not asked just now.

    ``context_of`` makes what is needed to ask; None: nobody is asked. That it can't be asked is no error here.
    """
    waiting = _to_ask_about(ledger, request_ids, now_us) if context_of is not None else []
    if not waiting or context_of is None or would_lock(ledger, now_us):
        return
    with contextlib.suppress(MpesaError):  # the next run asks; meanwhile they are named as open
        _ask(context_of(), waiting)


def _is_lost(request: ApiRequest, now_us: int) -> bool:
    return request.state is RequestState.CREATED and now_us - request.created_us > SENDER_LOST_AFTER_S * SECOND_US


def _to_ask_about(ledger: Ledger, request_ids: Sequence[str], now_us: int) -> list[str]:
    """The conversations about which to ask."""
    found = []
    for request_id in request_ids:
        request = Requests(ledger).request(request_id)
        conversation = FOLLOWERS[request.command].conversation_of(request) if request is not None else ""
        if request is None or not conversation:
            continue
        asked = Requests(ledger).newest(STATUS, conversation)
        waited_us = now_us - (asked.created_us if asked else request.created_us)
        if waited_us >= (ASK_AGAIN_AFTER_S if asked else ASK_AFTER_S) * SECOND_US:
            found.append(conversation)
    return found


def _ask(context: InitiatorContext, waiting: Sequence[str]) -> None:
    shortcode = context.initiator.shortcode
    asked = [ask(context, request_status_command(each, shortcode)) for each in waiting]
    deadline_us = context.world.now_us() + int(PATIENCE_S * SECOND_US)
    for each in asked:
        left_s = (deadline_us - context.world.now_us()) / SECOND_US
        wait_for_result(context, each, max(0.0, left_s), lambda _left_s: None)
