"""``mpesa simulator statement|reverse``: the simulator's portal, where a shop gets statements and gives money back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import InvalidInput

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


def statement(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option("--since", help="From then on: today, yesterday, 7d, 2026-11-24.", metavar="WHEN")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Until then; a day is meant to its end.", metavar="WHEN")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Write it to this file.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Print the embedded simulator's statement, as M-PESA's portal gives it: CSV, newest first, with charges.

    \b
    Examples:
      mpesa simulator statement --output statement.csv
      mpesa simulator statement --since 2026-11-01 --until 2026-11-30

    Every payment that the simulator took for the profile's shortcode is in it, whoever heard of it: prompts
    whose callback was lost and payments from the menu too. Days are the simulator's own
    (mpesa simulator clock). Changes nothing.
    """
    runtime = runtime_of(ctx, quiet=quiet)
    settings = runtime.profile(profile)
    _only_embedded(settings, "GET …/simulator/statement?shortcode=" + settings.shortcode)
    from mpesa_cli.simulator.statement import read_period

    simulator = runtime.simulator(settings)
    text = simulator.statement(settings.shortcode, read_period(since, until, simulator.own_time_us()))
    if output is None:
        return Result(lines=[text.replace("\r\n", "\n").rstrip("\n")])
    from mpesa_cli.floor.files.new_file import write_new_file

    write_new_file(Path(output), text.encode(), overwrite=force, again="mpesa simulator statement --output FILE",
                   stands="Nothing was changed.")
    return Result(lines=[output])


def reverse(
    ctx: typer.Context,
    receipt: Annotated[str, typer.Argument(help="The M-PESA receipt of a customer's payment.", metavar="RECEIPT")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Give a customer's payment back in the embedded simulator, as somebody at the portal would.

    \b
    Examples:
      mpesa simulator reverse UKO4Q7X81C

    No callback tells of it: only the statement does (mpesa simulator statement). The ledger is not touched.
    """
    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    _only_embedded(settings, "POST …/simulator/reverse with the receipt")
    made = runtime.simulator(settings).reverse(receipt)
    from mpesa_cli.rules.values.amount import cents_to_json, format_cents

    amount, back = cents_to_json(made.amount_cents), format_cents(made.amount_cents)
    return Result(
        {"environment": "simulator", "receipt": made.receipt, "reverses": made.linked, "amount": amount},
        [f"{made.linked} was reversed under {made.receipt}: {back} went back."],
    )


def _only_embedded(settings: "Profile", elsewhere: str) -> None:
    if settings.embedded:
        return
    if settings.environment == "simulator":
        raise InvalidInput(
            f"Profile {settings.name} talks to a simulator that runs as a server.",
            hint=f"Ask that server itself: {elsewhere}. Its paths: mpesa simulator serve --help",
            code="simulator-elsewhere",
        )
    raise InvalidInput(
        f"Profile {settings.name} is not the simulator's ({settings.environment}).",
        hint="Nothing was done. Right: mpesa simulator statement -P simulator",
        code="not-the-simulator",
    )
