"""``mpesa push``: ask a customer's phone for money, once, and say where it stands; or a whole file of them."""

from typing import Annotated

import typer

from mpesa_cli.cli.options import (
    JsonOption,
    NotPaidOption,
    ProfileOption,
    QuietOption,
    ReasonOption,
    TimeoutOption,
    VerboseOption,
    WaitTurnOption,
    YesOption,
    runtime_of,
)
from mpesa_cli.cli.result import Result


def push(
    ctx: typer.Context,
    phone: Annotated[
        str | None, typer.Argument(help="The customer's number: 0712345678, 0112…, +254…", metavar="PHONE")
    ] = None,
    amount: Annotated[
        str | None, typer.Argument(help="Whole shillings: 1500, 1,500.00 or 'KES 1500'.", metavar="AMOUNT")
    ] = None,
    order: Annotated[
        str | None, typer.Option("--order", help="The shop's order id. An order is asked for once.", metavar="ID")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", help="Account reference the customer sees.", metavar="REF")
    ] = None,
    description: Annotated[
        str | None, typer.Option("--description", help="What it is for, in a few words.", metavar="TEXT")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="A batch from a CSV file; - is standard input.", metavar="FILE")
    ] = None,
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait", help="Wait for the answer, or not [default: wait; don't, for a batch].",
            show_default=False,
        ),
    ] = None,
    timeout: TimeoutOption = None,
    wait_turn: WaitTurnOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request, secrets hidden; send nothing.")
    ] = False,
    not_paid_since_backup: NotPaidOption = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Ask a customer's phone for money (STK push) and wait for the answer.

    \b
    Examples:
      mpesa push 0712345678 1500 --order 1042
      mpesa push 254708374149 100 --order demo-1        (the simulator's paying customer)
      mpesa push 0712345678 'KES 1,500' --order 1042 --no-wait --json
      mpesa push --from orders.csv --dry-run

    An order is asked for once: the same command again picks the running prompt up, or shows the receipt.
    A phone that was asked a moment ago has to wait for its turn: on a terminal it is counted down and then
    asked, in a script with --wait-turn. A batch always waits.
    A batch file has a heading with the columns phone, amount, order and, where wanted, account and
    description. Every row is checked before the first is sent; the same file again sends only what was
    never sent.

    Exit status: 0 paid (or accepted, with --no-wait), 3 not paid, 5 nothing was charged, 6 unknown, 8 still
    waiting, 9 already paid or guarded. A batch: 0 all accepted or paid, 5 the same again sends the rest,
    6 some unknown, 7 some not paid, 8 some still waiting (with --wait). All: mpesa help exit-status
    """
    from mpesa_cli.cli.consent.restored_gap import flag_answer
    from mpesa_cli.cli.payments.turns import Waiting
    from mpesa_cli.cli.together import check_together

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    answer = flag_answer(runtime, not_paid=not_paid_since_backup, reason=reason)
    typed = {
        "PHONE": phone, "AMOUNT": amount, "--order": order, "--account": account, "--description": description,
        "--from": from_,
    }
    check_together("push", typed)
    if from_ is not None:
        from mpesa_cli.cli.batch.push_batch import push_batch, push_batch_dry_run

        if dry_run:
            return push_batch_dry_run(runtime, settings, from_)
        watch_s = Waiting.of(runtime, settings, timeout, for_answer=True, for_turn=True).timeout_s if wait else None
        return push_batch(runtime, settings, from_, watch_s, answer, yes=yes)
    from mpesa_cli.cli.payments.push_one import Typed, push_dry_run, push_one

    waiting = Waiting.of(runtime, settings, timeout, for_answer=wait is not False, for_turn=wait_turn)
    asked = Typed(phone or "", amount or "", order, account, description)
    if dry_run:
        return push_dry_run(runtime, settings, asked)
    return push_one(runtime, settings, asked, waiting, answer, yes=yes)
