"""``mpesa audit``: the ledger proven, and its head for keeping elsewhere."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.cli.upkeep.existing_ledger import existing_ledger
from mpesa_cli.floor.errors import ExitStatus, InvalidInput
from mpesa_cli.floor.moments import day_and_time, rfc3339
from mpesa_cli.terminal.amount_words import counted

if TYPE_CHECKING:
    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.upkeep.audit import Audited

_HASH_DIGITS = 64


def audit_verify(
    ctx: typer.Context,
    head: Annotated[
        str | None,
        typer.Option(
            "--head", help="A head that was kept elsewhere: its hash, or a file with it.", metavar="HASH|FILE"
        ),
    ] = None,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Prove the ledger: recompute the hash chain and every payment from its evidence, and compare.

    \b
    Examples:
      mpesa audit verify
      mpesa audit verify -v
      mpesa audit verify --head /mnt/usb/head.json

    Names the first row that is wrong; -v lists everything that is. With a head that was kept elsewhere (mpesa audit
    head) it also proves that nothing was cut off the end and nothing written anew. Changes no payment, notes for doctor
    that it passed; payments may go on meanwhile. Exit status: 0 whole, 7 not, 10 there is no ledger.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    anchored = _anchored(head) if head else None
    settings = runtime.profile(profile)
    from mpesa_cli.terminal.progress import telling
    from mpesa_cli.upkeep.audit import audited
    from mpesa_cli.upkeep.whole_checks import note_whole

    ledger = existing_ledger(runtime, settings)
    with telling(runtime.streams) as told:
        found = audited(ledger, anchored, told)
    if found.whole:
        note_whole(ledger, runtime.world.now_us())
    lines, notes = _words(found, verbose=runtime.streams.verbosity > 0)
    status = ExitStatus.DONE if found.whole else ExitStatus.DIFFERENCES
    return Result(_document(settings, found), lines, map(Note, notes), status=status)


def audit_head(
    ctx: typer.Context,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Print the head of the ledger's hash chain, to be kept where nobody who can write the ledger can change it.

    \b
    Examples:
      mpesa audit head
      mpesa audit head --json > /mnt/usb/head.json

    The hash stands for every row before it. Kept elsewhere (another machine, a mail to the owner, paper), it shows
    later whether anything was changed since: mpesa audit verify --head. Changes nothing.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    settings = runtime.profile(profile)
    from mpesa_cli.ledger.audit.anchor import head_of

    found = head_of(existing_ledger(runtime, settings))
    when = "nothing is in it yet" if found.at_us is None else f"row {found.seq:,}, {day_and_time(found.at_us)}"
    return Result(
        {
            "environment": settings.environment, "profile": settings.name, "ledger": str(settings.ledger),
            "seq": found.seq, "hash": found.hash, "at": rfc3339(found.at_us), "rows": found.rows,
        },
        [found.hash],
        [Note(f"The head of {settings.ledger} ({settings.environment}): {when}.")],
    )


def _anchored(given: str) -> tuple[str, int | None]:
    """The head that a person gives: a hash, or the file of ``audit head`` with its hash, and its row where known."""
    from pathlib import Path

    text, seq = given.strip(), None
    if len(text) != _HASH_DIGITS:
        try:
            text = Path(given).expanduser().read_text(encoding="utf-8")[:4096].strip()
        except (OSError, UnicodeDecodeError) as unreadable:
            raise _no_head(given) from unreadable
        text, seq = _from_document(text)
    if len(text) != _HASH_DIGITS or set(text.lower()) - set("0123456789abcdef"):
        raise _no_head(given)
    return text.lower(), seq


def _from_document(text: str) -> tuple[str, int | None]:
    import json

    try:
        said = json.loads(text)
    except ValueError:
        return text, None
    if not isinstance(said, dict):
        return text, None
    seq = said.get("seq")
    return str(said.get("hash", "")), seq if isinstance(seq, int) else None


def _no_head(given: str) -> InvalidInput:
    return InvalidInput(
        f"--head {given}: that is neither a hash of {_HASH_DIGITS} hexadecimal digits nor a file with one.",
        hint="Give what this printed when it was kept: mpesa audit head",
        code="invalid-head",
    )


def _document(settings: "Profile", found: "Audited") -> dict[str, Any]:
    return {
        "environment": settings.environment,
        "profile": settings.name,
        "ledger": str(settings.ledger),
        "whole": found.whole,
        "rows": found.chain.rows,
        "head": {"seq": found.chain.seq, "hash": found.chain.hash, "at": rfc3339(found.chain.at_us or None)},
        "flaw_count": found.flaw_count,
        "flaws": [{"seq": flaw.seq or None, "words": flaw.words} for flaw in found.flaws],
    }


def _words(found: "Audited", *, verbose: bool) -> tuple[list[str], list[str]]:
    """The lines about an audit, on stdout and on stderr."""
    if found.whole:
        rows = counted(found.chain.rows, "row")
        whole = f"Whole: {rows} of the journal, and every payment is as its evidence says."
        return [whole], [f"Head: {found.chain.hash}"]
    lines, notes = [f"NOT WHOLE. {found.words[0]}"], []
    more = found.flaw_count - 1
    if verbose:
        lines += found.words[1:]
        if found.flaw_count > len(found.words):
            lines.append(f"… and {found.flaw_count - len(found.words):,} more.")
    elif more:
        notes.append(f"{more:,} more {'thing is' if more == 1 else 'things are'} wrong. List: mpesa audit verify -v")
    notes.append(
        "Change nothing; keep a copy of the file as it is, and compare it with a backup. See: mpesa help audit"
    )
    return lines, notes
