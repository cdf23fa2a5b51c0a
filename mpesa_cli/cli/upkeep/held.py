"""``mpesa held``: messages that could not be applied; looked at, read again, marked as dealt with."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import ExitStatus, NotFound
from mpesa_cli.terminal.amount_words import counted

if TYPE_CHECKING:
    from mpesa_cli.held.read_again import Again
    from mpesa_cli.ledger.ledger import Ledger
    from mpesa_cli.rules.held import HeldMessage

ID = typer.Argument(help="Its id, HLD-…, or the receipt that it shows.", metavar="ID")


def held_list(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Those that were dealt with as well.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """List held messages: what came in, could not be applied, and waits for somebody.

    \b
    Examples:
      mpesa held
      mpesa held list --all --json

    Changes nothing. Exit status 0, also where some wait: mpesa reconcile and mpesa doctor tell.
    """
    from mpesa_cli.ledger.held import Held

    if ctx.invoked_subcommand:
        return Result()
    from mpesa_cli.held.words import ADVICE, held_document, held_line

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    ledger = runtime.ledger(runtime.profile(profile))
    found = Held(ledger).listed() if all_ else Held(ledger).waiting()
    return Result(
        [held_document(each) for each in found],
        [held_line(each) for each in found],
        [Note(ADVICE if found else "No message is held.")],
    )


def held_show(
    ctx: typer.Context,
    held_id: Annotated[str, ID],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Show one held message with its body, as it came.

    \b
    Examples:
      mpesa held show HLD-1f0c9a77b2
      mpesa held show UKO4Q7WX2B --json

    The body can hold a customer's name and number. Changes nothing.
    """
    from mpesa_cli.held.words import held_document, held_line

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    message = _found(runtime.ledger(runtime.profile(profile)), held_id)
    body = message.body.decode("utf-8", "replace")
    dealt = [f"Dealt with by {message.done_by}: {message.done_reason}"] if message.done_by else []
    return Result(
        {**held_document(message), "from": message.peer or None, "body": body or None},
        [held_line(message), *dealt, body or "Its body is not here any more."],
    )


def held_read_again(
    ctx: typer.Context,
    held_ids: Annotated[
        list[str] | None, typer.Argument(help="Which ones, by id or receipt [default: all].", metavar="[ID]...")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it. Without it only says what would change.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Read held messages again, as after an upgrade that reads more. Without --apply nothing is changed.

    \b
    Examples:
      mpesa held read-again
      mpesa held read-again HLD-1f0c9a77b2 --apply

    What can be read now counts from the time at which it came: only prompts that were out before can be settled by
    it, and no SMS goes out for money older than a day. Exit status: 0 nothing is held any more, 7 some still are.
    """
    from mpesa_cli.held.read_again import read_again
    from mpesa_cli.ledger.held import Held
    from mpesa_cli.payments.c2b import Shop

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    ledger = runtime.ledger(settings)
    named = [_found(ledger, each) for each in held_ids or ()] or Held(ledger).waiting()
    shop = Shop.of(settings, lambda: runtime.world.new_id("PAY-"))
    made = read_again(ledger, [each.held_id for each in named], shop, runtime.world, rehearse=not apply)
    still = any(not each.applied for each in made) or (made and not apply)
    return Result(
        [{**_document(each), "changed": each.applied and apply} for each in made],
        [_line(each, applied=apply) for each in made],
        map(Note, _summary(made, applied=apply)),
        status=ExitStatus.DIFFERENCES if still else ExitStatus.DONE,
    )


def held_done(
    ctx: typer.Context,
    held_id: Annotated[str, ID],
    by: Annotated[str, typer.Option("--by", help="Who dealt with it.", metavar="NAME")],
    reason: Annotated[str, typer.Option("--reason", help="What was done about it.", metavar="TEXT")],
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Say that a held message was dealt with: reconcile names it no more. The reason is journaled.

    \b
    Examples:
      mpesa held done HLD-1f0c9a77b2 --by Asha --reason 'money of the other till, told its owner'

    It makes no payment of it. Should its money appear afterwards, it is open again. Its body is kept for 90 days.
    Exit status: 0 done, 2 no such message, 9 it was not open any more.
    """
    from mpesa_cli.cli.consent.reasons import signed
    from mpesa_cli.held.waiting import deal_with
    from mpesa_cli.held.words import held_document

    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    name, said = signed(runtime, by, reason, example="--reason 'money of the other till, told its owner'")
    ledger = runtime.ledger(runtime.profile(profile))
    meant = _found(ledger, held_id).held_id
    done = deal_with(ledger, meant, by=name, reason=said, now_us=runtime.world.now_us())
    return Result(held_document(done), [f"{done.held_id} is dealt with: reconcile names it no more."])


def _found(ledger: "Ledger", ref: str) -> "HeldMessage":
    """The message by its id, or by the receipt where one message alone shows it. Raises NotFound."""
    from mpesa_cli.ledger.held import Held

    typed = ref.strip()
    about = [each for each in Held(ledger).about(typed.upper()) if each.state == "open"]
    about = about or list(Held(ledger).about(typed.upper()))
    found = Held(ledger).message(typed) or (Held(ledger).message(about[0].held_id) if len(about) == 1 else None)
    if found is None:
        several = f" Several messages show it: {', '.join(each.held_id for each in about)}." if about else ""
        raise NotFound(
            f"No held message {typed[:60]!r}.{several}", hint="Nothing was changed. See them all: mpesa held --all",
            code="held-unknown",
        )
    return found


def _document(made: "Again") -> dict[str, Any]:
    from mpesa_cli.held.words import held_document

    return {
        **held_document(made.message), "readable": made.applied,
        "order_id": made.payment.order_id if made.payment else None,
        "status": made.payment.status.value if made.payment else None, "still": made.why or None,
    }


def _line(each: "Again", *, applied: bool) -> str:
    from mpesa_cli.terminal.payment_words import headline

    name = f"{each.message.held_id}  {each.message.receipt or 'no receipt'}"
    if not each.applied:
        return f"{name}  stays held: {each.why}"
    if each.payment is None:
        return f"{name}  {'was' if applied else 'would be'} applied"
    return f"{name}  {'is now' if applied else 'would be'}: {headline(each.payment)}"


def _summary(made: "list[Again]", *, applied: bool) -> list[str]:
    readable = sum(each.applied for each in made)
    if not made:
        return ["No message is held."]
    if applied:
        return [f"{counted(readable, 'message')} applied, {len(made) - readable:,} still held."]
    return ["Nothing was changed." + (" To do it: mpesa held read-again --apply" if readable else "")]
