"""The answer and the result of a reversal as evidence about the payment whose money goes back."""

from mpesa_cli.daraja.results import Result
from mpesa_cli.daraja.reversal import ALREADY, Reversal, read_reversal
from mpesa_cli.daraja.transaction_status import TransactionStatus
from mpesa_cli.initiator.api_request import ApiRequest, RequestResult, RequestState
from mpesa_cli.initiator.settled import Facts, Settled
from mpesa_cli.initiator.verdict import COMPLETED, is_over_without_money
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.codes.lookup import Outcome
from mpesa_cli.rules.codes.money_out import out_outcome
from mpesa_cli.rules.codes.rows import Api
from mpesa_cli.rules.forgotten import can_be_of
from mpesa_cli.rules.money_out.refund_state import MISFIT


def append_taken(_tx: Write, _request: ApiRequest, _at_us: int) -> None:
    """Nothing: a refund that was asked for is pending until more is known."""


def append_refusal(tx: Write, request: ApiRequest, code: str, words: str, at_us: int) -> None:
    """Append that this reversal did nothing."""
    _append(tx, request, ev.RefundRefused(at_us, request.request_id, code, words))


def append_doubt(tx: Write, request: ApiRequest, code: str, words: str, at_us: int) -> None:
    """Append that nobody knows what became of this reversal."""
    _append(tx, request, ev.RefundInDoubt(at_us, request.request_id, code, words))


def append_reversed(tx: Write, request: ApiRequest, reversal_receipt: str, source: ev.Source, at_us: int,
                    reversed_us: int | None = None) -> None:
    """Append that all of the receipt's money went back. The reversal is not named where M-PESA did not name it."""
    named = "" if reversal_receipt == request.subject else reversal_receipt
    cents = request.amount_cents or 0
    _append(tx, request, ev.Reversed(at_us, source, request.subject, named, cents, reversed_us))


def result_of(tx: Write, request: ApiRequest, said: Result, at_us: int) -> Settled:
    """Append what a result says. It settles only where it is about this receipt, its amount and its payer."""
    code, words = said.result_code, said.result_desc
    bare = RequestResult(code, words)
    if code == "0":
        found = read_reversal(said)
        if found is None or not _fits(tx, request, found):
            append_doubt(tx, request, MISFIT, _shown(found), at_us)
            return RequestState.REVIEW, bare
        append_reversed(tx, request, found.reversal_receipt, "result", at_us, found.completed_us)
        facts: dict[str, str | int | None] = {
            "receipt": found.receipt, "amount_cents": found.amount_cents, "reversal_receipt": found.reversal_receipt,
        }
        return RequestState.ANSWERED, RequestResult(code, words, facts)
    if code == ALREADY:
        append_reversed(tx, request, "", "result", at_us)
        return RequestState.ANSWERED, bare
    if out_outcome(Api.REVERSAL, code) is Outcome.FAILED:
        append_refusal(tx, request, code, words, at_us)
        return RequestState.ANSWERED, RequestResult(code, words, {"no": 1})
    append_doubt(tx, request, code, words, at_us)
    return RequestState.UNKNOWN, bare


def status_of(tx: Write, request: ApiRequest, status: TransactionStatus, at_us: int) -> Facts | None:
    """Append what Transaction Status says; the facts that settle the request, None where it tells nothing.

    Only a transaction that is finished, with the amount that was asked and from the shop that asked, says anything.
    """
    if is_over_without_money(status.status):
        append_refusal(tx, request, status.status.lower(), "M-PESA ended it without moving money", at_us)
        return {"no": 1}
    fits = status.amount_cents == request.amount_cents and status.debit in {"", request.fields.get("ReceiverParty")}
    if status.status.casefold() != COMPLETED or not fits:
        return None
    append_reversed(tx, request, status.receipt, "status", at_us, status.finalised_us)
    return {"reversal_receipt": status.receipt}


def conversation_of(request: ApiRequest) -> str:
    """Daraja's id for the request, by which M-PESA can be asked about it; empty where its answer was lost."""
    return request.originator_conversation_id


def _append(tx: Write, request: ApiRequest, evidence: ev.Evidence) -> None:
    if request.about is not None and tx.payment(request.about.payment_id) is not None:
        tx.append(request.about, evidence)


def _fits(tx: Write, request: ApiRequest, found: Reversal) -> bool:
    """Whether a success is about what was asked. A party that is not shown contradicts nothing."""
    if found.receipt != request.subject or found.amount_cents != request.amount_cents:
        return False
    if found.debit and found.debit != request.fields.get("ReceiverParty"):
        return False
    payment = tx.payment(request.about.payment_id) if request.about else None
    attempt = next((a for a in payment.attempts if a.ref == request.about), None) if payment else None
    return attempt is not None and can_be_of(attempt.msisdn, found.credit or None)


def _shown(found: Reversal | None) -> str:
    """The difference in words, without anybody's number."""
    if found is None:
        return "a success that does not say which payment was reversed"
    cents = "no amount" if found.amount_cents is None else f"{found.amount_cents} cents"
    return f"a success about receipt {found.receipt}, {cents}, that does not fit what was asked"
