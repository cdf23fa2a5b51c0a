"""``mpesa init``: asks for what a profile needs, tries the credentials, and writes it down."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mpesa_cli.cli.consent.asking import ask_yes
from mpesa_cli.cli.options import JsonOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.cli.settings.shop_name import confirm_name
from mpesa_cli.floor.errors import CredentialsRefused, SettingsError, Temporary
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore

Store = Literal["keyring", "file"]


def init(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Option("--profile", "-P", help="What to call this shop or till.", metavar="NAME")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", help="simulator, sandbox or production.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="paybill or till.")] = None,
    shortcode: Annotated[
        str | None, typer.Option("--shortcode", help="The paybill; for a till its store number.")
    ] = None,
    till: Annotated[str | None, typer.Option("--till", help="The till number customers pay to.")] = None,
    account_reference: Annotated[
        str | None, typer.Option("--account-reference", help="What statements show [default: {order}].")
    ] = None,
    callback_base_url: Annotated[
        str | None, typer.Option("--callback-base-url", help="The public https address of 'mpesa listen'.")
    ] = None,
    answers_by: Annotated[
        str | None, typer.Option("--answers", help="callback, or query for a shop without a public address.")
    ] = None,
    shop_name: Annotated[str | None, typer.Option("--shop-name", help="The shop's name on receipts.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="en or sw.")] = None,
    store: Annotated[Store, typer.Option("--store", help="Where secrets that you type are kept.")] = "keyring",
    check: Annotated[bool, typer.Option("--check/--no-check", help="Ask Daraja about the credentials first.")] = True,
    force: Annotated[bool, typer.Option("--force", "--yes", "-y", help="Change a profile that exists.")] = False,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Set up a profile: asks what it needs, tries the credentials at Daraja, and writes it down.

    \b
    Examples:
      mpesa init
      mpesa init --profile demo --environment sandbox --kind paybill
      mpesa init -P ngong --environment production --kind till --shortcode 247247 --till 5012345

    Secrets are typed unseen, or come from MPESA_CONSUMER_KEY_FILE and the like; never from options. Where Daraja
    refuses them they can be typed again, and the other answers are kept. Nothing is written unless all of it is right.
    Other profiles and comments in the file stay.
    """
    from mpesa_cli.cli.settings.init_answers import answers_for, profile_called
    from mpesa_cli.cli.settings.init_secrets import typed_secrets
    from mpesa_cli.cli.settings.init_summary import show_summary
    from mpesa_cli.settings.model import read_config
    from mpesa_cli.settings.paths import config_file
    from mpesa_cli.settings.save import planned_profile, refuse_overwriting, save_profile, texts_of

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    given = {
        "environment": environment, "kind": kind, "shortcode": shortcode, "till": till,
        "account_reference": account_reference, "callback_base_url": callback_base_url, "answers": answers_by,
        "shop_name": shop_name, "language": language,
    }
    path = config_file(runtime.environ, runtime.config_flag)
    config = read_config(path, required=False)
    if config is not None and config.problems:
        raise config.problems[0].as_error(len(config.problems) - 1)
    name = profile_called(runtime, name)
    if not force:
        refuse_overwriting(config, name, path)
    answers = answers_for(runtime, name, given, texts_of(config, name))
    profile = planned_profile(config, name, answers, runtime.paths().data_dir)
    secrets = runtime.secret_store(profile)
    typed = typed_secrets(runtime, profile, secrets)
    show_summary(runtime, profile, secrets)
    checked = check and _check(runtime, profile, secrets, typed)
    # Secrets first: a profile without its secrets is broken, secrets without their profile are not.
    for secret_name, secret in typed.items():
        store = _keep(runtime, secrets, secret_name, secret, store)
    save_profile(path, name, answers, overwrite=force)
    document = {
        "profile": name, "environment": profile.environment, "config_file": str(path), "checked": checked,
        "secrets": {secret: source for secret, source in secrets.listed() if source != "missing"} if json_ else {},
    }
    return Result(document, told=map(Note, _what_is_next(profile, str(path))))


def _check(runtime: Runtime, profile: "Profile", secrets: "SecretStore", typed: "dict[str, Secret]") -> bool:
    """Whether Daraja took the credentials; False where it can't be reached and the person goes on anyway.

    What it refuses is typed again where a person is there and wants to: ``typed`` and the store get the new ones.
    """
    from mpesa_cli.cli.settings.init_secrets import type_pair_again

    if profile.embedded:
        return False
    while True:
        runtime.streams.say(f"Asking {profile.base_url} about the credentials …")
        try:
            runtime.check_credentials(profile, secrets)
        except CredentialsRefused as refused:
            if not type_pair_again(runtime, secrets, refused, typed):
                raise CredentialsRefused(
                    f"{refused.message} Nothing was written.",
                    hint="Nothing was sent. Copy the consumer key and secret of this very app from the Daraja portal, "
                    "then:  mpesa init",
                    code=refused.code,
                ) from None
        except Temporary as unreachable:
            return _unchecked(runtime, unreachable)
        else:
            runtime.streams.say("They are right. The passkey is proven by the first push.")
            confirm_name(runtime, profile, secrets)
            return True


def _unchecked(runtime: Runtime, unreachable: Temporary) -> bool:
    """False where a person goes on although Daraja can't be reached. Raises what says that nothing was written."""
    if runtime.streams.may_prompt():
        runtime.streams.complain(unreachable.message)
        if ask_yes(runtime.streams, "Write the profile without having checked it?"):
            return False
    raise type(unreachable)(
        f"{unreachable.message} The profile was not written.",
        hint="Nothing was sent. Try again later, or write it unchecked:  mpesa init --no-check",
        code=unreachable.code,
    ) from None


def _keep(runtime: Runtime, secrets: "SecretStore", name: str, secret: "Secret", store: Store) -> Store:
    """Store one secret; asks before it goes into a file for want of a keyring. Returns the store used."""
    try:
        secrets.set(name, secret, store)
    except SettingsError as refused:
        if refused.code != "no-keyring" or store == "file" or not runtime.streams.may_prompt():
            raise
        runtime.streams.complain(refused.message)
        if not ask_yes(runtime.streams, "Keep the secrets in a file that only you can read, not encrypted?"):
            raise
        secrets.set(name, secret, "file")
        return "file"
    return store


def _what_is_next(profile: "Profile", path: str) -> Iterator[str]:
    yield f"Profile {profile.name} ({profile.environment}) is in {path}."
    if profile.callback_base_url is None and not profile.only_asks:
        yield 'Before the first push, add callback_base_url, set APP_URL, or write  answers = "query".'
    phone = "0712345678" if profile.environment == "production" else "254708374149"
    yield f"Next:  mpesa push {phone} 1 --profile {profile.name}"
