"""One run of ``reconcile``, in its order: open payments, waiting receipts, statements, the books, a closing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mpesa_cli.books.balancing import Balanced, BooksShop, balance, for_a_person
from mpesa_cli.books.close_day import Closed, Signature, close_day
from mpesa_cli.books.ports import Ports
from mpesa_cli.books.silence import Watch
from mpesa_cli.books.standing_findings import find_standing
from mpesa_cli.books.statement_intake import Taken, take_file, take_pulled
from mpesa_cli.books.statements.stores import Stores
from mpesa_cli.books.store.differences import Differences
from mpesa_cli.books.whose_file import Beside, is_own_file, notes_on
from mpesa_cli.floor.errors import InvalidInput, MpesaError, Temporary
from mpesa_cli.floor.moments import SECOND_US
from mpesa_cli.floor.records import dataclass
from mpesa_cli.held.waiting import waiting
from mpesa_cli.initiator.listener_alive import last_alive_us
from mpesa_cli.ledger.restoring import Restores
from mpesa_cli.payments.claims import all_claims
from mpesa_cli.payments.finish import Reconciled, settle_open
from mpesa_cli.payments.unpaid import tell_unpaid
from mpesa_cli.rules.held import HeldMessage
from mpesa_cli.rules.payment import Payment
from mpesa_cli.rules.restored import Hole
from mpesa_cli.rules.values.dates import parse_day, parse_since

if TYPE_CHECKING:
    from mpesa_cli.daraja.pull_page import OddRow
    from mpesa_cli.settings.profile import Profile

PULL_WINDOW_S = 48 * 3600 - 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wishes for one run. ``close`` is a day, and ``by`` and ``reason`` sign it; ``stores`` says whose the rows of
    a head office's file are, ``beside`` which other profiles the command runs for."""

    statements: tuple[Path, ...] = ()
    pull: bool = False
    since: str | None = None
    report: Path | None = None
    close: str | None = None
    by: str = ""
    reason: str = ""
    stores: Stores = Stores("")
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """The findings of a run. ``waiting`` are payments that a person has to look at and no difference names; ``held``
    messages that could not be applied; ``open`` how many differences wait; ``not_watched`` why silence would prove
    nothing, empty where it does; ``not_told`` what a restored ledger lacks of M-PESA's record; ``partly`` whether a
    part could not be done this time; ``failed`` why there is no report, or no closing: what was found is true all
    the same."""

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
    partly: bool = False
    failed: MpesaError | None = None

    @property
    def differs(self) -> bool:
        """Whether somebody must look."""
        named = self.waiting or self.done.claims or self.held or self.open
        return bool(named or self.not_watched or self.not_told or self.unread_stores)

    @property
    def unread_stores(self) -> list[tuple[str, str, int]]:
        """The stores that no profile has: the file, the store, and its rows, which were not read."""
        return [(t.name, store, rows) for t in self.balanced.taken for store, rows in t.of_stores.unknown.items()]


def run(ports: Ports, settings: "Profile", wanted: Wanted) -> Run:
    """Do what is wanted, and say what was found. Raises MpesaError."""
    ledger, shop = ports.ledger, _shop(ports, settings)
    _check_report(wanted.report)
    day = parse_day(wanted.close, ports.world.now_us(), "--close") if wanted.close else None
    with ledger.alone("reconcile"):
        done = settle_open(
            ledger, ports.daraja, ports.world, ports.deliver, ports.c2b, ports.settle_refunds
        )
        ports.send_sms()
        tell_unpaid(ledger, settings, ports.world)
        taken, partly = _taken(ports, wanted, shop)
        ports.settle_payouts()  # a row that was just read may tell of one
        balanced = balance(ledger, taken, shop, ports.world.now_us(), ports.told)
        # A callback or a row may have settled some of them since they were looked at.
        now = tuple(ledger.payment(p.payment_id) or p for p in done.payments)
        done = replace(done, payments=now, claims=all_claims(ledger, ledger.unfinished()))
        found = _found(ports, settings, shop, done, balanced)
        try:
            if wanted.report:
                _report(ports, settings, wanted.report, found)
            if (closed := _close(ports, wanted, found, day)) is not None:
                find_standing(ledger, shop.shortcodes)  # a day that was closed again has not changed any more
                found = replace(_found(ports, settings, shop, done, balanced), closed=closed)
        except MpesaError as failed:
            return replace(found, failed=failed)
    return replace(found, partly=bool(partly or balanced.unfinished or done.not_asked))


def listed(ports: Ports, settings: "Profile") -> Run:
    """The findings that wait for somebody, without a run: Daraja is not asked, and no other run is in the way."""
    shop = _shop(ports, settings)
    find_standing(ports.ledger, shop.shortcodes)
    claims = all_claims(ports.ledger, ports.ledger.unfinished())
    return _found(ports, settings, shop, Reconciled((), 0, claims), Balanced())


def shortcodes_of(settings: "Profile") -> tuple[str, ...]:
    """The profile's own shortcodes, the one that it was made with first."""
    return (settings.shortcode, *sorted({settings.party_b} - {settings.shortcode}))


def _shop(ports: Ports, settings: "Profile") -> BooksShop:
    return BooksShop(shortcodes_of(settings), ports.c2b.own_words)


