"""``mpesa erase``: a customer's number goes, the books stay."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.cli.options import (
    JsonOption,
    ProfileOption,
    QuietOption,
    VerboseOption,
    YesOption,
    runtime_of,
)
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.cli.upkeep.existing_ledger import existing_ledger
from mpesa_cli.floor.errors import ExitStatus, NotFound
from mpesa_cli.runtime import Runtime
from mpesa_cli.terminal.amount_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpesa_cli.rules.values.pseudonym import Erased
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.upkeep.erase import Erasure


def erase(
    ctx: typer.Context,
    msisdn: Annotated[str, typer.Argument(help="The customer's number, in any form.", metavar="PHONE")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased, and change nothing.")] = False,
    yes: YesOption = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Erase a phone number from the ledger: amounts, receipts and the proof of the books stay.

    \b
    Examples:
      mpesa erase 0712345678 --dry-run
      mpesa erase 0712345678

    A random name takes the number's place, the same in all its payments; CheckoutRequestIDs, raw callbacks and
    messages that hold it go too. It can't be undone. Not while a payment of the number is open. Backups and
    files outside the ledger are not touched. Exit status: 0 erased, 2 not in this ledger, 5 run it again, 7 still
    found somewhere, 9 a payment is open.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.cli.consent.confirm import is_answered
    from mpesa_cli.ledger.erasing import scrub_is_due
    from mpesa_cli.rules.values.msisdn import parse_msisdn
    from mpesa_cli.upkeep.erase import erase as erase_number
    from mpesa_cli.upkeep.erase import rehearse

    number = parse_msisdn(msisdn)
    ledger = existing_ledger(runtime, settings)
    is_half_done = scrub_is_due(ledger)
    if dry_run or not is_answered(runtime, yes=yes):  # else it would look at every body and fact twice
        planned = rehearse(ledger, number, runtime.world.now_us())
        _refuse_unknown(settings, known=planned is not None or is_half_done)
        if dry_run:
            return _shown(settings, planned, None)
        _confirm(runtime, planned, number)
    made = erase_number(ledger, number, runtime.world.now_us(), runtime.streams.say)
    _refuse_unknown(settings, known=made.erased is not None or is_half_done)
    return _shown(settings, made.erased, made)


def _refuse_unknown(settings: "Profile", *, known: bool) -> None:
    if not known:
        raise NotFound(
            "This number is not in the ledger.",
            hint=f"Nothing was changed. Which ledger that is: mpesa config show -P {settings.name}",
            code="number-not-found",
        )


def _confirm(runtime: Runtime, planned: "Erased | None", number: str) -> None:
    from mpesa_cli.cli.consent.confirm import Question, confirm
    from mpesa_cli.rules.values.msisdn import mask_msisdn

    payments = planned.payments if planned else 0
    question = Question(
        f"Erase {mask_msisdn(number)} from {counted(payments, 'payment')}, for ever?",
        "Erasing can't be undone, and nobody is here to say yes.",
        nothing="Nothing was erased.",
    )
    confirm(runtime, question, yes=False)


def _shown(settings: "Profile", erased: "Erased | None", made: "Erasure | None") -> Result:
    """The result of an erasure, or of a rehearsal where nothing was erased yet."""
    counts = {
        "payments": erased.payments if erased else 0,
        "journal_rows": erased.private_rows if erased else 0,
        "bodies": erased.bodies if erased else 0,
        "other_rows": erased.other_rows if erased else 0,
    }
    left = made.left if made else {}
    document: dict[str, Any] = {
        "environment": settings.environment, "profile": settings.name, "erased": made is not None, **counts,
        "kept_in": list(erased.kept_in) if erased else [], "left": dict(left),
    }
    done = Note("Erased." if made else "This would be erased. Nothing was changed.")
    return Result(
        document,
        [f"{name.replace('_', ' ')}\t{count}" for name, count in counts.items()],
        [done],
        _remains(settings, made) if made else (),
        ExitStatus.DIFFERENCES if left else ExitStatus.DONE,
    )


def _remains(settings: "Profile", made: "Erasure") -> "Iterator[Note]":
    """The notes on the places that still hold the number, and on those that may."""
    for place, count in made.left.items():
        yield Note(f"The number is still {counted(count, 'time')} in {place}.", loud=True)
    if made.erased and made.erased.kept_in:
        named = ", ".join(made.erased.kept_in[:5]) + (" …" if len(made.erased.kept_in) > 5 else "")
        typed = f"Somebody typed it into an order id, a reference, a description or a reason ({named})."
        yield Note(f"{typed} Those words are part of what the hash chain proves, and stay.", loud=True)
    if any(place.endswith(".bak") for place in made.left):
        copies = "Files that end in .bak are copies from before an upgrade: delete them."
        yield Note(copies, loud=True)
    elsewhere = ["backups", "the logs of your proxy and of systemd", "what was forwarded to your own app"]
    if settings.sms.provider == "file":
        elsewhere.insert(1, str(settings.sms.file))
    elif settings.sms.provider != "none":
        elsewhere.insert(1, "your SMS provider's records")
    if settings.database is not None:
        elsewhere.insert(1, "the database's own base backups, and its WAL archive until that expires")
    yield Note(f"Not touched, and perhaps with the number in them: {', '.join(elsewhere)}.")
