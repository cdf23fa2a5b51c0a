"""``mpesa approve``: a second person agrees that money goes out."""

from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Result
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.money_out.approval import Proposal
    from mpesa_cli.settings.profile import Profile

TIMEOUT_S = 60


def approve(
    ctx: typer.Context,
    request: Annotated[
        str | None, typer.Argument(help="What waits, REQ-…; alone: all that waits.", metavar="REQ")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who agrees [default: you].", metavar="NAME")] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", help="Seconds to wait for M-PESA's result.", metavar="S", min=1, max=300)
    ] = TIMEOUT_S,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Agree to a refund that somebody else asked for, and send it; without a name, show what waits.

    \b
    Examples:
      mpesa approve
      mpesa approve REQ-3F0A9C51D2E84B67 --by Wanjiku

    Whoever agrees types an operator PIN (mpesa operator set NAME), and can't be who asked. All rules are checked once
    more; what waits for more than a day, or whose payment has changed, is over. Exits as mpesa refund.
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
    from mpesa_cli.cli.money_out.pin import operator_here
    from mpesa_cli.cli.money_out.refund_one import confirm_amount, refund_context, refund_result
    from mpesa_cli.initiator.ask import wait_for_result
    from mpesa_cli.initiator.people.store import proposal
    from mpesa_cli.initiator.people.words import proposal_line
    from mpesa_cli.initiator.refunds.asking import leave_to_refund, refund
    from mpesa_cli.initiator.refunds.ports import refund_terms
    from mpesa_cli.rules.money_out.approval import Approval, basis_of, check_approval
    from mpesa_cli.terminal.progress import seconds_left

    context, terms = refund_context(runtime, profile), refund_terms(profile)
    ledger = context.ledger
    context.deliver()
    waiting = proposal(ledger, request)
    name, now_us = who(runtime, by), runtime.world.now_us()
    payment = ledger.payment(waiting.payment_id)
    assert payment is not None  # a proposal is about a payment that a receipt pays
    leave = leave_to_refund(ledger, terms, payment.payment_id, waiting.receipt, waiting.asking, now_us)
    check_approval(waiting, Approval(waiting.request_id, name), basis_of(payment, leave), now_us)
    runtime.streams.complain(proposal_line(waiting, payment.order_id))
    approval = Approval(waiting.request_id, operator_here(runtime, ledger, name))
    confirm_amount(runtime, profile, payment, leave, yes=False, always=True)
    asked = refund(context, terms, payment, waiting.receipt, waiting.asking, approval)
    with seconds_left(runtime.streams, "Waiting for M-PESA's result …") as look:
        wait_for_result(context, asked, timeout_s, look)
    return refund_result(runtime, profile, payment.payment_id, asked.request_id)


def _order(runtime: Runtime, profile: "Profile", waiting: "Proposal") -> str:
    payment = runtime.ledger(profile).payment(waiting.payment_id)
    return payment.order_id if payment else "?"
