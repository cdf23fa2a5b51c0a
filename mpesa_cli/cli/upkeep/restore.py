"""``mpesa restore``: a backup becomes the ledger, where there is none."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Conflict
from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.terminal.amount_words import counted


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that mpesa backup wrote.", metavar="FILE")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Put a backup in the place of a ledger that is gone, after proving it.

    \b
    Examples:
      mpesa restore /mnt/usb/shop-2026-11-24.db
      mpesa restore /mnt/usb/shop-2026-11-24.db --profile shop

    Never writes over a ledger. What happened after the backup is not in it: an order that was paid since would be
    charged again. Until M-PESA's own record has told of all of that time (mpesa reconcile), push and retry refuse
    every order that may have been paid in it. Exit status: 0 restored, 2 no backup, 5 the disk is full, 9 a ledger
    is there, 10 not whole or of another environment.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.terminal.progress import telling
    from mpesa_cli.upkeep.restore import Place
    from mpesa_cli.upkeep.restore import restore as put_back

    source = file.expanduser().absolute()
    if settings.database is not None:
        raise Conflict(
            f"The ledger of profile {settings.name} is in a database, and a backup is a file.",
            hint="Nothing was changed. Put it back as a file, and move that into a database without a ledger: "
            f"MPESA_LEDGER=/folder/shop.db mpesa restore {file}, then: "
            f"MPESA_LEDGER=/folder/shop.db mpesa ledger move {settings.database.url}",
            code="ledger-in-database",
        )
    place = Place(
        settings.ledger, settings.environment, lambda path: runtime.unguarded_ledger(replace(settings, ledger=path))
    )
    with telling(runtime.streams) as told:
        done = put_back(source, place, runtime.world.now_us(), told)
    if settings.environment == "production":
        with contextlib.closing(runtime.unguarded_ledger(settings, runtime.marker(settings))) as restored:
            restored.leave_mark(over_another=True)
    until = day_and_time(done.head.at_us) if done.head.at_us else "the beginning"
    lacking = (
        f"Restored: {counted(done.payments, 'payment')}, {done.open:,} of them open, as they stood on {until}.\n"
        f"NOTHING THAT HAPPENED AFTER THAT IS IN IT. An order that was asked for or paid since is new to this ledger: "
        "to push it again can charge the customer twice.\n"
        "First settle what was open:       mpesa reconcile\n"
        "Then read M-PESA's own record:    mpesa reconcile --statement FILE   (or --pull, for the last 48 hours)\n"
        "Until that record has told of all of that time, mpesa push and mpesa retry refuse what may be paid already."
    )
    return Result(
        {
            "environment": settings.environment, "profile": settings.name, "ledger": str(settings.ledger),
            "file": str(source), "seq": done.head.seq, "hash": done.head.hash,
            "known_until": rfc3339(done.head.at_us), "payments": done.payments, "open": done.open,
        },
        [str(settings.ledger)],
        told=[Note(lacking, loud=True)],
    )
