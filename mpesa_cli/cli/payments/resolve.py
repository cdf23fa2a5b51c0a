"""``mpesa resolve``: a person decides how a payment ended that nothing else will settle."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.consent.confirm import Question, confirm_in_production
from mpesa_cli.cli.consent.reasons import signed
from mpesa_cli.cli.options import REF, JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.cli.payments.show import result_of
from mpesa_cli.cli.payments.status import find
from mpesa_cli.cli.result import Result
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.payments.resolve import Decision
    from mpesa_cli.rules.payment import Payment


class Ending(StrEnum):
    """The end of a payment, in the decision of a person."""

    PAID = "paid"
    FAILED = "failed"


def resolve(
    ctx: typer.Context,
    ref: Annotated[str, REF],
    ending: Annotated[Ending, typer.Argument(help="How it ended: paid or failed.", metavar="paid|failed")],
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="What you saw, and where; needed, and kept in the ledger.", metavar="TEXT"),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who decides [default: you].", metavar="NAME")] = None,
    receipt: Annotated[
        str | None, typer.Option("--receipt", help="With paid: the receipt on the M-PESA statement.", metavar="R")
    ] = None,
    attempt: Annotated[
        int | None, typer.Option("--attempt", help="Which attempt, where several are open.", metavar="N", min=1)
    ] = None,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Decide how a payment ended, after looking at the M-PESA statement: the way out of review.

    \b
    Examples:
      mpesa resolve 1042 paid --receipt UKO4Q7WX2B --reason 'on the statement of 24 November, amount agreed'
      mpesa resolve 1042 failed --reason 'no such payment on the statement of 24 November'

    The decision goes into the ledger with its reason and your name, and mpesa log shows it. Money that is reported
    later is never hidden by it. Exits by the payment's state; 9 where nothing would change.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.payments.resolve import attempt_meant, would_become
    from mpesa_cli.payments.resolve import resolve as journal
    from mpesa_cli.payments.wait import look

    decision = _decision(runtime, ending, reason, by, receipt)
    ledger = runtime.ledger(settings)
    callback_intake(runtime, settings)()
    payment = look(ledger, find(runtime, settings, ref).payment_id, runtime.world.now_us())
    meant = attempt_meant(payment, attempt)
    after = would_become(ledger, payment, meant, decision, runtime.world.now_us())
    _say_change(runtime, payment, after)
    question = Question(
        "Type the order id to confirm",
        "A decision about money in production needs somebody to confirm it, and nobody is here.",
        nothing="Nothing was changed.",
        typed=payment.order_id,
    )
    confirm_in_production(runtime, settings, question, yes=yes)
    resolved = journal(ledger, payment.payment_id, meant.ref.number, decision, runtime.world.now_us())
    return result_of(runtime, settings, resolved)


def _decision(runtime: Runtime, ending: Ending, reason: str | None, by: str | None, receipt: str | None) -> "Decision":
    from mpesa_cli.floor.errors import InvalidInput
    from mpesa_cli.payments.resolve import Decision
    from mpesa_cli.rules.values.receipt_number import parse_receipt

    if receipt is not None and ending is Ending.FAILED:
        raise InvalidInput(
            "--receipt goes with paid: what failed has none.",
            hint="Nothing was changed. See: mpesa resolve --help",
            code="usage",
        )
    name, said = signed(runtime, by, reason, example="--reason 'on the statement of 24 November, amount agreed'")
    return Decision(ending.value, name, said, parse_receipt(receipt) if receipt else "")


def _say_change(runtime: Runtime, payment: "Payment", after: "Payment") -> None:
    from mpesa_cli.rules.values.amount import format_cents

    amount = format_cents(payment.amount_cents)
    runtime.streams.say(f"Order {payment.order_id}, {amount}: {payment.status.value} becomes {after.status.value}.")
