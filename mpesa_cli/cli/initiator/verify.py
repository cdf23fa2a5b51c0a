"""``mpesa verify``: is the M-PESA receipt that a customer shows real, and is it still free?"""

from typing import Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.cli.result import Result

TIMEOUT_S = 30


def verify(
    ctx: typer.Context,
    receipt: Annotated[
        str,
        typer.Argument(help="The code that the customer's SMS begins with, or all of it in quotes; - reads it.",
                       metavar="RECEIPT"),
    ],
    amount: Annotated[str | None, typer.Option("--amount", help="What should have been paid.", metavar="KES")] = None,
    phone: Annotated[
        str | None, typer.Option("--phone", help="The customer's phone, if the payer must be this one.", metavar="P")
    ] = None,
    order: Annotated[
        str | None, typer.Option("--order", help="The order at the counter: finds receipts shown twice.", metavar="ID")
    ] = None,
    attach: Annotated[
        str | None,
        typer.Option("--attach", help="Have the receipt pay this order, once it is proven real.", metavar="ORDER"),
    ] = None,
    no_order: Annotated[
        bool, typer.Option("--no-order", help="Say that the receipt pays no order here, so that it stops none.")
    ] = False,
    by: Annotated[
        str | None, typer.Option("--by", help="With --attach or --no-order: who says so [default: you].")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With --attach or --no-order: why, for the ledger.")
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", help="Seconds to wait for Daraja's result.", metavar="S", min=1, max=300)
    ] = TIMEOUT_S,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Check the receipt of an SMS that a customer shows: real or not, and whether it was used before.

    \b
    Examples:
      mpesa verify UKO4Q7WX2B --amount 1500 --order 1042
      mpesa verify 'UKO4Q7WX2B Confirmed. Ksh1,500.00 paid to …' --order 1042
      mpesa verify UKO4Q7WX2B --phone 0708374149 --json
      mpesa verify UKO4Q7WX2B --attach 1042
      mpesa verify UKO4Q7WX2B --no-order --reason 'sold over the counter on Tuesday'

    Looks in the ledger and in statements that were read, then asks Daraja where the profile has an initiator. With
    --order a real receipt is remembered for that order; without one, a receipt that was shown before is used already.
    The amount in a pasted text is only compared. Exits 0 real, 3 not found or not paid, 5 Daraja was not reached, 6 not
    proven, 7 used already or another amount or phone.
    """
    from mpesa_cli.cli.initiator.verify_one import Typed, verified
    from mpesa_cli.cli.together import check_together

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    together = {
        "--order": order, "--attach": attach, "--amount": amount, "--phone": phone, "--by": by, "--reason": reason,
        "--no-order": no_order,
    }
    check_together("verify", together)
    settings = runtime.profile(profile)
    if no_order:
        from mpesa_cli.cli.initiator.no_order import name_no_order

        return name_no_order(runtime, settings, receipt, by, reason)
    typed = Typed(receipt, amount, phone, attach or order, timeout)
    if attach is not None:
        from mpesa_cli.cli.initiator.attach import attach_receipt

        return attach_receipt(runtime, settings, typed, by, reason, yes=yes)
    return verified(runtime, settings, typed)
