"""What one run of ``reconcile`` does, in order: open payments, waiting receipts, statements, the books, a closing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.books.balancing import Balanced, BooksShop, balance, for_a_person
from mpesa_cli.books.close_day import Closed, Signature, close_day
from mpesa_cli.books.silence import Watch
from mpesa_cli.books.standing import find_standing
from mpesa_cli.books.statement_intake import Taken, take_file, take_pulled
from mpesa_cli.floor.errors import InvalidInput, MpesaError, Temporary
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.held.waiting import waiting
from mpesa_cli.initiator.listener_alive import last_alive_us
from mpesa_cli.payments.claims import all_claims
from mpesa_cli.payments.finish import Reconciled, settle_open
from mpesa_cli.rules.held import HeldMessage
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.restored import Hole
from mpesa_cli.rules.values.dates import parse_day, parse_since

if TYPE_CHECKING:
    from mpesa_cli.daraja.pull_page import OddRow
    from mpesa_cli.ledger.engine.sqlite import SqliteLedger
    from mpesa_cli.runtime import Runtime
    from mpesa_cli.settings.profile import Profile

PULL_WINDOW_S = 48 * 3600 - 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one run. ``format`` is table, json, ndjson or csv; ``list_open`` prints without a limit."""

    statements: tuple[Path, ...]
    pull: bool
    since: str | None
    report: Path | None
    close: str | None
    accept: str | None
    before: str | None
    books_begin: str | None
    list_open: bool
    by: str
    reason: str
    format: str

    @property
    def only_lists(self) -> bool:
        """Whether nothing is asked for but what waits: then Daraja is not asked, and no other run is in the way."""
        return self.list_open and not (self.statements or self.pull or self.report or self.close)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: whether a person must look, and whether a part could not be done this time."""

    differs: bool
    partly: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What a run found. ``waiting`` are payments that a person has to look at and no difference names; ``held``
    messages that could not be applied; ``open`` how many differences wait; ``not_watched`` why silence would prove
    nothing, empty where it does; ``not_told`` what a restored ledger lacks of M-PESA's record."""

    shop: BooksShop
    done: Reconciled
    balanced: Balanced
    waiting: tuple[Payment, ...]
    held: tuple[HeldMessage, ...]
    open: int
    watch: Watch
    not_watched: str
    not_told: tuple[Hole, ...] = ()
    closed: Closed | None = None

    @property
    def differs(self) -> bool:
        """Whether somebody must look."""
        named = self.waiting or self.done.claims or self.held or self.open
        return bool(named or self.not_watched or self.not_told)


def run(runtime: "Runtime", settings: "Profile", asked: Asked) -> Outcome:
    """Do what was asked, print it, and say how it ended. Raises MpesaError."""
    from mpesa_cli.cli.books.print import print_run
    from mpesa_cli.floor.files.run_lock import only_batch

    ledger = runtime.ledger(settings)
    if asked.accept or asked.books_begin:
        from mpesa_cli.cli.books.accept import run_accept, run_books_begin

        if asked.accept:
            run_accept(runtime, ledger, _shortcodes(settings), asked)
        else:
            run_books_begin(runtime, ledger, asked)
        return Outcome(differs=False, partly=False)
    desk = runtime.c2b_desk(settings)
    shop = BooksShop(_shortcodes(settings), desk.shop.own_words)
    if asked.only_lists:
        find_standing(ledger, shop.shortcodes)
        claims = all_claims(ledger, ledger.unfinished())
        found = _found(runtime, settings, shop, Reconciled((), 0, claims), Balanced())
        print_run(runtime, settings, asked, found)
        return Outcome(differs=found.differs, partly=False)
    _check_report(asked)
    day = parse_day(asked.close, runtime.now_us(), "--close") if asked.close else None
    with only_batch(settings.ledger, "reconcile"):
        done = settle_open(
            ledger, lambda: runtime.daraja(settings), runtime.now_us, runtime.deliver(settings), desk.shop
        )
        runtime.send_waiting_sms(settings)
        taken, partly = _taken(runtime, settings, ledger, asked, shop)
        balanced = balance(ledger, taken, shop, runtime.now_us())
        # A callback or a row may have settled some of them since they were looked at.
        now = tuple(ledger.payment(p.payment_id) or p for p in done.payments)
        done = replace(done, payments=now, claims=all_claims(ledger, ledger.unfinished()))
        found = _found(runtime, settings, shop, done, balanced)
        try:
            if asked.report:
                _report(runtime, settings, ledger, asked.report, found)
            if (closed := _close(ledger, asked, found, day, runtime.now_us())) is not None:
                find_standing(ledger, shop.shortcodes)  # a day that was closed again has not changed any more
                found = replace(_found(runtime, settings, shop, done, balanced), closed=closed)
        except MpesaError:
            # What was found is true all the same. A program gets one document, and that is the error.
            if asked.format == "table":
                print_run(runtime, settings, asked, found)
            raise
    print_run(runtime, settings, asked, found)
    return Outcome(differs=found.differs, partly=bool(partly or balanced.unfinished or done.not_asked))


