"""``mpesa doctor``: a check of everything that payments rest on, with the remedy for each fault."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mpesa_cli.cli.options import JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import Conflict, ExitStatus, LedgerBusy, LedgerUnusable, SettingsError
from mpesa_cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mpesa_cli.settings.profile import Profile
    from mpesa_cli.upkeep.findings import Finding

_SIGNS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def doctor(
    ctx: typer.Context,
    live_checks: Annotated[
        bool,
        typer.Option("--live-checks", help="Also ask Safaricom's sandbox harmless questions. Never sends a prompt."),
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Prove the whole ledger, as audit verify does, not its newest rows alone.")
    ] = False,
    report_to: Annotated[
        Path | None,
        typer.Option(
            "--report", help="Write to this new file what was found, and what this system does. No secret is in it.",
            metavar="FILE",
        ),
    ] = None,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Check configuration, secrets, machine, ledger and network, and say what mends what is wrong.

    \b
    Examples:
      mpesa doctor
      mpesa doctor --profile shop --json
      mpesa doctor --quiet && echo ready
      mpesa doctor --whole
      mpesa doctor --report doctor.txt

    Secrets are named by their source, never shown. Sends no prompt, changes no payment, waits three seconds at most for
    anything but --whole. It fails where nothing has proven the whole ledger within seven days: audit verify, a
    backup or --whole. Exit status: 0 ready, warnings or not; 10 the configuration is wrong; 7 something else is.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_)
    from mpesa_cli.upkeep.findings import Finding, exit_status

    try:
        settings: Profile | None = runtime.profile(profile)
    except SettingsError as wrong:
        settings = None
        found = [Finding("configuration", "fail", wrong.message, wrong.hint, configuration=True)]
    if settings is not None:
        found = []
        for finding in _checks(runtime, settings, live=live_checks, whole=whole):
            found.append(finding)
            _print(runtime, finding)
    else:
        _print(runtime, found[0])
    status = exit_status(found)
    told = [] if report_to is None else [_reported(runtime, settings, found, report_to.expanduser().absolute())]
    return Result(
        {
            "ok": status is ExitStatus.DONE,
            "environment": settings.environment if settings else None,
            "profile": settings.name if settings else None,
            "checks": [
                {"check": f.check, "verdict": f.verdict, "words": f.words, "mend": f.mend or None} for f in found
            ],
        },
        told=told,
        status=status,
    )


def _reported(runtime: Runtime, settings: "Profile | None", found: "list[Finding]", target: Path) -> Note:
    from mpesa_cli.floor.files.new_file import write_new_file
    from mpesa_cli.floor.moments import rfc3339
    from mpesa_cli.upkeep.doctor.report import report

    if target.exists():
        raise Conflict(
            f"{target} exists already, and was left as it is.", hint="Choose another name: mpesa doctor --report FILE",
            code="file-exists",
        )
    folder = settings.ledger.parent if settings and settings.ledger.parent.is_dir() else target.parent
    streams = {
        name: f"{'a terminal' if runtime.streams.is_terminal(each) else 'no terminal'}, {each.encoding}"
        for name, each in (("stdout", runtime.streams.stdout), ("stdin", runtime.streams.stdin))
    }
    text = report(found, folder, streams, runtime.environ, rfc3339(runtime.world.now_us()) or "")
    write_new_file(
        target, text.encode(), overwrite=False, again="mpesa doctor --report FILE",
        stands="Nothing else was changed.",
    )
    return Note(f"Written: {target}. No secret is in it, but your shop's number is; read it before you pass it on.")


def _checks(runtime: Runtime, settings: "Profile", *, live: bool, whole: bool) -> "Iterator[Finding]":
    from mpesa_cli.upkeep.doctor.machine import machine
    from mpesa_cli.upkeep.doctor.network import network
    from mpesa_cli.upkeep.doctor.setup import setup

    store = runtime.secret_store(settings)
    yield from setup(settings, store)
    yield from _password_age(runtime, settings)
    yield from machine(settings, runtime.paths())
    yield from _ledger(runtime, settings, whole=whole)
    yield from network(settings, runtime.world)
    if live:
        from mpesa_cli.upkeep.doctor.live import live as live_checks

        yield from live_checks(
            settings, lambda: runtime.check_credentials(settings, store), lambda: runtime.daraja(settings)
        )


def _password_age(runtime: Runtime, settings: "Profile") -> "Iterator[Finding]":
    from mpesa_cli.floor.moments import eat_day
    from mpesa_cli.settings.password_age import password_warning
    from mpesa_cli.upkeep.findings import Finding

    today = eat_day(runtime.world.now_us())
    if warning := password_warning(runtime.paths().config_dir, settings.name, today):
        yield Finding("secrets", "warn", warning, "mpesa secrets set initiator-password")


def _ledger(runtime: Runtime, settings: "Profile", *, whole: bool) -> "Iterator[Finding]":
    from mpesa_cli.ledger.engine.sqlite import SqliteEngine
    from mpesa_cli.terminal.progress import telling
    from mpesa_cli.upkeep.doctor.ledger import ledger
    from mpesa_cli.upkeep.doctor.marker import marked
    from mpesa_cli.upkeep.findings import Finding

    marker = runtime.marker(settings) if settings.environment == "production" else None
    yield marked(settings, marker, lambda: runtime.ledger(settings), lambda: runtime.has_ledger(settings))
    try:
        if not runtime.has_ledger(settings):
            if marker is None or marker.mark is None:
                words = f"There is no ledger yet; the first push makes {settings.ledger_place}."
                yield Finding("ledger", "ok", words)
            return
        engine = runtime.ledger(settings).engine
        if not isinstance(engine, SqliteEngine):
            from mpesa_cli.upkeep.doctor.database import database

            yield from database(settings, engine, runtime.clock.own_us)
        with telling(runtime.streams) as told:
            yield from ledger(
                runtime.ledger(settings), settings.takes_money_on, runtime.world.now_us(), whole=whole, told=told
            )
        yield from _balance(runtime, settings)
    except (LedgerBusy, LedgerUnusable) as unusable:
        yield Finding("ledger", "fail", unusable.message, unusable.hint)


def _balance(runtime: Runtime, settings: "Profile") -> "Iterator[Finding]":
    """The last balance that M-PESA told; nothing without an initiator that could ask for one."""
    from mpesa_cli.floor.moments import day_and_time
    from mpesa_cli.initiator.balance import last_balance
    from mpesa_cli.initiator.ports import has_initiator
    from mpesa_cli.rules.values.amount import format_cents
    from mpesa_cli.upkeep.findings import Finding

    if not has_initiator(settings):
        return
    told, words = last_balance(runtime.ledger(settings), settings.shortcode), "M-PESA was never asked for the balance."
    if told is not None:
        held = ", ".join(f"{a.name} {format_cents(a.current_cents)}" for a in told.accounts if a.current_cents)
        words = f"The balance that M-PESA told last, {day_and_time(told.at_us)}: {held or 'nothing on any account'}."
    yield Finding("balance", "ok", words, "mpesa balance")


def _print(runtime: Runtime, finding: "Finding") -> None:
    """One line for a check as soon as it is made, and one for what mends it. Quiet leaves out what is well."""
    if runtime.streams.as_json:
        return
    if finding.verdict == "ok" and runtime.streams.quiet:
        return
    runtime.streams.out_words(f"{_SIGNS[finding.verdict]}  {finding.words}")
    if finding.mend and (finding.verdict != "ok" or runtime.streams.verbosity):
        runtime.streams.out_words(f"      {finding.mend}")
