"""``mpesa reconcile``: what cron runs to settle everything that is open, and to compare it with M-Pesa's own record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import Format, JsonOption, ProfilesOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Result
from mpesa_cli.floor.errors import ExitStatus

if TYPE_CHECKING:
    from mpesa_cli.books.reconciling import Run, Wanted
    from mpesa_cli.cli.books.shown import Shown
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile


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
    profile: ProfilesOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Settle every open payment, send waiting receipts, and compare the ledger with M-PESA's own record.

    \b
    Examples:
      mpesa reconcile
      mpesa reconcile --statement yesterday.csv
      mpesa reconcile --statement november.xlsx --report november.html
      mpesa reconcile -P westlands -P outering --statement head-office-daily.csv
      mpesa reconcile --statement yesterday.csv --close 2026-11-24 --by Asha
      mpesa reconcile --open
      mpesa reconcile --accept reversed-UKP4Q7X81C --by Asha --reason 'goods are back'
      mpesa reconcile --accept all --before 2026-11-01 --by Asha --reason 'checked by hand'

    Applies stored callbacks, asks Daraja within its ration, and takes in statements: a row settles the payment that
    it is about. The same file again changes nothing. What differs is remembered until it is accepted or gone, and
    every run names it, in 20 lines at most; with --quiet only what no run has printed today. Silent when nothing
    needs anybody, in production only where M-PESA's record was compared lately and a listener answers
    (compare_within_days and listener in the profile). Only one runs at a time. Several profiles run one after the
    other, and each row of a head office's file goes to the ledger of its store (store_name). Exit status: 0 nothing is
    in doubt, 5 Daraja could not be asked about some, or another one is running, 7 there are differences, or somebody
    must look.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_ or format_ == "json")
    from mpesa_cli.books.reconciling import Wanted
    from mpesa_cli.cli.books.accept import Decision, accept_differences, begin_books, check_before
    from mpesa_cli.cli.books.each_profile import check_one
    from mpesa_cli.cli.books.shown import Shown
    from mpesa_cli.cli.together import check_together
    from mpesa_cli.upkeep.ping import Pinging

    signed = Decision((by or "").strip(), (reason or "").strip())
    together = {
        "--close": close, "--accept": accept, "--books-begin": books_begin, "--since": since, "--pull": pull,
        "--statement": statement, "--by": signed.by, "--reason": signed.reason,
    }
    check_together("reconcile", {name: value or None for name, value in together.items()})
    check_before(accept, before)
    several = runtime.profiles(profile)
    settings = several[0]
    of_one = {
        "--accept": accept, "--books-begin": books_begin, "--report": report, "--json": json_,
        "--format": format_ != "table" and format_,
    }
    check_one(several, [name for name, value in of_one.items() if value])
    with Pinging(ping, runtime.streams.complain) as pinging:
        if accept:
            result = accept_differences(runtime, settings, accept, before, signed)
        elif books_begin:
            result = begin_books(runtime, settings, books_begin, signed)
        else:
            shown = Shown("json" if json_ else format_ or "table", all_open=open_, report=report)
            wanted = Wanted(tuple(statement or ()), pull, since, report, close, signed.by, signed.reason)
            result = _reconcile_all(runtime, several, wanted, shown)
        pinging.ended(int(result.status))
    return result


def _reconcile_all(runtime: "Runtime", several: "list[Profile]", wanted: "Wanted", shown: "Shown") -> Result:
    """One run, or one for each of several profiles. Raises MpesaError."""
    from dataclasses import replace

    from mpesa_cli.books.reconciling import shortcodes_of
    from mpesa_cli.books.statements.stores import Stores
    from mpesa_cli.books.whose_file import Beside
    from mpesa_cli.cli.books.each_profile import run_each

    def run_for(settings: "Profile", was_read: bool = False) -> ExitStatus:
        beside = tuple(Beside(each.name, shortcodes_of(each)) for each in several if each is not settings)
        others = runtime.stores(settings) if wanted.statements else {}
        stores = Stores(settings.name, settings.store_name, others, names_unknown=not was_read)
        return _reconcile(runtime, settings, replace(wanted, stores=stores, beside=beside), shown)

    if len(several) == 1:
        return Result(status=run_for(several[0]))
    return run_each(runtime, several, run_for)


def _reconcile(runtime: "Runtime", settings: "Profile", wanted: "Wanted", shown: "Shown") -> ExitStatus:
    """One run, or a look at what waits, printed as it is read. Raises MpesaError."""
    from dataclasses import replace

    from mpesa_cli.books.ports import ports_of
    from mpesa_cli.books.reconciling import listed, run
    from mpesa_cli.cli.books.print import print_run
    from mpesa_cli.initiator.payouts.ports import settles_payouts
    from mpesa_cli.initiator.refunds.ports import settles_refunds
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.sms.ports import send_waiting_sms
    from mpesa_cli.terminal.progress import telling

    deliver = callback_intake(runtime, settings)
    ports = ports_of(
        runtime, settings, deliver=deliver, send_sms=lambda: send_waiting_sms(runtime, settings),
        settle_refunds=settles_refunds(runtime, settings, deliver),
        settle_payouts=settles_payouts(runtime, settings, deliver),
    )
    only_lists = shown.all_open and not (wanted.statements or wanted.pull or wanted.report or wanted.close)
    if only_lists:
        found = listed(ports, settings)
    else:
        with telling(runtime.streams) as told:
            found = run(replace(ports, told=told), settings, wanted)
    # A program gets one document, and that is the error.
    if found.failed is None or shown.format == "table":
        print_run(runtime, settings, shown, found)
    if found.failed is not None:
        raise found.failed
    return _status(found)


def _status(found: "Run") -> ExitStatus:
    if found.differs:
        return ExitStatus.DIFFERENCES
    return ExitStatus.TEMPORARY if found.partly else ExitStatus.DONE
