"""Results of asynchronous requests applied: a result, or the notice that Daraja gave up on the request."""

from mpesa_cli.daraja.questions import account_balance
from mpesa_cli.daraja.results import Result, read_result
from mpesa_cli.daraja.transaction_status import COMMAND_ID, read_status
from mpesa_cli.floor.wire.strict_json import Unreadable
from mpesa_cli.initiator.api_request import OPEN, ApiRequest, RequestResult, RequestState
from mpesa_cli.initiator.followers import TOLD, follow_result, follow_status, follow_timeout
from mpesa_cli.initiator.settled import Settled
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import ResultBody
from mpesa_cli.ledger.writes import Write
from mpesa_cli.payments.each_alone import apply_each
from mpesa_cli.payments.holding import hold_body

_NO_REQUEST = Unreadable("no-request", "a result for no request of ours")


def apply_unread_results(ledger: Ledger, request_id: str, now_us: int) -> int:
    """Apply every body that was stored and not read, of one request or, for ``""``, of all. Returns their number."""
    made = apply_each(
        ledger, "result", lambda reads: Requests(reads).unread_results(request_id),
        lambda tx, raw: apply_result_in(tx, raw, now_us),
    )
    return len(made)


def apply_result_in(tx: Write, raw: ResultBody, now_us: int) -> str:
    """Apply one body inside an open transaction. Returns its verdict, which is stored with it."""
    request = Requests(tx).request(raw.request_id)
    said = _NO_REQUEST if request is None else _apply(tx, request, raw, now_us)
    if isinstance(said, Unreadable):
        hold_body(tx, raw, "result", said.reason, said.words)
        return f"unreadable: {said.reason}"
    tx.mark_callback(raw.callback_id, said)
    return said


def _apply(tx: Write, request: ApiRequest, raw: ResultBody, now_us: int) -> str | Unreadable:
    if raw.channel == "timeout":
        # Whatever it holds, it says that no answer was made; one that comes after all is believed.
        return _given_up(tx, request, now_us)
    said = read_result(raw.body)
    if isinstance(said, Unreadable):
        return said
    if _is_anothers(request, said):
        return Unreadable("another-conversation", "a result for another conversation than was begun")
    if not said.final:
        # The sandbox's official samples have this type only for "more will follow"; with a code other than 0 it is how
        # a queue that gave up says so (docs/reference/assumptions.md A63).
        return _given_up(tx, request, now_us) if said.result_code != "0" else "repeat"
    settled = follow_result(tx, request, said, now_us)
    state, result = settled or _settled(tx, request, said, now_us)
    if _has_no_result_of_its_own(request):
        RequestWrites(tx).settle(request.request_id, state, result, now_us)
        return "applied"
    if request.result == result:
        return "repeat"
    RequestWrites(tx).settle(request.request_id, RequestState.REVIEW, request.result, now_us)
    return "applied: it contradicts what came before"


def _has_no_result_of_its_own(request: ApiRequest) -> bool:
    """Whether a result settles it: it is open, or another way than its own result told how it ended."""
    told_otherwise = request.state is RequestState.ANSWERED and (request.result is None or request.result.code == TOLD)
    return request.state in OPEN or request.state is RequestState.TIMED_OUT or told_otherwise


def _given_up(tx: Write, request: ApiRequest, now_us: int) -> str:
    if request.state not in OPEN:
        return "repeat"
    RequestWrites(tx).settle(request.request_id, RequestState.TIMED_OUT, None, now_us)
    follow_timeout(tx, request, now_us)
    return "applied"


def _is_anothers(request: ApiRequest, said: Result) -> bool:
    """Whether a result names another request's conversation; a missing name contradicts nothing."""
    pairs = (
        (request.conversation_id, said.conversation_id),
        (request.originator_conversation_id, said.originator_conversation_id),
    )
    both = [(known, told) for known, told in pairs if known and told]
    return bool(both) and all(known != told for known, told in both)


def _settled(tx: Write, request: ApiRequest, said: Result, now_us: int) -> Settled:
    """The end of a question. A success about something else than was asked is for a person to look at."""
    bare = RequestResult(said.result_code, said.result_desc)
    if said.result_code != "0":
        return RequestState.ANSWERED, bare
    if request.command == account_balance.COMMAND_ID:
        return _balances(said, bare)
    status = read_status(said) if request.command == COMMAND_ID else None
    if status is None:
        return RequestState.REVIEW, bare
    state = RequestState.ANSWERED
    if status.conversation == request.subject:
        follow_status(tx, request.subject, status, now_us)
    elif status.receipt != request.subject:
        state = RequestState.REVIEW
    return state, RequestResult(said.result_code, said.result_desc, {
        "receipt": status.receipt,
        "status": status.status,
        "amount_cents": status.amount_cents,
        "debit": _shown(status.debit),
        "credit": _shown(status.credit),
        "finalised_us": status.finalised_us,
    })


def _balances(said: Result, bare: RequestResult) -> Settled:
    """The end of a question for the balance. Its result names no shortcode: its address is the only proof of whose."""
    found = account_balance.read_balances(said)
    if found is None:
        return RequestState.REVIEW, bare
    text = "&".join(account.line() for account in found.accounts)
    return RequestState.ANSWERED, RequestResult(
        said.result_code, said.result_desc, {"accounts": text, "at_us": found.at_us}
    )


def _shown(party: str) -> str:
    """A phone number masked, as a callback of C2B would have it; a shortcode as it is."""
    if len(party) != 12 or not party.isdecimal():
        return party
    return f"{party[:4]}*****{party[-4:]}"
