"""One payout: what was typed, the question, the request, and the wait for its result."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mpesa_cli.cli.consent.confirm import Question, confirm_in_production, is_answered
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import ExitStatus, InvalidInput, MpesaError
from mpesa_cli.rules.money_out.limits import needs_approval
from mpesa_cli.rules.money_out.payout_rules import PayoutWish, check_reference
from mpesa_cli.rules.money_out.payout_state import Payout, PayoutState
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.rules.money_out.payout_rules import PayoutAsking
    from mpesa_cli.settings.profile import Profile

_MOST = 10_000_000


def wish_of(runtime: Runtime, phone: str, amount: str, reference: str) -> PayoutWish:
    """The wish, from the words typed. Raises InvalidInput."""
    from mpesa_cli.rules.values.amount import Limits, parse_shillings
    from mpesa_cli.rules.values.msisdn import operator_warning, parse_msisdn

    checked = check_reference(reference)
    try:
        msisdn = parse_msisdn(phone)
    except InvalidInput as wrong:
        if not _is_phone(amount):
            raise
        raise InvalidInput(
            "The amount and the phone number look swapped; nothing was sent.",
            hint=f"Right: mpesa pay {amount} {phone} --for REF --reason WHY", code="swapped",
        ) from wrong
    shillings = parse_shillings(amount, Limits(1, _MOST))
    if warning := operator_warning(msisdn):
        runtime.streams.say(f"Note: {warning}")
    return PayoutWish(checked, msisdn, shillings * 100)


def pay_one(
    runtime: Runtime, profile: "Profile", wish: PayoutWish, asking: "PayoutAsking", *, timeout_s: float, yes: bool
) -> Result:
    """Send money for a reference, and wait for M-PESA's word. Raises MpesaError."""
    from mpesa_cli.cli.money_out.refund_one import out_context
    from mpesa_cli.initiator.ask import wait_for_result
    from mpesa_cli.initiator.payouts.asking import leave_to_pay, pay, repeat, repeatable
    from mpesa_cli.initiator.payouts.ports import payout_terms
    from mpesa_cli.rules.values.amount import format_cents
    from mpesa_cli.terminal.payout_words import shown_phone
    from mpesa_cli.terminal.progress import waiting_for_result

    terms = payout_terms(profile)
    context = out_context(runtime, profile)
    known = _taken_in(runtime, profile, wish.reference)
    again = known is not None and known.state is PayoutState.UNKNOWN
    if again:
        repeatable(context.ledger, terms, wish, context.world.now_us())
    else:
        leave_to_pay(context.ledger, terms, wish, asking, context.world.now_us())
        if needs_approval(terms.limits, wish.amount_cents):
            return _proposed(runtime, profile, wish, asking)
    confirm_payout(runtime, profile, wish, yes=yes, again=again)
    money = f"{format_cents(wish.amount_cents)} to {shown_phone(wish.msisdn)} for {wish.reference}"
    runtime.streams.say(f"Sending {'the same request again: ' if again else ''}{money} …")
    request = repeat(context, terms, wish, asking.by) if again else pay(context, terms, wish, asking)
    with waiting_for_result(runtime.streams, profile.language) as look:
        wait_for_result(context, request, timeout_s, look)
    return payout_result(runtime, profile, wish.reference)


def payout_result(runtime: Runtime, profile: "Profile", reference: str) -> Result:
    """The payout as it stands, with its exit status."""
    from mpesa_cli.ledger.payouts import Payouts
    from mpesa_cli.terminal.payment_words import environment_label
    from mpesa_cli.terminal.payout_words import payout_document, payout_lines

    ledger = runtime.ledger(profile)
    payout = Payouts(ledger).by_reference(reference)
    assert payout is not None  # it was recorded before anything was sent
    label = environment_label(ledger.environment)
    return Result(
        payout_document(payout, ledger.environment), payout_lines(payout), [Note(label)] if label else [],
        status=payout_exit_status(payout),
    )


def payout_exit_status(payout: Payout) -> ExitStatus:
    """The exit status of a payout, by where it stands."""
    from mpesa_cli.initiator.verdict import blames_initiator

    match payout.state:
        case PayoutState.PAID:
            return ExitStatus.DONE
        case PayoutState.FAILED:
            return ExitStatus.CREDENTIALS if blames_initiator(payout.view.code) else ExitStatus.FINAL_NO
        case PayoutState.CREATED | PayoutState.SENT:
            return ExitStatus.PENDING
        case _:
            return ExitStatus.UNKNOWN


