"""Is this receipt real? The ledger first, then statements in it, and Daraja where the profile has an initiator."""

import shlex
from collections.abc import Callable
from dataclasses import replace

from mpesa_cli.daraja.transaction_status import COMMAND_ID, status_command
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.initiator.api_request import OPEN, ApiRequest, RequestState
from mpesa_cli.initiator.ask import InitiatorContext, ask, wait_for_result
from mpesa_cli.initiator.lockout import would_lock
from mpesa_cli.initiator.results import apply_unread_results
from mpesa_cli.initiator.store import Requests, RequestWrites
from mpesa_cli.initiator.verdict import (
    COMPLETED,
    Checked,
    Verdict,
    blames_initiator,
    is_over_without_money,
    judge,
    says_unknown,
)
from mpesa_cli.ledger.claiming import Claims
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.orders import Orders
from mpesa_cli.ledger.reads import Reads
from mpesa_cli.ledger.statement_rows import StatementRows
from mpesa_cli.ledger.strangers import Strangers
from mpesa_cli.rules.by_hand import HandMoney
from mpesa_cli.rules.order_matching import order_key
from mpesa_cli.rules.payment import Attempt, Payment
from mpesa_cli.rules.receipt_claim import Claim, Money, belongs_to_nobody
from mpesa_cli.rules.state import AttemptState
from mpesa_cli.rules.values.receipt_number import look_alikes, plausibility

FRESH_S = 300  # so long an answer of Daraja's is not asked for again
STILL_COMING_S = 60
PATIENCE_WITH_ANOTHERS_S = 10  # then it is asked anew: the result may have been lost with whoever asked


def look_up(ledger: Ledger, claim: Claim, now_us: int) -> Checked:
    """The check of a claim by the ledger alone. Reads only."""
    plausible = plausibility(claim.receipt, now_us)
    before = tuple(Requests(ledger).shown(claim.receipt))
    held = tuple(Held(ledger).about(claim.receipt))
    unproven = tuple(Strangers(ledger).reports(claim.receipt))
    money, payment = known_money(ledger, claim.receipt)
    if money is not None:
        verdict = judge(claim, money, [each.order_id for each in before])
        known = Checked(claim, verdict, plausible, money, payment, before, held=held, reported=unproven)
        return _with_claims(ledger, known)
    meant = [each for each in look_alikes(claim.receipt) if known_money(ledger, each)[0] is not None]
    reported = ledger.find(claim.receipt)
    why = "" if reported is None else _misfit(reported.order_id)
    return Checked(
        claim, Verdict.NOT_PROVEN, plausible, None, reported, before, tuple(meant) or plausible.meant, why, held,
        reported=unproven,
    )


def lacking_cents(ledger: Reads, order_id: str, receipt: str) -> int | None:
    """The cents that an order still lacks, so the amount a receipt for it must have paid.

    None where the order is not known, has all its money, or has this very receipt already.
    """
    owner, payment = ledger.receipt_owner(receipt), ledger.payment_by_order(order_id)
    if payment is None:
        added = Orders(ledger).order(order_id)
        return added.amount_cents if added else None
    if owner is not None and owner.payment_id == payment.payment_id:
        return None
    return max(0, payment.amount_cents - payment.received_cents) or None


def known_money(ledger: Reads, receipt: str) -> tuple[Money | None, Payment | None]:
    """The money on a receipt as the ledger knows it, and the payment that it pays."""
    gone_back = bool(StatementRows(ledger).reversals_of(receipt))
    owner = ledger.receipt_owner(receipt)
    payment = ledger.payment(owner.payment_id) if owner else None
    if owner is not None and payment is not None:
        attempt = next(each for each in payment.attempts if each.ref == owner)
        return _of_attempt(payment, attempt, receipt, gone_back=gone_back), payment
    row = next((each for each in StatementRows(ledger).of(receipt) if each.kind == "received"), None)
    if row is None:
        return None, None
    return Money("statement", row.amount_cents, row.completed_us or None, row.party, gone_back=gone_back), None


def ask_daraja(context: InitiatorContext, found: Checked, timeout_s: float, look: Callable[[float], object]) -> Checked:
    """Ask Daraja, and wait for its result. One of the last minutes, or one that is on its way, is not asked for again.

    Raises what :func:`mpesa_cli.initiator.ask.ask` raises.
    """
    context.deliver()
    apply_unread_results(context.ledger, "", context.world.now_us())
    request = Requests(context.ledger).newest(COMMAND_ID, found.claim.receipt)
    if request is not None and _is_on_its_way(request, context.world.now_us()):
        request = wait_for_result(context, request, min(timeout_s, PATIENCE_WITH_ANOTHERS_S), look)
    if request is None or not _is_fresh(request, context.world.now_us()):
        if would_lock(context.ledger, context.world.now_us()):
            return _unproven(
                found,
                "M-PESA refused the initiator twice within 15 minutes. One more try may lock it, so it was not asked. "
                "Correct its password or certificate first: mpesa explain 2001 --api initiator",
            )
        asked = ask(context, status_command(found.claim.receipt, context.initiator.shortcode))
        request = wait_for_result(context, asked, timeout_s, look)
    return _with_claims(context.ledger, _told(found, request, context.initiator.shortcodes, timeout_s))


