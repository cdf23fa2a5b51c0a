"""``mpesa approve``: a second person agrees that money goes out."""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import (
    RESULT_TIMEOUT_S,
    JsonOption,
    ProfileOption,
    QuietOption,
    ResultTimeoutOption,
    VerboseOption,
    runtime_of,
)
from mpesa_cli.cli.result import Result
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.initiator.ask import InitiatorContext
    from mpesa_cli.rules.money_out.approval import Approval, Proposal
    from mpesa_cli.settings.profile import Profile


def approve(
    ctx: typer.Context,
    request: Annotated[
        str | None, typer.Argument(help="What waits, REQ-…; alone: all that waits.", metavar="REQ")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who agrees [default: you].", metavar="NAME")] = None,
    timeout: ResultTimeoutOption = RESULT_TIMEOUT_S,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Agree to a refund or payout that somebody else asked for, and send it; without a name, show what waits.

    \b
    Examples:
      mpesa approve
      mpesa approve REQ-3F0A9C51D2E84B67 --by Wanjiku

    Whoever agrees types an operator PIN (mpesa operator set NAME), and can't be who asked. All rules are checked once
    more; what waits for more than a day, or has changed meanwhile, is over. Exits as mpesa refund and mpesa pay.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    if request is None:
        return _waiting(runtime, settings)
    return _approved(runtime, settings, request, by, timeout)


def _waiting(runtime: Runtime, profile: "Profile") -> Result:
    from mpesa_cli.initiator.people.store import open_proposals
    from mpesa_cli.initiator.people.words import proposal_document, proposal_line

    ledger = runtime.ledger(profile)
    found = open_proposals(ledger, runtime.world.now_us())
    lines = [proposal_line(each, _order(runtime, profile, each)) for each in found]
    return Result([proposal_document(each) for each in found], lines or ["Nothing waits for anybody to agree."])


def _approved(runtime: Runtime, profile: "Profile", request: str, by: str | None, timeout_s: float) -> Result:
    from mpesa_cli.cli.consent.reasons import who
    from mpesa_cli.cli.money_out.refund_one import out_context
    from mpesa_cli.initiator.people.store import proposal

    context = out_context(runtime, profile)
    context.deliver()
    waiting, name = proposal(context.ledger, request), who(runtime, by)
    agree = _agree_to_payout if waiting.is_payout else _agree_to_refund
    return agree(runtime, profile, context, waiting, name, timeout_s)


def _agree_to_refund(
    runtime: Runtime, profile: "Profile", context: "InitiatorContext", waiting: "Proposal", name: str, timeout_s: float
) -> Result:
    from mpesa_cli.cli.money_out.refund_one import confirm_amount, refund_result
    from mpesa_cli.initiator.ask import wait_for_result
    from mpesa_cli.initiator.refunds.asking import leave_to_refund, proposal_of, refund
    from mpesa_cli.initiator.refunds.ports import refund_terms
    from mpesa_cli.rules.money_out.refund_rules import RefundAsking
    from mpesa_cli.terminal.progress import waiting_for_result

    terms, ledger, now_us = refund_terms(profile), context.ledger, runtime.world.now_us()
    payment = ledger.payment(waiting.payment_id)
    assert payment is not None  # a proposal is about a payment that a receipt pays
    asking = RefundAsking(waiting.by, waiting.reason, waiting.again)
    leave = leave_to_refund(ledger, terms, payment.payment_id, waiting.receipt, asking, now_us)
    approval = _known(runtime, context, waiting, proposal_of(ledger, leave, waiting.request_id, now_us), name)
    confirm_amount(runtime, profile, payment, leave, yes=False, always=True)
    asked = refund(context, terms, payment, waiting.receipt, asking, approval)
    with waiting_for_result(runtime.streams, profile.language) as look:
        wait_for_result(context, asked, timeout_s, look)
    return refund_result(runtime, profile, payment.payment_id, asked.request_id)


def _agree_to_payout(
    runtime: Runtime, profile: "Profile", context: "InitiatorContext", waiting: "Proposal", name: str, timeout_s: float
) -> Result:
    from mpesa_cli.cli.money_out.pay_one import confirm_payout, payout_result
    from mpesa_cli.initiator.ask import wait_for_result
    from mpesa_cli.initiator.payouts.asking import leave_to_pay, pay, proposal_of
    from mpesa_cli.initiator.payouts.ports import payout_terms
    from mpesa_cli.rules.money_out.payout_rules import PayoutAsking, PayoutWish
    from mpesa_cli.terminal.progress import waiting_for_result

    terms, now_us = payout_terms(profile), runtime.world.now_us()
    wish = PayoutWish(waiting.reference, waiting.msisdn, waiting.amount_cents)
    asking = PayoutAsking(waiting.by, waiting.reason)
    leave = leave_to_pay(context.ledger, terms, wish, asking, now_us)
    approval = _known(runtime, context, waiting, proposal_of(leave, waiting.request_id, now_us), name)
    confirm_payout(runtime, profile, wish, yes=False, always=True)
    asked = pay(context, terms, wish, asking, approval)
    with waiting_for_result(runtime.streams, profile.language) as look:
        wait_for_result(context, asked, timeout_s, look)
    return payout_result(runtime, profile, waiting.reference)


def _known(
    runtime: Runtime, context: "InitiatorContext", waiting: "Proposal", now: "Proposal", name: str
) -> "Approval":
    """The agreement of a person who is known by a PIN, to what is shown first. Raises Conflict; nothing was sent."""
    from mpesa_cli.cli.money_out.pin import operator_here
    from mpesa_cli.initiator.people.words import proposal_line
    from mpesa_cli.rules.money_out.approval import Approval, check_approval

    check_approval(waiting, Approval(waiting.request_id, name), now, now.made_us)
    payment = context.ledger.payment(waiting.payment_id) if waiting.payment_id else None
    runtime.streams.complain(proposal_line(waiting, payment.order_id if payment else ""))
    return Approval(waiting.request_id, operator_here(runtime, context.ledger, name))


def _order(runtime: Runtime, profile: "Profile", waiting: "Proposal") -> str:
    payment = runtime.ledger(profile).payment(waiting.payment_id)
    return payment.order_id if payment else ""
