"""``mpesa pay``: money sent to a phone."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import (
    RESULT_TIMEOUT_S,
    JsonOption,
    ProfileOption,
    QuietOption,
    ResultTimeoutOption,
    ShowRequestOption,
    VerboseOption,
    YesOption,
    runtime_of,
)
from mpesa_cli.cli.result import Result


def pay(
    ctx: typer.Context,
    phone: Annotated[str, typer.Argument(help="Who gets it: 0712345678, 254…, +254….", metavar="PHONE")],
    amount: Annotated[str, typer.Argument(help="Whole shillings: 1500, 1,500.", metavar="AMOUNT")],
    for_: Annotated[
        str | None,
        typer.Option("--for", help="What it is for, in your own books: it is paid out once. Needed.", metavar="REF"),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why it goes out; needed, and kept in the ledger.", metavar="TEXT")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who pays it out [default: you].", metavar="NAME")] = None,
    not_paid: Annotated[
        bool, typer.Option("--not-paid-since-backup", help="After a restore: you know that it was not paid since.")
    ] = False,
    timeout: ResultTimeoutOption = RESULT_TIMEOUT_S,
    dry_run: ShowRequestOption = False,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Send money from the shop's account to a phone, once for what it is for.

    \b
    Examples:
      mpesa pay 0712345678 1500 --for wages-2026-11-asha --reason 'wages of November'
      mpesa pay 0712345678 1500 --for rider-1042 --reason 'delivery of order 1042' --json
      mpesa pay 0712345678 1500 --for rider-1042 --reason 'delivery of order 1042' --dry-run

    Off until payouts are switched on in the profile (docs/shop/payouts.md); in production the amount is typed to
    confirm it. What may have gone out is not paid a second time: in doubt the same command sends the same request
    again, by which M-PESA knows it. Exits 0 paid out, 3 M-PESA refused, 4 it refused the initiator, 5 not sent,
    6 not known, 8 no result yet, 9 our rules or an approval that lacks.
    """
    from mpesa_cli.cli.consent.reasons import signed
    from mpesa_cli.cli.money_out.pay_one import pay_dry_run, pay_one, wish_of
    from mpesa_cli.rules.money_out.limits import check_limits
    from mpesa_cli.rules.money_out.payout_rules import PayoutAsking

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    check_limits(settings.payouts.limits, 0, 0)
    lacks = "" if for_ else "Missing option '--for': what it is for, in your own books."
    example = "--for wages-2026-11-asha --reason 'wages of November'"
    asking = PayoutAsking(*signed(runtime, by, reason, example=example, lacks=lacks), not_paid)
    wish = wish_of(runtime, phone, amount, for_ or "")
    if dry_run:
        return pay_dry_run(runtime, settings, wish, asking)
    return pay_one(runtime, settings, wish, asking, timeout_s=timeout, yes=yes)
