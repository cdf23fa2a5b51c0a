"""Bodies on the addresses of an asynchronous request: stored, answered, and only then read (daraja.md 6.4)."""

from mpesa_cli.daraja.results import without_credential
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.listener.events import Event, OnEvent
from mpesa_cli.listener.intake.deliveries import ACCEPTED, TOO_MANY, UNKNOWN, ResultDelivery, Verdict

_NAMES = {"TransactionStatusQuery": "Transaction Status"}


def receive_result(
    ledger: Ledger, delivery: ResultDelivery, world: World, on_event: OnEvent
) -> Verdict:
    """The answer to one body, once it is committed; then the body is applied. Raises where it could not be committed.

    Where applying it fails, it stays unread: whoever waits for it, or asks next, applies it.
    """
    request_id = Requests(ledger).by_token(delivery.token_hash)
    if request_id is None:
        return UNKNOWN
    try:
        with ledger.write() as tx:
            callback_id = RequestWrites(tx).store_result(
                request_id, delivery.channel, without_credential(delivery.body), delivery.peer, world.now_us()
            )
    except Conflict:  # the request has had its share of the disk
        return TOO_MANY
    if callback_id is None:
        on_event(Event("repeat", world.now_us(), delivery.peer))
        return ACCEPTED
    try:
        apply_unread_results(ledger, request_id, world.now_us())
        request = Requests(ledger).request(request_id)
    except Exception as error:  # noqa: BLE001 - the body is safe on disk; the thread must live on
        what = type(error).__name__
        on_event(Event("unsettled", world.now_us(), delivery.peer, callback_id=callback_id, detail=what))
        return ACCEPTED
    if request is not None:
        words = f"{_NAMES.get(request.command, request.command)} of {request.subject}: {request.state.value}"
        on_event(Event("result", world.now_us(), delivery.peer, callback_id=callback_id, detail=words))
    return ACCEPTED
