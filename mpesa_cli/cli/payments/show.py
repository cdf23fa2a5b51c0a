"""A payment as the result of push, retry and status; its state is the exit status."""

from typing import TYPE_CHECKING

from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpesa_cli.rules.payment import Payment
    from mpesa_cli.settings.profile import Profile


def result_sent(runtime: Runtime, profile: "Profile", payment: "Payment") -> Result:
    """For ``--no-wait``: as result_of, but exit 0 once Daraja has accepted the prompt."""
    from mpesa_cli.rules.state import AttemptState

    found = result_of(runtime, profile, payment)
    return found._replace(status=ExitStatus.DONE) if payment.last.state is AttemptState.PENDING else found


def result_of(runtime: Runtime, profile: "Profile", payment: "Payment") -> Result:
    """The payment as a result. A payment that no prompt can bring in is told how to be paid by hand, and the SMS
    receipts that wait are sent afterwards, which changes neither."""
    from mpesa_cli.rules.outcome import exit_status
    from mpesa_cli.rules.payment_document import payment_document
    from mpesa_cli.terminal.payment_words import payment_lines

    customer = for_the_customer(profile, payment)
    return Result(
        payment_document(payment, runtime.world.now_us()),
        payment_lines(runtime.streams, payment, customer=customer, language=profile.language),
        _beside(runtime, profile, payment, customer),
        status=exit_status(payment),
        then=lambda: send_sms(runtime, profile, first=payment.payment_id),
    )


def send_sms(runtime: Runtime, profile: "Profile", first: str = "") -> None:
    """Send the SMS receipts that wait. Loads nothing of it where the profile sends none."""
    if profile.sends_receipts:
        from mpesa_cli.sms.ports import send_waiting_sms

        send_waiting_sms(runtime, profile, first)


def _beside(runtime: Runtime, profile: "Profile", payment: "Payment", customer: str) -> "Iterator[Note]":
    """The notes for people beside the payment itself, on stderr."""
    from mpesa_cli.payments.claims import claims_on
    from mpesa_cli.rules.state import PaymentStatus
    from mpesa_cli.terminal.claim_words import claim_lines
    from mpesa_cli.terminal.payment_words import advice, environment_label

    streams = runtime.streams
    if not streams.is_terminal(streams.stdout):  # on a terminal this stands among the lines
        verbose = streams.verbosity > 0
        yield from map(Note, advice(payment, customer=customer, verbose=verbose, language=profile.language))
        if label := environment_label(payment.environment, profile.language):
            yield Note(label)
    yield from map(Note, claim_lines(claims_on(runtime.ledger(profile), payment)))
    yield from map(Note, _unmatched_lines(runtime, profile, payment))
    if customer and payment.status is not PaymentStatus.FAILED:
        yield Note(customer)
    if way := by_hand(profile, payment):
        yield Note(way)


def _unmatched_lines(runtime: Runtime, profile: "Profile", payment: "Payment") -> list[str]:
    """What M-PESA's record has that may be this payment's, as the last reconcile found it."""
    from mpesa_cli.books.store.differences import Differences
    from mpesa_cli.rules.values.amount import format_cents

    found = Differences(runtime.ledger(profile)).money_that_may_be(payment.payment_id, profile.takes_money_on)
    return [
        f"M-PESA's record has receipt {each.receipt}, {format_cents(each.amount_cents or 0)}, that may be order "
        f"{payment.order_id}'s: look at it before you ask again. If it is: mpesa verify {each.receipt} "
        f"--attach {payment.order_id}"
        for each in found
    ]


def for_the_customer(profile: "Profile", payment: "Payment") -> str:
    """The words to tell the customer of a payment that is not paid, in the shop's language; empty otherwise."""
    from mpesa_cli.terminal.customer_words import customer_words

    words = customer_words(payment, profile.language)
    tell = "Mwambie mteja" if profile.language == "sw" else "Tell the customer"
    return f"{tell}: {words}" if words else ""


def by_hand(profile: "Profile", payment: "Payment") -> str:
    """The way to pay from the M-PESA menu; empty where a prompt may work, or paying by hand may not."""
    from mpesa_cli.rules.manual_way import manual_way, prompt_cannot_work

    if not prompt_cannot_work(payment):
        return ""
    account = profile.account_number or payment.account_reference
    way = manual_way(
        till=profile.till, shortcode=profile.shortcode, account=account, amount_cents=payment.amount_cents
    )
    return f"By hand, from any line: {way}."
