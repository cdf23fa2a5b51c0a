"""What one run of ``reconcile`` does, in order: open payments, waiting receipts, statements, the books, a closing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.domain.dates import parse_day, parse_since
from mpesa_cli.domain.moments import SECOND_US
from mpesa_cli.errors import InvalidInput, MpesaError, Temporary
from mpesa_cli.operations.books import Balanced, BooksShop, balance, for_a_person
from mpesa_cli.operations.close_day import Closed, Signature, accept, close_day
from mpesa_cli.operations.held import waiting
from mpesa_cli.operations.reconcile import Reconciled, settle_open
from mpesa_cli.operations.statement_intake import Taken, take_file, take_pulled

if TYPE_CHECKING:
    from mpesa_cli.ledger.sqlite import SqliteLedger
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile

PULL_WINDOW_S = 48 * 3600 - 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one run. ``format`` is table, json, ndjson or csv."""

    statements: tuple[Path, ...]
    pull: bool
    since: str | None
    report: Path | None
    close: str | None
    accept: str | None
    by: str
    reason: str
    format: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: whether a person must look, and whether a part could not be done this time."""

    differs: bool
    partly: bool


def run(runtime: "Runtime", settings: "Profile", asked: Asked) -> Outcome:
    """Do what was asked, print it, and say how it ended. Raises MpesaError."""
    from mpesa_cli.commands.reconcile_print import print_run
    from mpesa_cli.operations.lock import only_batch

    ledger = runtime.ledger(settings)
    if asked.accept:
        return _accept(runtime, ledger, asked)
    _check_report(asked)
    day = parse_day(asked.close, runtime.now_us(), "--close") if asked.close else None
    with only_batch(settings.ledger, "reconcile"):
        desk = runtime.c2b_desk(settings)
        done = settle_open(
            ledger, lambda: runtime.daraja(settings), runtime.now_us, runtime.deliver(settings), desk.shop
        )
        runtime.send_waiting_sms(settings)
        shop = BooksShop(
            shortcodes=(settings.shortcode, *sorted(set(desk.shop.shortcodes) - {settings.shortcode})),
            own_words=desk.shop.own_words,
        )
        taken, partly = _taken(runtime, settings, ledger, asked, shop)
        balanced = balance(ledger, taken, shop, runtime.now_us())
        balanced = replace(balanced, held=tuple(waiting(ledger, runtime.now_us())))
        # A callback may have settled some of them since they were looked at.
        done = replace(done, payments=tuple(ledger.payment(p.payment_id) or p for p in done.payments))
        try:
            if asked.report:
                _report(runtime, settings, ledger, asked.report, balanced)
            closed = _close(ledger, asked, shop, balanced, day, runtime.now_us())
        except MpesaError:
            # What was found is true all the same. A program gets one document, and that is the error.
            if asked.format == "table":
                print_run(runtime, settings, asked, done, balanced, None)
            raise
    print_run(runtime, settings, asked, done, balanced, closed)
    for name in balanced.unfinished:
        runtime.streams.complain(
            f"{name} was not read to its end when it was taken in. Read it again: mpesa reconcile --statement {name}"
        )
    return _outcome(done, balanced, partly=partly or bool(balanced.unfinished))


def _outcome(done: Reconciled, balanced: Balanced, *, partly: bool) -> Outcome:
    differs = bool(for_a_person(done, balanced) or done.claims or balanced.open_breaks or balanced.held)
    return Outcome(differs=differs, partly=partly or bool(done.not_asked))


def _accept(runtime: "Runtime", ledger: "SqliteLedger", asked: Asked) -> Outcome:
    from mpesa_cli.domain.breaks import Accepted

    wanted = asked.accept or ""
    fresh = accept(ledger, wanted, Accepted(asked.by, asked.reason, runtime.now_us()))
    said = "is accepted" if fresh else "was accepted before"
    if asked.format == "json":
        from mpesa_cli.terminal.render import print_json

        print_json(runtime.streams, {"id": wanted, "accepted_by": asked.by, "accepted_because": asked.reason,
                                     "fresh": fresh})  # fmt: skip
    else:
        runtime.streams.out(f"{wanted} {said}: it is not counted as a difference any more.")
    return Outcome(differs=False, partly=False)


def _taken(
    runtime: "Runtime", settings: "Profile", ledger: "SqliteLedger", asked: Asked, shop: BooksShop
) -> tuple[list[Taken], bool]:
    """The statements that were named, in the books; and whether Pull could not be asked this time."""
    taken = list(_files(runtime, ledger, asked, shop))
    if not asked.pull:
        return taken, False
    now_us = runtime.now_us()
    earliest_us = now_us - PULL_WINDOW_S * SECOND_US
    since_us = max(earliest_us, parse_since(asked.since, now_us)) if asked.since else earliest_us
    if since_us >= now_us:
        raise InvalidInput(
            "--since is not in the past.",
            hint="Nothing was asked. Pull Transactions looks back: mpesa reconcile --pull --since today",
            code="invalid-date",
        )
    try:
        rows = list(runtime.pull_rows(settings, since_us, now_us))
    except Temporary as failed:
        asked_in_vain = failed.code != "pull-not-compared"
        said = "Pull Transactions could not be asked this time: " if asked_in_vain else ""
        runtime.streams.complain(f"{said}{failed.message}")
        return taken, True
    return [*taken, take_pulled(ledger, rows, shop.shortcodes, now_us, now_us)], False


def _files(runtime: "Runtime", ledger: "SqliteLedger", asked: Asked, shop: BooksShop) -> Iterator[Taken]:
    if not asked.statements:
        return
    from mpesa_cli.statements import open_statement

    for path in asked.statements:
        try:
            with open_statement(path) as file:
                for note in file.notes:
                    runtime.streams.say(f"{path.name}: {note}")
                if file.heading.shortcode is None:
                    runtime.streams.say(
                        f"{path.name} does not name its shortcode. It is read as the statement of {shop.shortcodes[0]}."
                    )
                yield take_file(ledger, file, path.name, shop.shortcodes, runtime.now_us())
        except InvalidInput as wrong:
            if path.name in wrong.message:
                raise
            raise InvalidInput(f"{path.name}: {wrong.message}", hint=wrong.hint, code=wrong.code) from wrong


def _close(
    ledger: "SqliteLedger", asked: Asked, shop: BooksShop, balanced: Balanced, day: str | None, now_us: int
) -> Closed | None:
    if day is None:
        return None
    signed = Signature(asked.by, asked.reason, now_us)
    return close_day(ledger, shop.shortcodes, day, balanced.taken, signed, len(balanced.open_breaks))


def _check_report(asked: Asked) -> None:
    """Where the report can't go, say so before anything is done."""
    if asked.report is None:
        return
    folder = asked.report.absolute().parent
    wrong = f"{asked.report} is a folder." if asked.report.is_dir() else f"There is no folder {folder}."
    if asked.report.is_dir() or not folder.is_dir():
        raise InvalidInput(
            wrong,
            hint="Nothing was done. Choose another place: mpesa reconcile --report FILE.html",
            code="file-unwritable",
        )


def _report(
    runtime: "Runtime", settings: "Profile", ledger: "SqliteLedger", path: Path, balanced: Balanced
) -> None:
    from mpesa_cli.operations.books import by_hour, own_hours
    from mpesa_cli.terminal.new_file import write_new_file
    from mpesa_cli.terminal.reconcile_html import Page, reconcile_html

    page = Page(
        profile=settings.name, environment=settings.environment, shortcode=settings.shortcode,
        now_us=runtime.now_us(), hours=tuple(by_hour(ledger, balanced.scopes)),
        own_hours=tuple(own_hours(ledger, balanced.scopes)),
        balances=tuple((t.findings.opening_cents, t.findings.closing_cents) for t in balanced.taken),
        periods=tuple((s.from_us, s.until_us) for s in balanced.scopes),
        breaks=balanced.breaks, totals=balanced.totals, carried_over=balanced.carried_over,
    )  # fmt: skip
    write_new_file(path, reconcile_html(page).encode(), overwrite=True, again="mpesa reconcile --report FILE.html",
                   stands="What was found stands, and no day was closed.")  # fmt: skip
