"""``mpesa c2b-simulate``: a customer paying from the M-PESA menu, in the simulator or the sandbox."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.rules.values.amount import parse_shillings
from mpesa_cli.rules.values.msisdn import parse_msisdn


def c2b_simulate(
    ctx: typer.Context,
    phone: Annotated[str, typer.Argument(help="Who pays: in the sandbox only 254708374149 works.", metavar="PHONE")],
    amount: Annotated[str, typer.Argument(help="Whole shillings.", metavar="AMOUNT")],
    account: Annotated[
        str, typer.Option("--account", help="What the customer types as account number.", metavar="REF")
    ] = "",
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Play a customer who pays by hand from the M-PESA menu (simulator and sandbox only).

    \b
    Examples:
      mpesa c2b-simulate 254708374149 500 --account 1042

    Register URLs first (mpesa c2b-register); the confirmation comes to them.
    """
    from mpesa_cli.ledger.hooks import Hooks

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    if settings.environment == "production":
        raise InvalidInput(
            "Payments can't be simulated in production.",
            hint="Nothing was sent. Use the simulator: mpesa c2b-simulate … -P simulator",
            code="not-in-production",
        )
    from mpesa_cli.daraja.c2b import simulate

    shillings, msisdn = parse_shillings(amount, settings.limits), parse_msisdn(phone)
    registered = Hooks(runtime.ledger(settings)).c2b_version(settings.shortcode) if settings.ledger.exists() else ""
    version = simulate(
        runtime.daraja(settings), settings.shortcode, settings.kind, msisdn, shillings, account or settings.shortcode,
        "v1" if registered == "v1" else "v2" if registered else None,
    )
    document = {"simulated": True, "environment": settings.environment, "api": version}
    made = Note("The payment was made. Its confirmation goes to the registered URL; see: mpesa history")
    return Result(document, notes=[made])
