"""``mpesa ledger move``: the ledger from a file into a database, or back, with everything that is in it."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.cli.upkeep.existing_ledger import existing_ledger
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.moments import rfc3339

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


def ledger_move(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Argument(help="A new file, or postgresql://USER@HOST/DATABASE without a ledger.", metavar="PLACE")
    ],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Move the profile's ledger into a database, or out of one into a file, with everything that is in it.

    \b
    Examples:
      mpesa ledger move postgresql://mpesa@db1,db2/shop
      mpesa ledger move /var/lib/mpesa/shop.db

    Nobody can write meanwhile. The copy is proven, and its head is the old one's; from then on the old place refuses
    every write, of listeners that still run there too. Name the new place in the profile and start them again.
    Stopped half-way, run it again. Exit status: 0 moved, 5 not now, 9 the new place has payments of its own, 10 there
    is no ledger.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    source = existing_ledger(runtime, settings)
    with contextlib.closing(runtime.unguarded_ledger(_moved(settings, to))) as target:
        from mpesa_cli.upkeep.moving import move

        done = move(source, target, to)
    if settings.environment == "production":
        marked = runtime.unguarded_ledger(_moved(settings, to), runtime.marker(settings))
        with contextlib.closing(marked):
            marked.leave_mark()
    return Result(
        {
            "environment": settings.environment, "profile": settings.name, "ledger": done.place, "seq": done.head.seq,
            "hash": done.head.hash, "at": rfc3339(done.head.at_us), "rows": done.rows,
        },
        [done.head.hash],
        told=[Note(
            f"The ledger is at {done.place} now, and refuses every write at {source.engine.place}.\n"
            f'Name it in the profile: ledger = "{to}"\n'
            "Then start what runs for long again: mpesa listen", loud=True,
        )],
    )


def _moved(settings: "Profile", to: str) -> "Profile":
    """The profile with its ledger at another place. Raises InvalidInput."""
    from mpesa_cli.rules.values.database import AddressError, database, held_by, is_database, schema_name

    if not is_database(to):
        return replace(settings, ledger=Path(to).expanduser().absolute(), database=None)
    whose = (settings.environment, settings.shortcode, settings.till if settings.kind == "till" else None)
    name = settings.ledger_schema or schema_name(*whose)
    try:
        return replace(settings, database=database(to, name, held_by(*whose)))
    except AddressError as wrong:
        raise InvalidInput(
            f"The new place {wrong}.", hint="Nothing was changed. For example: postgresql://mpesa@db1,db2/shop"
        ) from None