def remember_shown(ledger: Ledger, checked: Checked, now_us: int) -> Checked:
    """Note the order for which a real receipt was shown; judged once more on what others noted meanwhile."""
    if checked.verdict is not Verdict.REAL or checked.money is None:
        return checked
    with ledger.write() as tx:
        before = tuple(Requests(tx).shown(checked.claim.receipt))
        verdict = judge(checked.claim, checked.money, [each.order_id for each in before])
        if verdict is Verdict.REAL:
            RequestWrites(tx).note_shown(checked.claim.receipt, checked.claim.order_id or "", now_us)
    return replace(checked, verdict=verdict, before=before)


def _with_claims(ledger: Ledger, checked: Checked) -> Checked:
    """The check with the orders whose prompt this money may have paid, where no order has it.

    An order is named, too, whose prompt named this very receipt with another amount or payer.
    """
    money, asked = checked.money, order_key(checked.claim.order_id or "")
    if money is None or money.order_id:
        return checked
    reported = [o for o in Claims(ledger).orders_it_was_reported_for(checked.claim.receipt) if order_key(o) != asked]
    checked = replace(checked, why=" ".join(filter(None, [checked.why, *map(_misfit, reported)])))
    if money.amount_cents is None or money.at_us is None:
        return checked
    profile = checked.payment.profile if checked.payment else ""
    orders = Claims(ledger).orders_it_may_be(HandMoney(money.amount_cents, money.at_us, money.payer), profile)
    return replace(checked, may_be=tuple(each for each in orders if order_key(each) != asked))


def _misfit(order_id: str) -> str:
    return f"It was reported for order {order_id}, and does not fit what was asked: mpesa log {order_id}"


def _of_attempt(payment: Payment, attempt: Attempt, receipt: str, *, gone_back: bool) -> Money:
    view = attempt.view
    went = gone_back or (view.reversed_cents > 0 and view.reversed_cents >= view.paid_cents)
    return Money(
        "ledger",
        attempt.amount_cents,
        view.paid_us,
        attempt.msisdn,
        order_id="" if belongs_to_nobody(payment, receipt) else payment.order_id,
        payment_id=payment.payment_id,
        gone_back=went and attempt.state is AttemptState.PAID,
    )


def _is_on_its_way(request: ApiRequest, now_us: int) -> bool:
    """Whether somebody just asked. A request left as ``created`` may never have been sent: its process was stopped."""
    on_its_way = request.state in OPEN and request.state is not RequestState.CREATED
    return on_its_way and now_us - request.created_us <= STILL_COMING_S * SECOND_US


def _is_fresh(request: ApiRequest, now_us: int) -> bool:
    if request.state is not RequestState.ANSWERED or request.settled_us is None or _is_complaint(request):
        return False
    return now_us - request.settled_us <= FRESH_S * SECOND_US


def _is_complaint(request: ApiRequest) -> bool:
    return request.result is not None and blames_initiator(request.result.code)


def _told(found: Checked, request: ApiRequest, ours: tuple[str, ...], timeout_s: float) -> Checked:
    """The check with what a request says about the claim."""
    match request.state:
        case RequestState.ANSWERED if request.result is not None:
            return _answered(found, request, ours)
        case RequestState.REVIEW:
            return _unproven(found, "What Daraja answered is not about this receipt, or contradicts itself.")
        case RequestState.TIMED_OUT:
            again = f"mpesa verify {found.claim.receipt}{_for_order(found.claim)}"
            return _unproven(found, f"M-PESA's queue timed out. Ask again: {again}")
        case _:
            return _unproven(found, f"No result came within {timeout_s:g} s.")


def _for_order(claim: Claim) -> str:
    return f" --order {shlex.quote(claim.order_id)}" if claim.order_id else ""


def _answered(found: Checked, request: ApiRequest, ours: tuple[str, ...]) -> Checked:
    result = request.result
    assert result is not None  # the caller saw it
    said = f"[{result.code}: {result.description}]"
    if result.code != "0":
        if says_unknown(result.code, result.description):
            return _with(found, Verdict.NOT_FOUND, f"M-PESA knows no such transaction of this shop. {said}")
        if blames_initiator(result.code):
            what = f"What to do: mpesa explain {result.code} --api initiator"
            return _unproven(found, f"M-PESA did not accept who asked. {said} {what}")
        return _unproven(found, f"M-PESA did not answer the question. {said}")
    status, cents = str(result.facts.get("status") or ""), result.facts.get("amount_cents")
    if is_over_without_money(status):
        return _with(found, Verdict.NOT_PAID, f"M-PESA says that it was {status.lower()}: no money came.")
    if status.casefold() != COMPLETED or not isinstance(cents, int):
        return _unproven(found, f"M-PESA has not finished it: {status or 'no status'}.")
    credit = str(result.facts.get("credit") or "")
    if not credit:
        return _unproven(found, "M-PESA did not say who was paid.")
    if credit not in ours:
        return _with(found, Verdict.NOT_PAID, f"It paid {credit}, which is not this shop.")
    at_us = result.facts.get("finalised_us")
    money = Money("status", cents, at_us if isinstance(at_us, int) else None, str(result.facts.get("debit") or ""))
    verdict = judge(found.claim, money, [each.order_id for each in found.before])
    return replace(found, verdict=verdict, money=money, meant=(), why="")


def _unproven(found: Checked, why: str) -> Checked:
    return _with(found, Verdict.NOT_PROVEN, why)


def _with(found: Checked, verdict: Verdict, why: str) -> Checked:
    return replace(found, verdict=verdict, why=why)
