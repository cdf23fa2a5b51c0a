"""``mpesa reconcile``: what cron runs to settle everything that is open."""

from typing import TYPE_CHECKING

import typer

from mpesa_cli.commands.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.errors import ExitStatus
from mpesa_cli.terminal.render import print_json

if TYPE_CHECKING:
    from mpesa_cli.operations.reconcile import Reconciled
    from mpesa_cli.terminal.streams import Streams


def reconcile(
    ctx: typer.Context,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Settle every open payment: apply stored callbacks, ask Daraja within its ration, send waiting receipts.

    \b
    Examples:
      mpesa reconcile
      mpesa reconcile --json

    Silent when nothing needs anybody; only one runs at a time. Exit status: 0 nothing is in doubt, 5 Daraja
    could not be asked about some, or another one is running, 7 somebody must look.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    settings = runtime.profile(profile)
    from mpesa_cli.operations.lock import only_batch
    from mpesa_cli.operations.reconcile import settle_open

    ledger = runtime.ledger(settings)
    with only_batch(settings.ledger, "reconcile"):
        done = settle_open(ledger, lambda: runtime.daraja(settings), runtime.now_us, runtime.deliver(settings))
        runtime.send_waiting_sms(settings)
    if json_:
        from mpesa_cli.domain.payment_document import payment_document

        print_json(
            runtime.streams,
            {
                "environment": settings.environment,
                "profile": settings.name,
                "not_asked": done.not_asked,
                "payments": [payment_document(p, runtime.now_us()) for p in done.payments],
            },
        )
    else:
        _print(runtime.streams, done)
    raise typer.Exit(int(_status(done)))


def _status(done: "Reconciled") -> ExitStatus:
    if done.for_a_person:
        return ExitStatus.DIFFERENCES
    return ExitStatus.TEMPORARY if done.not_asked else ExitStatus.DONE


def _print(streams: "Streams", done: "Reconciled") -> None:
    from mpesa_cli.terminal.payment_words import advice, headline

    shown = done.payments if streams.verbosity else done.for_a_person
    for payment in shown:
        streams.out(headline(payment))
        for line in advice(payment):
            streams.say(f"  {line}")
    if done.not_asked:
        streams.say(f"Daraja could not be asked about {done.not_asked} of them this time. Again later: mpesa reconcile")
