"""The answer and the result of a payout's request as facts about the payout."""

from mpesa_cli.daraja.b2c import ORIGINATOR, Paid, read_paid
from mpesa_cli.daraja.results import Result
from mpesa_cli.daraja.transaction_status import TransactionStatus
from mpesa_cli.initiator.api_request import ApiRequest, RequestResult, RequestState
from mpesa_cli.initiator.settled import Facts, Settled
from mpesa_cli.initiator.verdict import COMPLETED, is_over_without_money
from mpesa_cli.ledger.payouts import Payouts, PayoutWrites
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules.believed import believed_us
from mpesa_cli.rules.codes.lookup import Outcome
from mpesa_cli.rules.codes.money_out import out_outcome
from mpesa_cli.rules.codes.rows import Api
from mpesa_cli.rules.money_out.payout_evidence import (
    PaidSource,
    PayoutFact,
    PayoutInDoubt,
    PayoutPaid,
    PayoutRefused,
    PayoutTaken,
    RefusedSource,
)
from mpesa_cli.rules.money_out.payout_state import MISFIT
from mpesa_cli.rules.values.pseudonym import is_erased
from mpesa_cli.rules.values.shown_number import proves


def append_taken(tx: Write, request: ApiRequest, at_us: int) -> None:
    """Append that M-PESA has this request."""
    _append(tx, request, PayoutTaken(at_us, request.request_id))


def append_refusal(
    tx: Write, request: ApiRequest, code: str, words: str, at_us: int, source: RefusedSource = "answer"
) -> None:
    """Append that this request moved nothing."""
    _append(tx, request, PayoutRefused(at_us, request.request_id, source, code, words))


def append_doubt(tx: Write, request: ApiRequest, code: str, words: str, at_us: int) -> None:
    """Append that nobody knows what became of this request."""
    _append(tx, request, PayoutInDoubt(at_us, request.request_id, code, words))


def append_paid(
    tx: Write, request: ApiRequest, receipt: str, source: PaidSource, at_us: int, paid_us: int | None
) -> None:
    """Append that the money is with the phone. A time before the asking, or later than now, is not believed."""
    when = believed_us(paid_us, at_us, request.created_us)
    _append(tx, request, PayoutPaid(at_us, request.request_id, source, receipt, when))


def result_of(tx: Write, request: ApiRequest, said: Result, at_us: int) -> Settled:
    """Append what a result says. It settles only where it is about this amount and this receiver."""
    code, words = said.result_code, said.result_desc
    bare = RequestResult(code, words)
    if code == "0":
        found = read_paid(said)
        if found is None or found.amount_cents != request.amount_cents or not _is_receiver(request, found.receiver):
            append_doubt(tx, request, MISFIT, _shown(found), at_us)
            return RequestState.REVIEW, bare
        append_paid(tx, request, found.receipt, "result", at_us, found.completed_us)
        facts: Facts = {"receipt": found.receipt, "amount_cents": found.amount_cents}
        return RequestState.ANSWERED, RequestResult(code, words, facts)
    if out_outcome(Api.B2C, code) is Outcome.FAILED:
        append_refusal(tx, request, code, words, at_us, "result")
        return RequestState.ANSWERED, RequestResult(code, words, {"no": 1})
    append_doubt(tx, request, code, words, at_us)
    return RequestState.UNKNOWN, bare


def status_of(tx: Write, request: ApiRequest, status: TransactionStatus, at_us: int) -> Facts | None:
    """Append what Transaction Status says; the facts that settle the request, None where it tells nothing."""
    if is_over_without_money(status.status):
        append_refusal(tx, request, status.status.lower(), "M-PESA ended it without moving money", at_us, "status")
        return {"no": 1}
    if status.status.casefold() != COMPLETED:
        return None
    fits = status.amount_cents == request.amount_cents and status.debit in {"", request.fields.get("PartyA")}
    if not fits or (status.credit and not _is_receiver(request, status.credit)):
        append_doubt(tx, request, MISFIT, "M-PESA completed it with another amount or party than was asked", at_us)
        return None
    if not status.credit:
        return None
    append_paid(tx, request, status.receipt, "status", at_us, status.finalised_us)
    return {"receipt": status.receipt, "amount_cents": status.amount_cents}


def conversation_of(request: ApiRequest) -> str:
    """The id by which M-PESA can be asked about a request: its own, or ours where its answer was lost."""
    return request.originator_conversation_id or request.fields.get(ORIGINATOR, "")


def _append(tx: Write, request: ApiRequest, fact: PayoutFact) -> None:
    if Payouts(tx).by_id(request.subject) is not None:
        PayoutWrites(tx).append(request.subject, fact)


def _is_receiver(request: ApiRequest, shown: str) -> bool:
    """Whether the number shown is the phone that was asked for, as far as it is shown. Nothing shown proves nothing."""
    asked = request.fields.get("PartyB", "")
    return is_erased(asked) or proves(asked, shown)


def _shown(found: Paid | None) -> str:
    """The difference in words, without anybody's number."""
    if found is None:
        return "a success that names no receipt"
    cents = "no amount" if found.amount_cents is None else f"{found.amount_cents} cents"
    return f"a success with receipt {found.receipt}, {cents}, that does not fit what was asked"
