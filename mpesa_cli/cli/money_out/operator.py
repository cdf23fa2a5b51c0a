"""``mpesa operator``: the people who agree that money goes out, each known by a PIN."""

import os
from typing import Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Conflict, InvalidInput, NotFound
from mpesa_cli.floor.machine import commands
from mpesa_cli.runtime import Runtime

NameArgument = Annotated[str, typer.Argument(help="Who it is, as the others know the person.", metavar="NAME")]


def operator_set(
    ctx: typer.Context, name: NameArgument, json_: JsonOption = False, profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Give a person an operator PIN, or a new one where it was forgotten. It is typed twice, unseen.

    \b
    Examples:
      mpesa operator set Wanjiku

    Only whoever can write the configuration may do it, and the ledger keeps that it was done. 6 to 12 digits. The
    PIN itself is stored nowhere. Exits 9 where you may not.
    """
    from mpesa_cli.cli.consent.asking import ask_secret
    from mpesa_cli.floor.secret import Secret
    from mpesa_cli.initiator.people.operators import set_operator

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    named, by = _name(name), _owner(runtime)
    if not runtime.streams.may_prompt():
        raise Conflict("A PIN is typed at a terminal, and nobody is here.",
                       hint=f"Nothing was changed. At a terminal: mpesa operator set {named!r}", code="needs-a-person")
    pin = ask_secret(runtime.streams, f"New PIN for {named}")
    if ask_secret(runtime.streams, "The same once more") != pin:
        raise InvalidInput("The two PINs differ.", hint="Nothing was changed. Run the same command again.",
                           code="pins-differ")
    reset = set_operator(runtime.ledger(settings), runtime.world, named, Secret(pin), by)
    said = f"{named} has a new PIN." if reset else f"{named} can agree to refunds and payouts now."
    return Result({"operator": named, "reset": reset}, [said])


def operator_list(
    ctx: typer.Context, json_: JsonOption = False, profile: ProfileOption = None, quiet: QuietOption = False
) -> Result:
    """List the people who have an operator PIN.

    \b
    Examples:
      mpesa operator list
    """
    from mpesa_cli.initiator.people.operators import operator_names

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    names = operator_names(runtime.ledger(runtime.profile(profile)))
    nobody = [] if names else [Note("Nobody has one. Give one:  mpesa operator set NAME")]
    return Result({"operators": names}, names, nobody)


def operator_remove(
    ctx: typer.Context, name: NameArgument, json_: JsonOption = False, profile: ProfileOption = None,
    quiet: QuietOption = False,
) -> Result:
    """Take a person's operator PIN away.

    \b
    Examples:
      mpesa operator remove Wanjiku

    Only whoever can write the configuration may do it, and the ledger keeps that it was done.
    """
    from mpesa_cli.initiator.people.operators import remove_operator

    runtime = runtime_of(ctx, quiet=quiet, as_json=json_)
    settings = runtime.profile(profile)
    named, by = _name(name), _owner(runtime)
    if not remove_operator(runtime.ledger(settings), runtime.world, named, by):
        raise NotFound(f"{named} has no operator PIN.", hint="Nothing was changed. See: mpesa operator list")
    return Result({"operator": named, "removed": True}, [f"{named} can't agree to refunds and payouts any more."])


def _name(typed: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InvalidInput("A name has 1 to 60 characters.", hint="Nothing was changed. Right: mpesa operator set Asha",
                           code="invalid-name")
    return name


def _owner(runtime: Runtime) -> str:
    """The system's user, who can write the configuration. Raises Conflict where this one can't."""
    from mpesa_cli.cli.consent.reasons import who
    from mpesa_cli.settings.paths import config_file

    path = config_file(runtime.environ, runtime.config_flag)
    there = next(each for each in (path, *path.parents) if each.exists())
    if not os.access(there, os.W_OK):
        raise Conflict(
            f"Only whoever can write the configuration may do this, and you can't write {there}.",
            hint=f"Nothing was changed. Ask who keeps it: {commands.look(there)}", code="not-the-owner",
        )
    return who(runtime, None)
