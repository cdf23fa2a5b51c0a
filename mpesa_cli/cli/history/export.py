"""``mpesa export``: payments, receipts, charges and totals of a time as a file for the office."""

from pathlib import Path
from typing import Annotated

import typer

from mpesa_cli.cli.consent.confirm import Question, confirm
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.cli.upkeep.existing_ledger import existing_ledger
from mpesa_cli.terminal.amount_words import counted


def export(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The file to write: its ending says how, .xlsx, .csv or .db.", metavar="FILE")
    ],
    since: Annotated[
        str | None, typer.Option("--since", help="From then on: today, yesterday, 7d, 2026-11-01.", metavar="WHEN")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Until then; a day is meant to its end.", metavar="WHEN")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Write whole phone numbers; asks first.")] = False,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Write payments, receipts, charges and totals per day and month into a file for the office.

    \b
    Examples:
      mpesa export november.xlsx --since 2026-11-01 --until 2026-11-30
      mpesa export today.csv --since today
      mpesa export all.db

    Days and times are Nairobi's. The totals are those of `mpesa history --summary`, and beside them those of the books
    and who closed the day. The charges are those that statements told (mpesa reconcile --statement FILE). A CSV holds
    the payments; the other tables are beside it: today-receipts.csv. The .db is a plain SQLite file, for sqlite-utils,
    Datasette and others. Phone numbers are masked unless --full. The file is for its owner only. Asks M-PESA nothing.
    """
    from mpesa_cli.books.reconciling import shortcodes_of
    from mpesa_cli.cli.history.history import time_span
    from mpesa_cli.history.export.files import writer_for
    from mpesa_cli.history.export.tables import Export
    from mpesa_cli.payments.told import shop_of, take_in
    from mpesa_cli.terminal.progress import telling

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    target = file.expanduser().absolute()
    write = writer_for(target)
    since_us, until_us = time_span(runtime.world.now_us(), since, until)
    settings = runtime.profile(profile)
    ledger = existing_ledger(runtime, settings)
    if full:
        question = Question(
            f"Write whole phone numbers of customers into {target}?",
            "--full writes whole phone numbers of customers, and asks first.", "Nothing was written.",
        )
        confirm(runtime, question, yes=yes)
    take_in(ledger, shop_of(settings, runtime.world))
    with telling(runtime.streams) as told, ledger.snapshot():  # of one moment, whatever is paid meanwhile
        tables = Export(
            ledger, shortcodes_of(settings), since_us, until_us, full=full, grouped=target.suffix.lower() == ".csv",
            told=told,
        )
        written = write(target, tables.tables())
    return Result(
        {
            "environment": ledger.environment, "full": full,
            "files": [{"file": str(path), "rows": rows} for path, rows in written.items()],
        },
        [str(path) for path in written],
        [Note(f"{counted(sum(written.values()), 'row')} written.")],
    )