def pay_dry_run(runtime: Runtime, profile: "Profile", wish: PayoutWish, asking: "PayoutAsking") -> Result:
    """The request as it would go out: nothing sent, nothing stored."""
    from mpesa_cli.initiator.payouts.asking import leave_to_pay
    from mpesa_cli.initiator.payouts.ports import payout_terms
    from mpesa_cli.terminal.render import json_text

    terms, ledger = payout_terms(profile), runtime.ledger(profile)
    _taken_in(runtime, profile, wish.reference)
    leave = leave_to_pay(ledger, terms, wish, asking, runtime.world.now_us())
    command = terms.command(leave, "", ledger.ledger_id)
    url = profile.base_url.rstrip("/") + command.path
    body = {command.initiator_field: profile.initiator.name or "", "CommandID": command.command_id, **command.fields}
    return Result(
        {"dry_run": True, "method": "POST", "url": url, "body": body},
        [f"POST {url}", json_text(body)],
        [Note("Dry run: nothing was sent and nothing was stored.")],
    )


def confirm_payout(
    runtime: Runtime, profile: "Profile", wish: PayoutWish, *, yes: bool, always: bool = False, again: bool = False
) -> None:
    """Have the amount typed where the money is real. When agreeing (``always``) no flag answers for it."""
    from mpesa_cli.rules.values.amount import cents_to_json, format_cents
    from mpesa_cli.rules.values.msisdn import spoken_form

    amount = str(cents_to_json(wish.amount_cents))
    asks = profile.environment == "production" and (always or not is_answered(runtime, yes=yes))
    payer = _payer(runtime, profile) if asks and runtime.streams.may_prompt() else profile.shortcode
    question = Question(
        f"Send {format_cents(wish.amount_cents)} from {payer} to {spoken_form(wish.msisdn)} for {wish.reference}"
        f"{', the same request once more' if again else ''}? Type the amount, {amount}, to confirm",
        "This is real money, and nobody is here to confirm it.",
        typed=amount,
        wrong="That is not the amount.",
        asks_always=always,
    )
    confirm_in_production(runtime, profile, question, yes=yes)


def _payer(runtime: Runtime, profile: "Profile") -> str:
    """The account that pays, with the name that M-PESA has for it where it tells: many apps lack this API."""
    try:
        found = runtime.organisation(profile, runtime.secret_store(profile))
    except MpesaError:
        return profile.shortcode
    return f"{found.number} ({found.name})" if found else f"{profile.shortcode} (which M-PESA says it does not know)"


def _taken_in(runtime: Runtime, profile: "Profile", reference: str) -> Payout | None:
    """The payout for a reference, once all that came in is taken in; None where there is none."""
    from mpesa_cli.initiator.payouts.settling import settle_payouts
    from mpesa_cli.ledger.payouts import Payouts
    from mpesa_cli.listener.ports import callback_intake

    ledger = runtime.ledger(profile)
    callback_intake(runtime, profile)()
    if Payouts(ledger).by_reference(reference) is not None:
        settle_payouts(ledger, runtime.world.now_us())
    return Payouts(ledger).by_reference(reference)


def _proposed(runtime: Runtime, profile: "Profile", wish: PayoutWish, asking: "PayoutAsking") -> Result:
    """The wish, recorded for another person: whoever asks is known by a PIN too, so that nobody is both."""
    from mpesa_cli.cli.money_out.pin import operator_here
    from mpesa_cli.initiator.payouts.asking import propose_payout
    from mpesa_cli.initiator.payouts.ports import payout_terms
    from mpesa_cli.initiator.people.words import proposal_document
    from mpesa_cli.rules.values.amount import format_cents
    from mpesa_cli.terminal.payout_words import shown_phone

    ledger = runtime.ledger(profile)
    maker = operator_here(runtime, ledger, asking.by)
    made = propose_payout(ledger, runtime.world, payout_terms(profile), wish, replace(asking, by=maker))
    money = f"{format_cents(made.amount_cents)} to {shown_phone(made.msisdn)} for {made.reference}"
    return Result(
        proposal_document(made),
        [f"WAITS FOR APPROVAL {money}",
         f"  Nothing was sent. Another person agrees within a day: mpesa approve {made.request_id} --by NAME"],
        status=ExitStatus.CONFLICT,
    )


def _is_phone(text: str) -> bool:
    from mpesa_cli.rules.values.msisdn import parse_msisdn

    try:
        parse_msisdn(text)
    except InvalidInput:
        return False
    return True
