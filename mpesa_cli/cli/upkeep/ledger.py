"""``mpesa ledger``: the ledger itself, begun anew on purpose."""

from typing import Annotated

import typer

from mpesa_cli.cli.consent.reasons import signed
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Conflict


def ledger_begin(
    ctx: typer.Context,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why; needed, and kept in the ledger.", metavar="TEXT")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who decides [default: you].", metavar="NAME")] = None,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Begin a production ledger anew on purpose, where another was known for this till or paybill.

    \b
    Examples:
      mpesa ledger begin --reason 'the old machine was stolen, and there is no backup'
      mpesa ledger begin -P shop --reason 'new year, the books of 2026 are closed'

    Where a ledger was used before and its file is gone, or another stands in its place, nothing that asks for money
    goes out, because an order that was paid would be charged again. Put the file back first, or a backup
    (mpesa restore). If neither can be had, this makes the ledger that the profile names the shop's. What was paid
    before is not in it. Exit status: 0 begun, 9 there is nothing to begin, 10 the ledger can't be used.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    person, said = signed(runtime, by, reason, example="--reason 'the old machine was stolen, and there is no backup'")
    if settings.environment != "production":
        raise Conflict(
            f"Only a production ledger is known by name; this profile is {settings.environment}.",
            hint="Nothing was changed. A ledger of the simulator or the sandbox begins with the first push.",
            code="ledger-known",
        )
    import contextlib

    from mpesa_cli.ledger.guarding import begin_anew

    marker = runtime.marker(settings)
    with contextlib.closing(runtime.unguarded_ledger(settings, marker)) as ledger:
        begun = begin_anew(ledger, marker, by=person, reason=said, at_us=runtime.world.now_us())
    return Result(
        {
            "environment": settings.environment, "profile": settings.name, "ledger": settings.ledger_place,
            "ledger_id": begun.ledger_id, "before": begun.before.ledger_id if begun.before else None,
            "reason": said,
        },
        [f"{settings.ledger_place} is the shop's ledger from now on."],
        [Note(
            "NOTHING THAT WAS PAID BEFORE IS IN IT: to push an order again that was paid can charge the customer "
            "twice. What M-PESA knows of those days: mpesa reconcile --statement FILE", loud=True,
        )],
    )
