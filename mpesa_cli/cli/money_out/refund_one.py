"""One refund: the payment as it stands, the question, the reversal, and the wait for its result."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.confirm import Question, confirm_in_production
from mpesa_cli.cli.payments.show import result_of
from mpesa_cli.cli.payments.status import find
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.initiator.ask import InitiatorContext
    from mpesa_cli.rules.money_out.refund_rules import RefundAsking, RefundLeave
    from mpesa_cli.rules.money_out.refund_state import Refund
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile


def refund_one(
    runtime: Runtime, profile: "Profile", ref: str, asking: "RefundAsking", *, timeout_s: float, yes: bool
) -> Result:
    """Give the money of one receipt back, and wait for M-PESA's word. Raises MpesaError."""
    from mpesa_cli.initiator.ask import wait_for_result
    from mpesa_cli.initiator.refunds.asking import leave_to_refund, refund
    from mpesa_cli.initiator.refunds.ports import refund_terms
    from mpesa_cli.rules.money_out.limits import needs_approval
    from mpesa_cli.rules.values.amount import format_cents
    from mpesa_cli.terminal.progress import waiting_for_result

    context = out_context(runtime, profile)
    payment, receipt = _meant(runtime, profile, ref)
    terms = refund_terms(profile)
    leave = leave_to_refund(
        context.ledger, terms, payment.payment_id, receipt, asking, context.world.now_us()
    )
    if needs_approval(terms.limits, leave.amount_cents):
        return _proposed(runtime, profile, payment, receipt, asking)
    confirm_amount(runtime, profile, payment, leave, yes=yes)
    runtime.streams.say(f"Giving {format_cents(leave.amount_cents)} of {receipt} back, order {payment.order_id} …")
    request = refund(context, terms, payment, receipt, asking)
    with waiting_for_result(runtime.streams, profile.language) as look:
        wait_for_result(context, request, timeout_s, look)
    return refund_result(runtime, profile, payment.payment_id, request.request_id)


def refund_result(runtime: Runtime, profile: "Profile", payment_id: str, request_id: str) -> Result:
    """The payment as it stands, with the exit status of this refund."""
    payment = runtime.ledger(profile).payment(payment_id)
    assert payment is not None  # payments are never removed once a receipt pays them
    mine = next(r for a in payment.attempts for r in a.view.refunds if r.request_id == request_id)
    return result_of(runtime, profile, payment)._replace(status=exit_status_of(mine))


def refund_dry_run(runtime: Runtime, profile: "Profile", ref: str, asking: "RefundAsking") -> Result:
    """The request as it would go out: nothing sent, nothing stored."""
    from mpesa_cli.initiator.refunds.asking import leave_to_refund
    from mpesa_cli.initiator.refunds.ports import refund_terms
    from mpesa_cli.terminal.render import json_text

    payment, receipt = _meant(runtime, profile, ref)
    terms, now_us = refund_terms(profile), runtime.world.now_us()
    leave = leave_to_refund(runtime.ledger(profile), terms, payment.payment_id, receipt, asking, now_us)
    command = terms.command(receipt, leave.amount_cents)
    url = profile.base_url.rstrip("/") + command.path
    body = {"Initiator": profile.initiator.name or "", "CommandID": command.command_id, **command.fields}
    return Result(
        {"dry_run": True, "method": "POST", "url": url, "body": body},
        [f"POST {url}", json_text(body)],
        [Note("Dry run: nothing was sent and nothing was stored.")],
    )


def exit_status_of(refund: "Refund") -> ExitStatus:
    """The exit status of a refund, by where it stands."""
    from mpesa_cli.initiator.verdict import blames_initiator
    from mpesa_cli.rules.money_out.refund_state import RefundState

    match refund.state:
        case RefundState.REFUNDED:
            return ExitStatus.DONE
        case RefundState.REFUSED:
            return ExitStatus.CREDENTIALS if blames_initiator(refund.code) else ExitStatus.FINAL_NO
        case RefundState.PENDING:
            return ExitStatus.PENDING
        case _:
            return ExitStatus.UNKNOWN


def out_context(runtime: Runtime, profile: "Profile") -> "InitiatorContext":
    """The outside of a refund or payout. Raises SettingsError or SecretMissing; nothing is sent."""
    from mpesa_cli.initiator.ports import has_initiator, initiator_context
    from mpesa_cli.listener.ports import callback_intake

    if not has_initiator(profile):
        from mpesa_cli.floor.errors import SettingsError

        raise SettingsError(
            f"Profile {profile.name} has no initiator, the API user that may send money.",
            hint="Nothing was sent. Set it up first (docs/operate/initiator.md), then: mpesa config check",
            code="no-initiator",
        )
    return initiator_context(runtime, profile, callback_intake(runtime, profile))


def _meant(runtime: Runtime, profile: "Profile", ref: str) -> "tuple[Payment, str]":
    """The payment and the receipt that a reference means, once all that came in is taken in."""
    from mpesa_cli.initiator.refunds.settling import settle_refunds
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.rules.money_out.refund_rules import receipt_meant

    callback_intake(runtime, profile)()
    payment = find(runtime, profile, ref)
    if payment.refund is not None:
        settle_refunds(runtime.ledger(profile), runtime.world.now_us())
        payment = find(runtime, profile, ref)
    return payment, receipt_meant(payment, ref)


def confirm_amount(
    runtime: Runtime, profile: "Profile", payment: "Payment", leave: "RefundLeave", *, yes: bool, always: bool = False
) -> None:
    """Have the amount typed where the money is real. Asking again, or agreeing (``always``), no flag answers for."""
    from mpesa_cli.rules.values.amount import cents_to_json, format_cents
    from mpesa_cli.rules.values.msisdn import spoken_form

    amount = str(cents_to_json(leave.amount_cents))
    msisdn = payment.receipts[leave.receipt].msisdn
    question = Question(
        f"Give {format_cents(leave.amount_cents)} of receipt {leave.receipt} (order {payment.order_id}) back to "
        f"{spoken_form(msisdn) if msisdn.isdecimal() else msisdn}? Type the amount, {amount}, to confirm",
        "This is real money, and nobody is here to confirm it.",
        typed=amount,
        wrong="That is not the amount.",
        asks_always=always or leave.asking.again,
    )
    confirm_in_production(runtime, profile, question, yes=yes)


def _proposed(
    runtime: Runtime, profile: "Profile", payment: "Payment", receipt: str, asking: "RefundAsking"
) -> Result:
    """The wish, recorded for another person: whoever asks is known by a PIN too, so that nobody is both."""
    from mpesa_cli.cli.money_out.pin import operator_here
    from mpesa_cli.initiator.people.words import proposal_document
    from mpesa_cli.initiator.refunds.asking import propose
    from mpesa_cli.initiator.refunds.ports import refund_terms
    from mpesa_cli.rules.values.amount import format_cents

    ledger = runtime.ledger(profile)
    maker = operator_here(runtime, ledger, asking.by)
    made = propose(ledger, runtime.world, refund_terms(profile), payment, receipt, replace(asking, by=maker))
    return Result(
        proposal_document(made),
        [f"WAITS FOR APPROVAL {format_cents(made.amount_cents)} of receipt {receipt}, order {payment.order_id}",
         f"  Nothing was sent. Another person agrees within a day: mpesa approve {made.request_id} --by NAME"],
        status=ExitStatus.CONFLICT,
    )
