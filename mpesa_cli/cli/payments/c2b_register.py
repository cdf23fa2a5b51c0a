"""``mpesa c2b-register``: tell Daraja where payments made from the M-PESA menu are to be reported."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.consent.confirm import Question, confirm_in_production
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, YesOption, runtime_of
from mpesa_cli.cli.result import Note, Result, request_only
from mpesa_cli.floor.errors import SettingsError

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile


class OnTimeout(StrEnum):
    """The fate of a payment whose validation is not answered in time (8 s)."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ApiVersion(StrEnum):
    """The C2B product that the app has: v1 reports hashed numbers, v2 masked ones."""

    V1 = "v1"
    V2 = "v2"


def c2b_register(
    ctx: typer.Context,
    confirmation_url: Annotated[
        str | None,
        typer.Option("--confirmation-url", help="[default: made from callback_base_url, with a secret]", metavar="U"),
    ] = None,
    validation_url: Annotated[
        str | None,
        typer.Option("--validation-url", help="[default: made from callback_base_url, with a secret]", metavar="U"),
    ] = None,
    on_timeout: Annotated[
        OnTimeout, typer.Option("--on-timeout", help="What happens to a payment when validation is silent.")
    ] = OnTimeout.COMPLETED,
    api: Annotated[
        ApiVersion | None, typer.Option("--api", help="v1 or v2 [default: v2, then v1 if the app has only that].")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the request; send and store nothing.")] = False,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Register the URLs at which payments by hand (C2B) are reported.

    \b
    Examples:
      mpesa c2b-register --dry-run
      mpesa c2b-register --on-timeout cancelled
      mpesa c2b-register --confirmation-url https://pay.example.co.ke/c2b/done \\
          --validation-url https://pay.example.co.ke/c2b/check

    Production takes one registration per shortcode. The URLs are checked against Daraja's word list first.
    """
    from mpesa_cli.ledger.hooks import HookWrites

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.daraja.c2b import register, register_body
    from mpesa_cli.floor.wire.addresses import secret_hash
    from mpesa_cli.rules.c2b_rules import check_registered_url

    secret = runtime.world.token_hex(16)
    urls = _urls(settings, confirmation_url, validation_url, "0" * 32 if dry_run else secret)
    for name, url in zip(("confirmation", "validation"), urls, strict=True):
        check_registered_url(url, name, production=settings.environment == "production")
    body = register_body(settings.shortcode, *urls, on_timeout.value)
    if dry_run:
        return request_only(body)
    question = Question(
        f"Register C2B URLs for {settings.shortcode} in production? It can be done once.",
        "Production takes one C2B registration per shortcode, and nobody is here to confirm it.",
    )
    confirm_in_production(runtime, settings, question, yes=yes)
    if secret in "".join(urls):
        # Remembered before it is registered: a URL that Daraja calls and we don't know would lose payments.
        with runtime.ledger(settings).write() as tx:
            HookWrites(tx).add(secret_hash(secret), runtime.world.now_us())
    done = register(runtime.daraja(settings), body, api.value if api else None)
    if settings.environment != "production":  # for c2b-simulate, which is not there in production
        with runtime.ledger(settings).write() as tx:
            HookWrites(tx).note_c2b_version(settings.shortcode, done.version)
    result = {
        "registered": True,
        "environment": settings.environment,
        "shortcode": settings.shortcode,
        "api": done.version,
        "on_timeout": on_timeout.value,
        "confirmation_url": urls[0],
        "validation_url": urls[1],
    }
    named = ("shortcode", "api", "on_timeout", "confirmation_url", "validation_url")
    kept = Note("Registered. The URLs contain a secret; keep them to yourself. Now run: mpesa listen")
    return Result(result, [f"{name}\t{result[name]}" for name in named], [kept])


def _urls(profile: "Profile", confirmation: str | None, validation: str | None, secret: str) -> tuple[str, str]:
    if confirmation and validation:
        return confirmation, validation
    if not profile.callback_base_url:
        raise SettingsError(
            f"Profile {profile.name} has no callback_base_url to make the C2B URLs from.",
            hint="Nothing was sent. Set callback_base_url (or APP_URL), or give both --confirmation-url and "
            "--validation-url.",
            code="callback-url-missing",
        )
    from mpesa_cli.floor.wire.addresses import Hook

    base = profile.callback_base_url
    return confirmation or Hook("confirmation", secret).at(base), validation or Hook("validation", secret).at(base)