def _shortcodes(settings: "Profile") -> tuple[str, ...]:
    """The profile's own, the one that it was made with first."""
    return (settings.shortcode, *sorted({settings.party_b} - {settings.shortcode}))


def _found(
    runtime: "Runtime", settings: "Profile", shop: BooksShop, done: Reconciled, balanced: Balanced
) -> Run:
    ledger = runtime.ledger(settings)
    watch = Watch(
        compared_until_us=ledger.compared_until(shop.shortcodes), within_us=settings.compare_within_us,
        answered_us=last_alive_us(settings.ledger), needs_listener=settings.listener != "none",
    )  # fmt: skip
    restored = ledger.restored()
    return Run(
        shop, done, balanced, tuple(for_a_person(ledger, shop.shortcodes)),
        tuple(waiting(ledger, runtime.now_us())),
        sum(each.open for each in ledger.difference_counts(shop.shortcodes)), watch,
        watch.missing(runtime.now_us()) if settings.environment == "production" else "",
        restored.missing(shop.shortcodes) if restored is not None else (),
    )  # fmt: skip


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
    odd: list[OddRow] = []
    try:
        rows = list(runtime.pull_rows(settings, since_us, now_us, odd.append))
    except Temporary as failed:
        asked_in_vain = failed.code != "pull-not-compared"
        said = "Pull Transactions could not be asked this time: " if asked_in_vain else ""
        runtime.streams.complain(f"{said}{failed.message}")
        return taken, True
    return [*taken, take_pulled(ledger, rows, shop.shortcodes, now_us, now_us, odd)], False


def _files(runtime: "Runtime", ledger: "SqliteLedger", asked: Asked, shop: BooksShop) -> Iterator[Taken]:
    if not asked.statements:
        return
    from mpesa_cli.books.statements.statement import open_statement

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


def _close(ledger: "SqliteLedger", asked: Asked, found: Run, day: str | None, now_us: int) -> Closed | None:
    if day is None:
        return None
    signed = Signature(asked.by, asked.reason, now_us)
    return close_day(ledger, found.shop.shortcodes, day, found.balanced.taken, signed, found.open)


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


def _report(runtime: "Runtime", settings: "Profile", ledger: "SqliteLedger", path: Path, found: Run) -> None:
    from mpesa_cli.books.balancing import by_hour, own_hours
    from mpesa_cli.books.html import Page, reconcile_html
    from mpesa_cli.floor.files.new_file import write_new_file

    balanced, shortcodes = found.balanced, found.shop.shortcodes
    page = Page(
        profile=settings.name, environment=settings.environment, shortcode=settings.shortcode,
        now_us=runtime.now_us(), hours=tuple(by_hour(ledger, balanced.scopes)),
        own_hours=tuple(own_hours(ledger, balanced.scopes)),
        balances=tuple((t.findings.opening_cents, t.findings.closing_cents) for t in balanced.taken),
        periods=tuple((s.from_us, s.until_us) for s in balanced.scopes),
        breaks=lambda: ledger.differences(shortcodes, balanced.scopes),
        totals=balanced.totals, carried_over=balanced.carried_over,
    )  # fmt: skip
    write_new_file(path, (part.encode() for part in reconcile_html(page)), overwrite=True,
                   again="mpesa reconcile --report FILE.html",
                   stands="What was found stands, and no day was closed.")  # fmt: skip
