"""``mpesa secrets``: secrets stored, listed by their place, deleted. No value is printed or taken as an argument."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mpesa_cli.cli import completing
from mpesa_cli.cli.consent.asking import ask_secret
from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Conflict, InvalidInput, NotFound, SettingsError
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.secret_names import DARAJA_SECRETS
from mpesa_cli.terminal.table import Table

if TYPE_CHECKING:
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.settings.secrets import SecretStore

NameArgument = Annotated[
    str,
    typer.Argument(
        help="consumer-key, consumer-secret, passkey, sms-api-key, webhook-secret, c2b-secret, initiator-password, "
        "api-secret or check-secret.",
        metavar="NAME",
        autocompletion=completing.secret_names,
    ),
]


def secrets_set(
    ctx: typer.Context,
    name: NameArgument,
    store: Annotated[
        Literal["keyring", "file"], typer.Option("--store", help="The system's keyring, or a file only you can read.")
    ] = "keyring",
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the secret from standard input.")] = False,
    generate: Annotated[
        bool, typer.Option("--generate", help="Have a random one made: api-secret, webhook-secret, check-secret.")
    ] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Store a secret of a profile, typed unseen, read from standard input or made here.

    \b
    Examples:
      mpesa secrets set consumer-secret
      mpesa secrets set passkey --stdin < passkey.txt
      mpesa secrets set consumer-key --store file        (a server without a keyring)
      mpesa secrets set api-secret --generate

    It is read back after storing. Never give a secret as an argument: other users can see those.
    --generate never replaces a secret that there is: what was signed with it would stop being good.
    """
    from mpesa_cli.floor.moments import eat_day
    from mpesa_cli.settings.password_age import NAME as PASSWORD
    from mpesa_cli.settings.password_age import note_password_set
    from mpesa_cli.settings.secret_sources import check_name, check_secret

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    _refuse_embedded(settings, check_name(name))
    secrets = runtime.secret_store(settings)
    if generate:
        secret = _generated(runtime, secrets, name, stdin=stdin)
    else:
        secret = check_secret(_value(runtime, name, stdin=stdin), name)
    where = secrets.set(name, secret, store)
    if name == PASSWORD:
        note_password_set(runtime.paths().config_dir, settings.name, eat_day(runtime.world.now_us()))
    used = secrets.get(name)
    notes = [Note(f"Stored {name} of profile {settings.name}: {where}. It was read back.")]
    if used is not None and used.source != where:
        hidden = f"But {used.source} comes before it and is what commands use."
        notes.append(Note(hidden, loud=True))
    signs_tokens = name == "api-secret"
    then = "token issue --name shop --scope payments:read" if signs_tokens else "config check --live"
    notes.append(Note(f"Next:  mpesa {then} --profile {settings.name}"))
    return Result({"profile": settings.name, "name": name, "stored_in": where}, told=notes)


def secrets_list(
    ctx: typer.Context, json_: JsonOption = False, profile: ProfileOption = None, quiet: QuietOption = False
) -> Result:
    """List the secrets of a profile and where each comes from, never their values.

    \b
    Examples:
      mpesa secrets list
      mpesa secrets list --profile shop-ngong --json

    Changes nothing. One whose store is locked is listed as one that can't be read, not as missing.
    """
    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.settings.secrets import MISSING, UNREADABLE

    store = runtime.secret_store(settings)
    listed = store.listed()
    rows = [
        {"name": name, "source": None if source == MISSING else source, "readable": source != UNREADABLE}
        for name, source in listed
    ]
    locked = {each.message: each.hint for each in store.unreadable(listed)}
    return Result(
        {"profile": settings.name, "environment": settings.environment, "secrets": rows},
        Table(["secret", "comes from"], [[name, source] for name, source in listed]),
        told=[Note(f"{message}\n  {hint}", loud=True) for message, hint in locked.items()],
    )


def secrets_delete(
    ctx: typer.Context,
    name: NameArgument,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Delete a stored secret of a profile from the keyring or the file it is in.

    \b
    Examples:
      mpesa secrets delete consumer-secret
      mpesa secrets delete passkey --profile shop-ngong

    What the environment or systemd gives is not touched.
    """
    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    secrets = runtime.secret_store(settings)
    store = secrets.delete(name)
    left = secrets.get(name)
    if store is None:
        elsewhere = f" It comes from: {left.source}." if left else ""
        raise NotFound(
            f"No {name} is stored for profile {settings.name}.{elsewhere}",
            hint=f"See them all:  mpesa secrets list --profile {settings.name}", code="secret-not-stored",
        )
    notes = [Note(f"Deleted {name} of profile {settings.name} ({store}).")]
    if left is not None:
        notes.append(Note(f"Commands still find one: {left.source}.", loud=True))
    return Result({"profile": settings.name, "name": name, "deleted_from": store}, told=notes)


def _generated(runtime: Runtime, secrets: "SecretStore", name: str, *, stdin: bool) -> "Secret":
    """A fresh secret of the form that ``name`` has. Raises InvalidInput where others make it, Conflict where it is."""
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.listener.forwarding.webhook import new_secret

    if stdin or name not in {"api-secret", "webhook-secret", "check-secret"}:
        what = "--stdin and --generate exclude each other." if stdin else f"A {name} is given to you, not made here."
        raise InvalidInput(
            what, hint=f"Nothing was stored. Right: mpesa secrets set {name} --stdin < file", code="cannot-generate"
        )
    if (there := secrets.get(name)) is not None:
        raise Conflict(
            f"There is a {name} already: {there.source}. What was signed with it would stop being good.",
            hint=f"Nothing was stored. To begin anew, first: mpesa secrets delete {name}", code="secret-exists",
        )
    random = runtime.world.token_hex(32)
    return Secret(random) if name == "api-secret" else new_secret(bytes.fromhex(random))


def _value(runtime: Runtime, name: str, *, stdin: bool) -> str:
    if stdin:
        return runtime.streams.stdin.read(64 * 1024)
    if not runtime.streams.may_prompt():
        raise Conflict(
            f"Nobody is here to type the {name}.",
            hint=f"Nothing was stored. Add --stdin:  mpesa secrets set {name} --stdin < file", code="needs-stdin",
        )
    return ask_secret(runtime.streams, name)


def _refuse_embedded(settings: "Profile", name: str) -> None:
    if settings.embedded and name in DARAJA_SECRETS:
        raise SettingsError(
            f"The profile {settings.name!r} is the simulator inside mpesa, which needs no {name}.",
            hint="Nothing was stored. Make a profile for the sandbox or a real shop first:  mpesa init",
            code="simulator-needs-no-secrets",
        )
