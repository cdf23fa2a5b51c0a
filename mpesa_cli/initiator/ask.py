"""A question to an asynchronous API: intent, one POST, its answer; and later the result, whoever received it.

The token of the addresses is committed, as a hash, before anything is sent, so that a result finds its request even
where the answer to the POST was lost, and a forged one finds none.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from mpesa_cli.daraja.initiator import Ack, Command, Initiator, read_ack, request_body
from mpesa_cli.floor.errors import MpesaError, NotDelivered, OutcomeUnknown, RequestRefused, Temporary
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import OPEN, ApiRequest, RequestState
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger

LOOK_EVERY_S = 0.25
POSTS_MAX = 3


class Posts(Protocol):
    """The part of Daraja's client that asking needs."""

    def post(self, path: str, body: Mapping[str, str]) -> tuple[int, bytes]:
        """One POST; its status and body. Raises CredentialsRefused, NotDelivered, Temporary."""


@dataclass(frozen=True, slots=True)
class InitiatorContext:
    """The ledger, client, clock and ids for asking. ``deliver`` brings in the embedded simulator's callbacks."""

    ledger: Ledger
    daraja: Posts
    initiator: Initiator
    world: World
    deliver: Callable[[], object]


def ask(context: InitiatorContext, command: Command) -> ApiRequest:
    """Send one request. Returns it as ``accepted``, or ``unknown`` where its answer was lost and that does no harm.

    Only what provably did not arrive is sent again. Raises SettingsError before anything is stored, and
    CredentialsRefused, RequestRefused, Temporary, or OutcomeUnknown where the command may not be repeated.
    """
    token = context.world.token_hex(16)
    body = request_body(command, context.initiator, token)
    request = ApiRequest(
        "REQ-" + context.world.token_hex(8).upper(), command.command_id, command.subject, context.world.now_us(),
        RequestState.CREATED,
    )
    with context.ledger.write() as tx:
        RequestWrites(tx).open(request, secret_hash(token))
    try:
        ack = _posted(context, command, body)
    except MpesaError as error:
        _note(context.ledger, request, _state_after(error))
        if _may_come_all_the_same(error):
            if not command.repeatable:
                raise _in_doubt(error) from None
            return _found(context.ledger, request)
        raise
    _note(context.ledger, request, RequestState.ACCEPTED, ack)
    return _found(context.ledger, request)


def wait_for_result(
    context: InitiatorContext, request: ApiRequest, timeout_s: float, look: Callable[[float], object]
) -> ApiRequest:
    """Watch a request until it has its result or ``timeout_s`` is over; ``look`` is told the seconds left."""
    deadline_us = context.world.now_us() + int(timeout_s * SECOND_US)
    while True:
        context.deliver()
        apply_unread_results(context.ledger, request.request_id, context.world.now_us())
        request = _found(context.ledger, request)
        left_s = (deadline_us - context.world.now_us()) / SECOND_US
        if request.state not in OPEN or left_s <= 0:
            return request
        look(left_s)
        context.world.sleep(min(LOOK_EVERY_S, left_s))


def _posted(context: InitiatorContext, command: Command, body: Mapping[str, str]) -> Ack:
    for post in range(1, POSTS_MAX + 1):
        try:
            status, answer = context.daraja.post(command.path, body)
        except NotDelivered:
            if post == POSTS_MAX:
                raise
            context.world.sleep(2.0 ** (post - 1))
        else:
            return read_ack(status, answer, repeatable=command.repeatable)
    raise AssertionError("unreachable")


def _state_after(error: MpesaError) -> RequestState:
    if _may_come_all_the_same(error):
        return RequestState.UNKNOWN
    return RequestState.REFUSED if isinstance(error, RequestRefused) else RequestState.NOT_SENT


def _may_come_all_the_same(error: MpesaError) -> bool:
    """Whether Daraja may have taken the request although no whole answer came."""
    return isinstance(error, OutcomeUnknown) or (isinstance(error, Temporary) and error.code == "no-answer")


def _in_doubt(error: MpesaError) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"It is not known whether Daraja took the request. {error.message}",
        hint="Money may move. It is not sent again; look at the statement first: mpesa reconcile --help",
    )


def _note(ledger: Ledger, request: ApiRequest, state: RequestState, ack: Ack | None = None) -> None:
    known = ack or Ack("", "")
    with ledger.write() as tx:
        RequestWrites(tx).note_answer(
            request.request_id, state, known.conversation_id, known.originator_conversation_id
        )


def _found(ledger: Ledger, request: ApiRequest) -> ApiRequest:
    return Requests(ledger).request(request.request_id) or request
