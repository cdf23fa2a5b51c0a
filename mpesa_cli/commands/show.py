"""What push, retry and status do with a payment at the end: print it and exit by its state."""

from typing import TYPE_CHECKING

import typer

from mpesa_cli.errors import ExitStatus
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.render import print_json

if TYPE_CHECKING:
    from mpesa_cli.domain.payment import Payment


def show_sent(runtime: Runtime, payment: "Payment", *, as_json: bool) -> None:
    """For ``--no-wait``: as show_and_exit, but exit 0 once Daraja has accepted the prompt."""
    from mpesa_cli.domain.state import AttemptState

    accepted = payment.last.state is AttemptState.PENDING
    show_and_exit(runtime, payment, as_json=as_json, status=ExitStatus.DONE if accepted else None)


def show_and_exit(runtime: Runtime, payment: "Payment", *, as_json: bool, status: ExitStatus | None = None) -> None:
    """Print the payment and raise typer.Exit with its exit status, or with ``status`` where given."""
    from mpesa_cli.domain.outcome import exit_status
    from mpesa_cli.terminal.payment_json import payment_document
    from mpesa_cli.terminal.payment_words import advice, environment_label, print_payment

    streams = runtime.streams
    if as_json:
        print_json(streams, payment_document(payment, runtime.now_us()))
    else:
        print_payment(streams, payment)
        if not streams.is_terminal(streams.stdout):
            label = environment_label(payment.environment)
            for line in [*advice(payment), *([label] if label else [])]:
                streams.say(line)
    raise typer.Exit(int(exit_status(payment) if status is None else status))