def _found(ports: Ports, settings: "Profile", shop: BooksShop, done: Reconciled, balanced: Balanced) -> Run:
    ledger, now_us = ports.ledger, ports.world.now_us()
    awaited = settings.listener != "none" and not settings.only_asks
    watch = Watch(
        compared_until_us=Differences(ledger).compared_until(shop.shortcodes), within_us=settings.compare_within_us,
        answered_us=last_alive_us(settings.ledger), needs_listener=awaited,
    )
    restored = Restores(ledger).restored()
    return Run(
        shop, done, balanced, tuple(for_a_person(ledger, shop.shortcodes)),
        tuple(waiting(ledger, now_us)),
        sum(each.open for each in Differences(ledger).counts(shop.shortcodes)), watch,
        watch.missing(now_us) if settings.environment == "production" else "",
        restored.missing(shop.shortcodes) if restored is not None else (),
    )


def _taken(ports: Ports, wanted: Wanted, shop: BooksShop) -> tuple[list[Taken], bool]:
    """The named statements, taken into the books; and whether Pull could not be asked this time."""
    taken = list(_files(ports, wanted, shop))
    if not wanted.pull:
        return taken, False
    now_us = ports.world.now_us()
    earliest_us = now_us - PULL_WINDOW_S * SECOND_US
    since_us = max(earliest_us, parse_since(wanted.since, now_us)) if wanted.since else earliest_us
    if since_us >= now_us:
        raise InvalidInput(
            "--since is not in the past.",
            hint="Nothing was asked. Pull Transactions looks back: mpesa reconcile --pull --since today",
            code="invalid-date",
        )
    odd: list[OddRow] = []
    try:
        rows = list(ports.pull(since_us, now_us, odd.append))
    except Temporary as failed:
        asked_in_vain = failed.code != "pull-not-compared"
        said = "Pull Transactions could not be asked this time: " if asked_in_vain else ""
        ports.complain(f"{said}{failed.message}")
        return taken, True
    return [*taken, take_pulled(ports.ledger, rows, shop.shortcodes, now_us, now_us, odd)], False


def _files(ports: Ports, wanted: Wanted, shop: BooksShop) -> Iterator[Taken]:
    if not wanted.statements:
        return
    from mpesa_cli.books.statements.statement import open_statement

    for path in wanted.statements:
        try:
            with open_statement(path, wanted.stores) as file:
                if not is_own_file(file, path.name, shop.shortcodes, wanted.beside):
                    continue
                for note in file.notes:
                    ports.say(f"{path.name}: {note}")
                if file.heading.shortcode is None and file.store is None:
                    ports.say(
                        f"{path.name} does not name its shortcode. It is read as the statement of {shop.shortcodes[0]}."
                    )
                taken = take_file(ports.ledger, file, path.name, shop.shortcodes, ports.world.now_us(), ports.told)
                for note in notes_on(taken, wanted.stores.profile, wanted.beside):
                    ports.say(note)
                yield taken
        except InvalidInput as wrong:
            if path.name in wrong.message:
                raise
            raise InvalidInput(f"{path.name}: {wrong.message}", hint=wrong.hint, code=wrong.code) from wrong


def _close(ports: Ports, wanted: Wanted, found: Run, day: str | None) -> Closed | None:
    if day is None:
        return None
    signed = Signature(wanted.by, wanted.reason, ports.world.now_us())
    return close_day(ports.ledger, found.shop.shortcodes, day, found.balanced.taken, signed, found.open)


def _check_report(report: Path | None) -> None:
    """Refuse a place where the report can't be written, before anything is done."""
    if report is None:
        return
    folder = report.absolute().parent
    wrong = f"{report} is a folder." if report.is_dir() else f"There is no folder {folder}."
    if report.is_dir() or not folder.is_dir():
        raise InvalidInput(
            wrong,
            hint="Nothing was done. Choose another place: mpesa reconcile --report FILE.html",
            code="file-unwritable",
        )


def _report(ports: Ports, settings: "Profile", path: Path, found: Run) -> None:
    from mpesa_cli.books.balancing import by_hour, own_hours
    from mpesa_cli.books.html import Page, reconcile_html
    from mpesa_cli.floor.files.new_file import write_new_file

    ledger, balanced, shortcodes = ports.ledger, found.balanced, found.shop.shortcodes
    page = Page(
        profile=settings.name, environment=settings.environment, shortcode=settings.shortcode,
        now_us=ports.world.now_us(), hours=tuple(by_hour(ledger, balanced.scopes)),
        own_hours=tuple(own_hours(ledger, balanced.scopes)),
        balances=tuple((t.findings.opening_cents, t.findings.closing_cents) for t in balanced.taken),
        periods=tuple((s.from_us, s.until_us) for s in balanced.scopes),
        breaks=lambda: Differences(ledger).listed(shortcodes, balanced.scopes),
        totals=balanced.totals, carried_over=balanced.carried_over,
    )
    write_new_file(path, (part.encode() for part in reconcile_html(page)), overwrite=True,
                   again="mpesa reconcile --report FILE.html",
                   stands="What was found stands, and no day was closed.")
