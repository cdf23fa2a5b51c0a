"""``mpesa backup``: a safe copy of the ledger, made while payments go on."""

from pathlib import Path
from typing import Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.cli.upkeep.existing_ledger import existing_ledger
from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.terminal.amount_words import counted


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write. It must not exist.", metavar="FILE")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Copy the ledger into one new file, and prove the copy, while payments go on.

    \b
    Examples:
      mpesa backup /mnt/usb/shop-2026-11-24.db
      mpesa backup "/backup/shop-$(date +%F).db" --quiet

    Prints the head of the copy's hash chain, to be kept elsewhere (mpesa audit verify --head). The file is for its
    owner only and holds customers' numbers: take it off this machine, encrypted. Never copy a ledger with cp. Exit
    status: 0 written and whole, 5 not written, 7 written, but the ledger itself is not whole, 10 there is no ledger.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.terminal.progress import telling
    from mpesa_cli.upkeep.backup import backup as make
    from mpesa_cli.upkeep.whole_checks import note_whole

    target = file.expanduser().absolute()
    ledger = existing_ledger(runtime, settings)
    with telling(runtime.streams) as told:
        made = make(ledger, target, told)
    if made.audit.whole:
        note_whole(ledger, runtime.world.now_us())
    until = f" until {day_and_time(made.head.at_us)}" if made.head.at_us else ""
    rows = counted(made.head.rows, "row")
    notes = [Note(f"{made.path}: {rows} of the journal{until}, {made.size_bytes:,} bytes.")]
    if not made.audit.whole:
        broken = f"The copy is as the ledger is, and the ledger is NOT WHOLE: {made.audit.words[0]} "
        notes.append(Note(f"{broken}See: mpesa audit verify -v", loud=True))
    return Result(
        {
            "environment": settings.environment, "profile": settings.name, "file": str(made.path),
            "bytes": made.size_bytes, "seq": made.head.seq, "hash": made.head.hash,
            "at": rfc3339(made.head.at_us), "rows": made.head.rows, "whole": made.audit.whole,
        },
        [made.head.hash], told=notes,
        status=ExitStatus.DONE if made.audit.whole else ExitStatus.DIFFERENCES,
    )
