"""What push, retry and status do with a payment at the end: print it and exit by its state."""

from typing import TYPE_CHECKING

import typer

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import print_json

if TYPE_CHECKING:
    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile


def show_sent(runtime: Runtime, payment: "Payment", *, as_json: bool, profile: "Profile | None" = None) -> None:
    """For ``--no-wait``: as show_and_exit, but exit 0 once Daraja has accepted the prompt."""
    from mpesa_cli.rules.state import AttemptState

    accepted = payment.last.state is AttemptState.PENDING
    status = ExitStatus.DONE if accepted else None
    show_and_exit(runtime, payment, as_json=as_json, status=status, profile=profile)


def show_and_exit(
    runtime: Runtime,
    payment: "Payment",
    *,
    as_json: bool,
    status: ExitStatus | None = None,
    profile: "Profile | None" = None,
) -> None:
    """Print the payment and raise typer.Exit with its exit status, or with ``status`` where given.

    With ``profile`` a payment that no prompt can bring in is told how to be paid by hand, and the SMS receipts
    that wait are sent in between, which changes neither.
    """
    from mpesa_cli.rules.outcome import exit_status
    from mpesa_cli.rules.payment_document import payment_document
    from mpesa_cli.rules.state import PaymentStatus
    from mpesa_cli.terminal.payment_words import advice, environment_label, print_payment

    streams = runtime.streams
    customer = for_the_customer(profile, payment) if profile is not None else ""
    if as_json:
        print_json(streams, payment_document(payment, runtime.world.now_us()))
    else:
        print_payment(streams, payment, customer=customer)
        if not streams.is_terminal(streams.stdout):
            label = environment_label(payment.environment)
            told = advice(payment, customer=customer, verbose=streams.verbosity > 0)
            for line in [*told, *([label] if label else [])]:
                streams.say(line)
        if profile is not None:
            from mpesa_cli.payments.claims import claims_on
            from mpesa_cli.terminal.claim_words import claim_lines

            for line in claim_lines(claims_on(runtime.ledger(profile), payment)):
                streams.say(line)
        if customer and payment.status is not PaymentStatus.FAILED:
            streams.say(customer)
        if profile is not None and (way := by_hand(profile, payment)):
            streams.say(way)
    if profile is not None:
        from mpesa_cli.sms.ports import send_waiting_sms

        send_waiting_sms(runtime, profile, first=payment.payment_id)
    raise typer.Exit(int(exit_status(payment) if status is None else status))


def for_the_customer(profile: "Profile", payment: "Payment") -> str:
    """What to tell the customer of a payment that is not paid, in the shop's language; empty otherwise."""
    from mpesa_cli.rules.codes.lookup import doubtful_meaning, no_prompt_meaning, stk_result
    from mpesa_cli.rules.state import AttemptState

    view = payment.last.view
    code, text = view.result_code or "", view.result_desc or ""
    match payment.last.state:
        case AttemptState.FAILED if view.source != "person":  # who decided has talked to the customer
            row = stk_result(code)
        case AttemptState.NOT_SENT | AttemptState.REJECTED if code:
            row = no_prompt_meaning(code, text)
        case AttemptState.UNKNOWN:
            row = doubtful_meaning(code, text)
        case _:
            return ""
    return f"Tell the customer: {row.customer_sw if profile.language == 'sw' else row.customer}"


def by_hand(profile: "Profile", payment: "Payment") -> str:
    """How the customer can pay from the M-PESA menu; empty where a prompt may work, or paying by hand may not."""
    from mpesa_cli.rules.manual_way import manual_way, prompt_cannot_work

    if not prompt_cannot_work(payment):
        return ""
    account = profile.account_number or payment.account_reference
    way = manual_way(
        till=profile.till, shortcode=profile.shortcode, account=account, amount_cents=payment.amount_cents
    )
    return f"By hand, from any line: {way}."
