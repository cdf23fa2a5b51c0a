"""``mpesa payouts``: money that was sent to phones, and where each of it stands."""

from contextlib import suppress
from typing import Annotated, Literal

import typer

from mpesa_cli.cli.options import Format, JsonOption, ProfileOption, QuietOption, VerboseOption, runtime_of
from mpesa_cli.cli.result import Note, Result
from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable, NotFound
from mpesa_cli.runtime import Runtime
from mpesa_cli.settings.profile import Profile

State = Literal["created", "sent", "unknown", "paid", "failed", "review"]


def payouts(
    ctx: typer.Context,
    ref: Annotated[
        str | None,
        typer.Argument(help="Only this one: what it is for, its id, request or receipt. M-PESA is asked about it.",
                       metavar="[REF]"),
    ] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only payouts that stand so.")] = None,
    phone: Annotated[
        str | None, typer.Option("--phone", help="Only payouts to this phone.", metavar="PHONE")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From then on: today, yesterday, 7d, 2026-11-24.", metavar="WHEN")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Until then; a day is meant to its end.", metavar="WHEN")
    ] = None,
    limit: Annotated[
        str | None, typer.Option("--limit", help="How many, 50 unless said; 0 or all.", metavar="N")
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="How to print it; table is plain rows in a pipe.")
    ] = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show whole phone numbers on the screen.")] = False,
    json_: JsonOption = False,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> Result:
    """Show money that was sent to phones, newest first; or one payout, settled as far as it can be.

    \b
    Examples:
      mpesa payouts --since today
      mpesa payouts wages-2026-11-asha
      mpesa payouts --state unknown --json
      mpesa payouts --since 2026-11-01 --limit all --format csv > november.csv

    A list asks M-PESA nothing and exits 0. One payout exits as it stands: 0 paid out, 3 not, 4 the initiator was
    refused, 6 not known, 8 on its way.
    """
    runtime = runtime_of(ctx, quiet=quiet, verbose=verbose, as_json=json_ or format_ == "json")
    settings = runtime.profile(profile)
    if ref is not None:
        return _one(runtime, settings, ref)
    runtime.streams.ends_with_reader = True
    return _listed(runtime, settings, (state, phone, since, until, limit), "json" if json_ else format_ or "table",
                   unmask=unmask)


def _one(runtime: Runtime, profile: Profile, ref: str) -> Result:
    from mpesa_cli.cli.money_out.pay_one import payout_result
    from mpesa_cli.initiator.payouts.ports import settles_payouts
    from mpesa_cli.ledger.payouts import Payouts
    from mpesa_cli.listener.ports import callback_intake
    from mpesa_cli.rules.money_out.payout_state import is_open

    found = Payouts(runtime.ledger(profile)).find(ref)
    if found is None:
        raise NotFound(
            f"No payout {ref!r} in the ledger of profile {profile.name} ({profile.environment}).",
            hint="See those that there are: mpesa payouts --limit all",
        )
    if is_open(found):
        settles_payouts(runtime, profile, callback_intake(runtime, profile))()
    return payout_result(runtime, profile, found.reference)


def _listed(
    runtime: Runtime, profile: Profile, typed: tuple[str | None, ...], chosen: Format, *, unmask: bool
) -> Result:
    from mpesa_cli.cli.history.history import limit_of, time_span
    from mpesa_cli.initiator.results import apply_unread_results
    from mpesa_cli.ledger.payouts import PayoutFilter, Payouts
    from mpesa_cli.rules.values.msisdn import parse_msisdn
    from mpesa_cli.terminal.payment_words import environment_label
    from mpesa_cli.terminal.payout_words import HEADINGS, payout_document, payout_row, payout_totals
    from mpesa_cli.terminal.render import json_line
    from mpesa_cli.terminal.table import Table

    state, phone, since, until, limit = typed
    ledger = runtime.ledger(profile)
    with suppress(LedgerBusy, LedgerUnusable):  # where it can't be written just now, it is read as it stands
        apply_unread_results(ledger, "", runtime.world.now_us())
    since_us, until_us = time_span(runtime.world.now_us(), since, until)
    wanted = PayoutFilter(
        state, since_us, until_us, parse_msisdn(phone) if phone is not None else None, limit_of(limit, 50)
    )
    found = Payouts(ledger).listed(wanted)
    documents = [payout_document(each, ledger.environment) for each in found]
    if chosen == "ndjson":
        return Result(None, [json_line(each) for each in documents])
    if chosen == "csv":
        from mpesa_cli.terminal.csv_rows import csv_text
        from mpesa_cli.terminal.json_words_out import PAYOUT_FIELDS

        lines = csv_text([list(PAYOUT_FIELDS), *(list(each.values()) for each in documents)])
        runtime.streams.out(lines.removesuffix("\n"))  # rows for a program: not broken at words on a terminal
        return Result()
    rows = [payout_row(each, unmask=unmask or not runtime.streams.is_terminal(runtime.streams.stdout))
            for each in found]
    label = environment_label(ledger.environment)
    notes = [Note(words) for words in ("" if rows else "No payouts match.", label) if words]
    return Result(documents, Table(HEADINGS, rows, (2,), payout_totals(found)), notes)
