"""Word of a request that moves money, to the payment whose money goes back: by Daraja's CommandID."""

from mpesa_cli.daraja import reversal
from mpesa_cli.daraja.results import Result
from mpesa_cli.daraja.transaction_status import TransactionStatus
from mpesa_cli.floor.records import dataclass
from mpesa_cli.initiator.api_request import ApiRequest, RequestResult, RequestState
from mpesa_cli.initiator.refunds import evidence as refunds
from mpesa_cli.initiator.settled import Settled
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.initiator.verdict import COMPLETED, is_over_without_money
from mpesa_cli.ledger.writes import Write

GIVEN_UP = "queue-timeout"
"""The code of the doubt where M-PESA's queue gave up. Whatever its body says, it proves nothing."""
TOLD = "status"
"""In place of a result code: Transaction Status told how it ended, and its own result did not yet."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of a POST that was not accepted, with its code and words."""

    state: RequestState
    code: str
    words: str


def follow_answer(tx: Write, request: ApiRequest, answered: Answered, at_us: int) -> None:
    """Append what came of the POST, in the transaction that notes it."""
    if request.command != reversal.COMMAND_ID:
        return
    if answered.state is RequestState.UNKNOWN:
        refunds.append_doubt(tx, request, answered.code, answered.words, at_us)
    else:
        refunds.append_refusal(tx, request, answered.code, answered.words, at_us)


def follow_timeout(tx: Write, request: ApiRequest, at_us: int) -> None:
    """Append that M-PESA's queue gave up on the request."""
    if request.command == reversal.COMMAND_ID:
        refunds.append_doubt(tx, request, GIVEN_UP, "M-PESA's queue gave up on it", at_us)


def follow_result(tx: Write, request: ApiRequest, said: Result, at_us: int) -> Settled | None:
    """Append what a result says of a command that moves money; None where it is the result of a question."""
    if request.command == reversal.COMMAND_ID:
        return refunds.result_of_reversal(tx, request, said, at_us)
    return None


def follow_status(tx: Write, conversation: str, status: TransactionStatus, at_us: int) -> None:
    """Append what a Transaction Status says of an earlier request, which was asked about by Daraja's id for it.

    Only a transaction that is finished, with the amount that was asked and from the shop that asked, says anything.
    """
    for request in Requests(tx).moving_money():
        if request.originator_conversation_id != conversation or request.command != reversal.COMMAND_ID:
            continue
        if is_over_without_money(status.status):
            refunds.append_refusal(tx, request, status.status.lower(), "M-PESA ended it without moving money", at_us)
            _settle(tx, request, status.status, {"no": 1}, at_us)
        elif status.status.casefold() == COMPLETED and _fits(request, status):
            refunds.append_reversed(tx, request, status.receipt, "status", at_us, status.finalised_us)
            _settle(tx, request, status.status, {"reversal_receipt": status.receipt}, at_us)


def _fits(request: ApiRequest, status: TransactionStatus) -> bool:
    shop = request.fields.get("ReceiverParty")
    return status.amount_cents == request.amount_cents and status.debit in {"", shop}


def _settle(tx: Write, request: ApiRequest, words: str, facts: dict[str, str | int | None], at_us: int) -> None:
    result = RequestResult(TOLD, words, facts)
    RequestWrites(tx).settle(request.request_id, RequestState.ANSWERED, result, at_us)
