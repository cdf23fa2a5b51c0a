"""``mpesa balance``: what is on the shop's M-PESA accounts."""

from typing import TYPE_CHECKING

import typer

from mpesa_cli.cli.options import (
    RESULT_TIMEOUT_S,
    JsonOption,
    ProfileOption,
    QuietOption,
    ResultTimeoutOption,
    VerboseOption,
    runtime_of,
)
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.terminal.table import Table

if TYPE_CHECKING:
    from mpesa_cli.daraja.questions.account_balance import Balance
    from mpesa_cli.initiator.ask import InitiatorContext
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


def balance(
    ctx: typer.Context,
    timeout: ResultTimeoutOption = RESULT_TIMEOUT_S,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Ask M-PESA what is on the shop's accounts: working, utility or merchant, charges.

    \b
    Examples:
      mpesa balance
      mpesa balance --json

    Customers' money comes to the utility account of a paybill and to the merchant account of a till. Needs an initiator
    (docs/operate/initiator.md) and a listener that can take the result. Moves no money. Exits 0 with the balance,
    3 M-PESA said no, 4 the initiator was refused, 5 no result came in time.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.cli.initiator.unheard import unheard
    from mpesa_cli.initiator.balance import ask_balance
    from mpesa_cli.terminal.progress import waiting_for_result

    context = balance_context(runtime, settings)
    if warning := unheard(settings):
        runtime.streams.say(warning)
    runtime.streams.say(f"Asking M-PESA for the balance of {settings.shortcode}; waiting for its result …")
    with waiting_for_result(runtime.streams, settings.language) as look:
        told = ask_balance(context, timeout, look)
    return _result(settings, told)


def balance_context(runtime: "Runtime", profile: "Profile") -> "InitiatorContext":
    """The outside of the question. Raises SettingsError or SecretMissing; nothing is sent."""
    from mpesa_cli.initiator.ports import has_initiator, initiator_context
    from mpesa_cli.listener.ports import callback_intake

    if not has_initiator(profile):
        raise SettingsError(
            f"Profile {profile.name} has no initiator to ask M-PESA with.",
            hint="Nothing was sent. How to get one: docs/operate/initiator.md. Then set initiator.name and: "
            "mpesa config check",
            code="no-initiator",
        )
    return initiator_context(runtime, profile, callback_intake(runtime, profile))


def _result(settings: "Profile", told: "Balance") -> Result:
    from mpesa_cli.initiator.balance_document import balance_document
    from mpesa_cli.rules.values.amount import format_cents
    from mpesa_cli.terminal.payment_words import environment_label

    rows = [
        [each.name, format_cents(each.current_cents), format_cents(each.available_cents),
         format_cents(each.reserved_cents), format_cents(each.uncleared_cents)]
        for each in told.accounts
    ]
    label = environment_label(settings.environment)
    return Result(
        balance_document(told, settings.environment),
        Table(["Account", "Current", "Available", "Reserved", "Uncleared"], rows, numbers=(1, 2, 3, 4), named=True),
        [Note(label)] if label else [],
    )
