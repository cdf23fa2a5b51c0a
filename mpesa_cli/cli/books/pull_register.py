"""``mpesa pull-register``: have Daraja list what customers pay (Pull Transactions), once for each shortcode."""

from typing import Annotated

import typer

from mpesa_cli.cli.consent.confirm import Question, confirm_in_production
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.cli.result import Result, request_only
from mpesa_cli.floor.errors import SettingsError
from mpesa_cli.rules.values.msisdn import parse_msisdn


def pull_register(
    ctx: typer.Context,
    nominated: Annotated[
        str, typer.Option("--nominated", help="The phone number in the shortcode's papers.", metavar="PHONE")
    ],
    callback_url: Annotated[
        str | None, typer.Option("--callback-url", help="[default: the profile's callback_base_url]", metavar="U")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the request; send nothing.")] = False,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Register the shortcode for Pull Transactions, once, so that reconcile can ask what customers paid.

    \b
    Examples:
      mpesa pull-register --nominated 0708374149
      mpesa pull-register --nominated 0708374149 --dry-run

    The shortcode must be live with its C2B addresses. Registering again changes nothing. Moves no money. Exits
    0 where it is registered, now or before, 3 where Daraja says no.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.daraja.pull import register, register_body

    url = callback_url or settings.callback_base_url
    if not url:
        raise SettingsError(
            f"Profile {settings.name} has no callback_base_url, and Daraja wants an address.",
            hint="Nothing was sent. Set callback_base_url (or APP_URL), or name one: mpesa pull-register --help",
            code="callback-url-missing",
        )
    body = register_body(settings.shortcode, parse_msisdn(nominated), url)
    if dry_run:
        return request_only(body)
    question = Question(
        f"Register {settings.shortcode} for Pull Transactions in production?",
        "A registration in production needs somebody to confirm it, and nobody is here.",
    )
    confirm_in_production(runtime, settings, question, yes=yes)
    fresh = register(runtime.daraja(settings), body)
    return Result(
        {"registered": True, "new": fresh, "environment": settings.environment, "shortcode": settings.shortcode},
        [f"{settings.shortcode} is registered for Pull Transactions{'' if fresh else ' already'}."],
    )
