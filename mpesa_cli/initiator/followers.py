"""Word of a request that moves money, to what it moves: a payment's refund, or a payout. By Daraja's CommandID."""

from typing import Protocol

from mpesa_cli.daraja import b2c, reversal
from mpesa_cli.daraja.results import Result
from mpesa_cli.daraja.transaction_status import TransactionStatus
from mpesa_cli.floor.records import dataclass
from mpesa_cli.initiator.api_request import ApiRequest, RequestResult, RequestState
from mpesa_cli.initiator.payouts import evidence as payouts
from mpesa_cli.initiator.refunds import evidence as refunds
from mpesa_cli.initiator.settled import Facts, Settled
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.ledger.writes import Write

GIVEN_UP = "queue-timeout"
"""The code of the doubt where M-PESA's queue gave up. Whatever its body says, it proves nothing."""
TOLD = "status"
"""In place of a result code: Transaction Status told how it ended, and its own result did not yet."""


class Follower(Protocol):
    """The keeper of facts about the money that a command moves."""

    def append_taken(self, tx: Write, request: ApiRequest, at_us: int, /) -> None:
        """Append that M-PESA has the request."""

    def append_refusal(self, tx: Write, request: ApiRequest, code: str, words: str, at_us: int, /) -> None:
        """Append that it moved nothing."""

    def append_doubt(self, tx: Write, request: ApiRequest, code: str, words: str, at_us: int, /) -> None:
        """Append that nobody knows what became of it."""

    def result_of(self, tx: Write, request: ApiRequest, said: Result, at_us: int, /) -> Settled:
        """Append what its result says; how the request ended."""

    def status_of(self, tx: Write, request: ApiRequest, status: TransactionStatus, at_us: int, /) -> Facts | None:
        """Append what a Transaction Status says; the facts that settle the request, None where it tells nothing."""

    def conversation_of(self, request: ApiRequest, /) -> str:
        """The id by which M-PESA can be asked about the request; empty where there is none."""


FOLLOWERS: dict[str, Follower] = {reversal.COMMAND_ID: refunds, b2c.COMMAND_ID: payouts}


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of a POST, with the code and words of one that was not accepted."""

    state: RequestState
    code: str = ""
    words: str = ""


def follow_answer(tx: Write, request: ApiRequest, answered: Answered, at_us: int) -> None:
    """Append what came of the POST, in the transaction that notes it."""
    follower = FOLLOWERS.get(request.command)
    if follower is None:
        return
    if answered.state is RequestState.ACCEPTED:
        follower.append_taken(tx, request, at_us)
    elif answered.state is RequestState.UNKNOWN:
        follower.append_doubt(tx, request, answered.code, answered.words, at_us)
    else:
        follower.append_refusal(tx, request, answered.code, answered.words, at_us)


def follow_timeout(tx: Write, request: ApiRequest, at_us: int) -> None:
    """Append that M-PESA's queue gave up on the request."""
    if (follower := FOLLOWERS.get(request.command)) is not None:
        follower.append_doubt(tx, request, GIVEN_UP, "M-PESA's queue gave up on it", at_us)


def follow_result(tx: Write, request: ApiRequest, said: Result, at_us: int) -> Settled | None:
    """Append what a result says of a command that moves money; None where it is the result of a question."""
    follower = FOLLOWERS.get(request.command)
    return follower.result_of(tx, request, said, at_us) if follower is not None else None


def follow_status(tx: Write, conversation: str, status: TransactionStatus, at_us: int) -> None:
    """Append what a Transaction Status says of an earlier request, which was asked about by an id for it."""
    for request in Requests(tx).moving_money():
        follower = FOLLOWERS.get(request.command)
        if follower is None or follower.conversation_of(request) != conversation:
            continue
        facts = follower.status_of(tx, request, status, at_us)
        if facts is not None:
            result = RequestResult(TOLD, status.status, facts)
            RequestWrites(tx).settle(request.request_id, RequestState.ANSWERED, result, at_us)
