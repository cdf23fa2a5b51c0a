"""A request to an asynchronous API: intent, one POST, its answer; and later the result, whoever received it.

The token of the addresses is committed, as a hash, before anything is sent, so that a result finds its request even
where the answer to the POST was lost, and a forged one finds none.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Protocol

from mpesa_cli.daraja.initiator import Ack, Again, Command, Initiator, read_ack, request_body
from mpesa_cli.floor.errors import MpesaError, NotDelivered, OutcomeUnknown, RequestRefused, Temporary
from mpesa_cli.floor.gate import Deadline
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.floor.wire.addresses import secret_hash
from mpesa_cli.floor.world import World
from mpesa_cli.initiator.api_request import OPEN, ApiRequest, RequestState
from mpesa_cli.initiator.followers import Answered, follow_answer
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.payment import AttemptRef

LOOK_EVERY_S = 0.25
POSTS_MAX = 3


class Posts(Protocol):
    """The part of Daraja's client that asking needs."""

    def ready(self, by: Deadline | None = None) -> None:
        """Have a token at hand. Raises CredentialsRefused or NotDelivered."""

    def post(self, path: str, body: Mapping[str, str], by: Deadline | None = None) -> tuple[int, bytes]:
        """One POST, before ``by`` or never; its status and body. Raises CredentialsRefused, NotDelivered, Temporary."""


@dataclass(frozen=True, slots=True)
class InitiatorContext:
    """The ledger, client, clock and ids for asking. ``deliver`` brings in the embedded simulator's callbacks.

    ``hold`` keeps Ctrl-C back while a POST that moves money is out, until its answer is recorded.
    """

    ledger: Ledger
    daraja: Posts
    initiator: Initiator
    world: World
    deliver: Callable[[], object]
    hold: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request whose intent is on disk: the only thing that may be sent. ``by`` is when its POST must have left."""

    request: ApiRequest
    body: Mapping[str, str]
    by: Deadline | None


def ask(context: InitiatorContext, command: Command) -> ApiRequest:
    """Send one question. Returns it as ``accepted``, or ``unknown`` where its answer was lost.

    Raises SettingsError before anything is stored, and CredentialsRefused, RequestRefused, Temporary.
    """
    token = context.world.token_hex(16)
    body = request_body(command, context.initiator, token)
    with context.ledger.write() as tx:
        recorded = record(context, tx, command, body, token)
    return send(context, command, recorded)


def record(
    context: InitiatorContext, tx: Write, command: Command, body: Mapping[str, str], token: str,
    *, about: AttemptRef | None = None, by: Deadline | None = None, request_id: str = "",
) -> Recorded:
    """Record what is about to be asked, in the transaction that decides that it may be. ``body`` is made of ``token``.

    A command that moves money needs ``by``, which began before this transaction: a process that was frozen between
    the two sends nothing when it wakes, when somebody else may have been told that nothing was sent.
    """
    request = ApiRequest(
        request_id or new_request_id(context.world), command.command_id, command.subject, context.world.now_us(),
        RequestState.CREATED, again=command.again, fields=command.fields if command.again is not Again.FREE else {},
        amount_cents=command.amount_cents, about=about,
    )
    RequestWrites(tx).open(request, secret_hash(token))
    return Recorded(request, body, by)


def new_request_id(world: World) -> str:
    """A name for a request, or for what may become one."""
    return "REQ-" + world.token_hex(8).upper()


def send(context: InitiatorContext, command: Command, recorded: Recorded) -> ApiRequest:
    """Send a recorded request, and record what came of it. In doubt only what is free or carries its own id again.

    Returns it as ``accepted`` or ``unknown``. Raises CredentialsRefused, RequestRefused, Temporary.
    """
    request = recorded.request
    with nullcontext() if command.again is Again.FREE else context.hold():
        try:
            ack = _posted(context, command, recorded)
        except MpesaError as error:
            state = _state_after(error)
            _note(context, request, state, Ack("", ""), error)
            if state is not RequestState.UNKNOWN:
                error.money_moved = "no"  # proven: it did not arrive, or M-PESA did not take it
                raise
        else:
            _note(context, request, RequestState.ACCEPTED, ack)
    return _found(context.ledger, request)


def send_again(context: InitiatorContext, command: Command, recorded: Recorded) -> ApiRequest:
    """Send a request that is in doubt once more, for which M-PESA has an id of ours. Returns it as it stands then.

    Nothing but a yes takes the doubt away: that this POST did not arrive says nothing of the first one.
    """
    request = recorded.request
    with context.hold(), suppress(MpesaError):
        _note(context, request, RequestState.ACCEPTED, _posted(context, command, recorded))
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


def _posted(context: InitiatorContext, command: Command, recorded: Recorded) -> Ack:
    """The answer to the POST, or to a repeat of it. Once in doubt, nothing but a yes takes the doubt away."""
    doubt: MpesaError | None = None
    for post in range(1, POSTS_MAX + 1):
        try:
            status, answer = context.daraja.post(command.path, recorded.body, recorded.by)
            return read_ack(status, answer, command)
        except MpesaError as error:
            doubt = error if _may_come_all_the_same(error) else doubt
            repeats = isinstance(error, NotDelivered) or (command.again is Again.SAME_ID and doubt is error)
            if post == POSTS_MAX or not repeats:
                if doubt is not None:
                    raise doubt from None
                raise
        context.world.sleep(2.0 ** (post - 1))
    raise AssertionError("unreachable")


def _state_after(error: MpesaError) -> RequestState:
    if _may_come_all_the_same(error):
        return RequestState.UNKNOWN
    return RequestState.REFUSED if isinstance(error, RequestRefused) else RequestState.NOT_SENT


def _may_come_all_the_same(error: MpesaError) -> bool:
    """Whether Daraja may have taken the request although no whole answer came."""
    return isinstance(error, OutcomeUnknown) or (isinstance(error, Temporary) and error.code == "no-answer")


def _note(
    context: InitiatorContext, request: ApiRequest, state: RequestState, ack: Ack, error: MpesaError | None = None
) -> None:
    with context.ledger.write() as tx:
        RequestWrites(tx).note_answer(
            request.request_id, state, ack.conversation_id, ack.originator_conversation_id
        )
        if request.again is not Again.FREE:
            answered = Answered(state, error.code, error.message) if error is not None else Answered(state)
            follow_answer(tx, request, answered, context.world.now_us())


def _found(ledger: Ledger, request: ApiRequest) -> ApiRequest:
    return Requests(ledger).request(request.request_id) or request
