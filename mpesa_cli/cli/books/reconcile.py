"""``mpesa reconcile``: what cron runs to settle everything that is open, and to compare it with M-Pesa's own record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.floor.errors import ExitStatus, InvalidInput

if TYPE_CHECKING:
    from mpesa_cli.books.reconciling import Run, Wanted
    from mpesa_cli.cli.books.accept import Decision
    from mpesa_cli.cli.books.print import Shown
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile

Format = Literal["table", "json", "ndjson", "csv"]


def reconcile(
    ctx: typer.Context,
    statement: Annotated[
        list[Path] | None,
        typer.Option("--statement", help="Compare with this statement from the M-PESA portal; again for more.",
                     metavar="FILE"),
    ] = None,
    pull: Annotated[bool, typer.Option("--pull", help="Compare with what Pull Transactions lists.")] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="With --pull: from then on, at most 48 hours ago.", metavar="WHEN")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write what was found as a page to read and print.",
                                  metavar="FILE.html"),
    ] = None,
    close: Annotated[
        str | None, typer.Option("--close", help="Close this day: 2026-11-24. Needs --by.", metavar="DATE")
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option("--accept", help="Take note for good of a difference, of a class of them, or of all that are "
                     "listed now. Needs --by and --reason.", metavar="ID|CLASS|all"),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", help="With --accept all or a class: what moved before this day.", metavar="DATE"),
    ] = None,
    books_begin: Annotated[
        str | None,
        typer.Option("--books-begin", help="Compare nothing before this day. Needs --by and --reason.", metavar="DATE"),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="List everything that waits for somebody.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who closes or accepts.", metavar="NAME")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in words.", metavar="TEXT")] = None,
    ping: Annotated[
        str | None,
        typer.Option("--ping", help="Tell this address when it starts and how it ends.", metavar="URL"),
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="How to print the differences.")
    ] = None,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> None:  # fmt: skip
    """Settle every open payment, send waiting receipts, and compare the ledger with M-PESA's own record.

    \b
    Examples:
      mpesa reconcile
      mpesa reconcile --statement yesterday.csv
      mpesa reconcile --statement november.xlsx --report november.html
      mpesa reconcile --statement yesterday.csv --close 2026-11-24 --by Asha
      mpesa reconcile --open
      mpesa reconcile --accept reversed-UKP4Q7X81C --by Asha --reason 'goods are back'
      mpesa reconcile --accept all --before 2026-11-01 --by Asha --reason 'checked by hand'

    Applies stored callbacks, asks Daraja within its ration, and takes in statements: a row settles the payment that
    it is about. The same file again changes nothing. What differs is remembered until it is accepted or gone, and
    every run names it, in 20 lines at most; with --quiet only what no run has printed today. Silent when nothing
    needs anybody, in production only where M-PESA's record was compared lately and a listener answers
    (compare_within_days and listener in the profile). Only one runs at a time. Exit status: 0 nothing is in doubt,
    5 Daraja could not be asked about some, or another one is running, 7 there are differences, or somebody must look.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose)
    from mpesa_cli.books.reconciling import Wanted
    from mpesa_cli.cli.books.accept import Decision, accept_differences, begin_books
    from mpesa_cli.cli.books.print import Shown
    from mpesa_cli.upkeep.ping import Pinging

    signed = Decision((by or "").strip(), (reason or "").strip(), as_json=json_ or format_ == "json")
    wanted = Wanted(
        tuple(statement or ()), pull=pull, since=since, report=report, close=close, by=signed.by, reason=signed.reason
    )
    _check(wanted, signed, accept, before, books_begin)
    settings = runtime.profile(profile)
    shown = Shown("json" if json_ else format_ or "table", all_open=open_, report=report)
    with Pinging(ping, runtime.streams.complain) as pinging:
        if accept:
            status = accept_differences(runtime, settings, accept, before, signed)
        elif books_begin:
            status = begin_books(runtime, settings, books_begin, signed)
        else:
            status = _reconcile(runtime, settings, wanted, shown)
        pinging.ended(int(status))
    raise typer.Exit(int(status))


def _reconcile(runtime: "Runtime", settings: "Profile", wanted: "Wanted", shown: "Shown") -> ExitStatus:
    """One run, or a look at what waits. Returns how it ended. Raises MpesaError."""
    from mpesa_cli.books.ports import ports_of
    from mpesa_cli.books.reconciling import listed, run
    from mpesa_cli.cli.books.print import print_run
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.sms.ports import send_waiting_sms

    ports = ports_of(
        runtime, settings, deliver=callback_intake(runtime, settings),
        send_sms=lambda: send_waiting_sms(runtime, settings),
    )  # fmt: skip
    only_lists = shown.all_open and not (wanted.statements or wanted.pull or wanted.report or wanted.close)
    found = listed(ports, settings) if only_lists else run(ports, settings, wanted)
    # A program gets one document, and that is the error.
    if found.failed is None or shown.format == "table":
        print_run(runtime, settings, shown, found)
    if found.failed is not None:
        raise found.failed
    return _status(found)


def _check(
    wanted: "Wanted", signed: "Decision", accept: str | None, before: str | None, books_begin: str | None
) -> None:
    """What belongs together. Raises InvalidInput."""
    from mpesa_cli.books.accepting import is_class

    if (wanted.close or accept or books_begin) and not signed.by:
        raise _missing("--by NAME: who closes or accepts it is written into the journal")
    if accept and not signed.reason:
        raise _missing("--reason TEXT: an accepted difference is never counted again")
    if books_begin and not signed.reason:
        raise _missing("--reason TEXT: what is before that day is never compared")
    if before and not (accept and is_class(accept)):
        raise _missing("--accept all, or a class of differences: a single one has its id")
    if wanted.since and not wanted.pull:
        raise _missing("--pull: a statement file says itself which time it covers")
    if wanted.close and not wanted.statements:
        raise _missing("--statement FILE: a day is closed on the file that covers it")


def _missing(what: str) -> InvalidInput:
    return InvalidInput(
        f"Missing {what}.", hint="Nothing was done. All options: mpesa reconcile --help", code="missing-option"
    )


def _status(found: "Run") -> ExitStatus:
    if found.differs:
        return ExitStatus.DIFFERENCES
    return ExitStatus.TEMPORARY if found.partly else ExitStatus.DONE
