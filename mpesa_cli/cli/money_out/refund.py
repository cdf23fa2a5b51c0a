"""``mpesa refund``: a customer's money given back."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import (
    REF,
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


def refund(
    ctx: typer.Context,
    ref: Annotated[str, REF],
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why it goes back; needed, and kept in the ledger.", metavar="TEXT")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who gives it back [default: you].", metavar="NAME")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Ask once more, a day after a refund that nothing has settled.")
    ] = False,
    timeout: ResultTimeoutOption = RESULT_TIMEOUT_S,
    dry_run: ShowRequestOption = False,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Give a customer's money back: the whole amount of one receipt, to the phone that paid.

    \b
    Examples:
      mpesa refund 1042 --reason 'wrong size, brought back'
      mpesa refund UKO4Q7WX2B --reason 'paid twice' --json
      mpesa refund 1042 --reason 'wrong size, brought back' --dry-run
      mpesa refund 1042 --again --reason 'not on the statement of yesterday'

    In production refunds must be switched on, and the amount is typed to confirm it. Of one receipt one reversal is
    sent, and in doubt none after it: docs/shop/refunds.md.
    Exits 0 given back, 3 M-PESA refused, 4 it refused the initiator,
    5 not sent, 6 not known, 8 no result yet, 9 our rules or an approval that lacks.
    """
    from mpesa_cli.cli.consent.reasons import signed
    from mpesa_cli.cli.money_out.refund_one import refund_dry_run, refund_one
    from mpesa_cli.rules.money_out.refund_rules import RefundAsking

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    asking = RefundAsking(*signed(runtime, by, reason, example="--reason 'wrong size, brought back'"), again)
    if dry_run:
        return refund_dry_run(runtime, settings, ref, asking)
    return refund_one(runtime, settings, ref, asking, timeout_s=timeout, yes=yes)
