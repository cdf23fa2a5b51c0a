"""The intake of a statement into the books: rows by their natural key, a chunk in one transaction, until its end.

Killed anywhere, the next run goes on: rows that are there stay as they are, and the journal gets its one line
when a statement that brought something new has been read to its end.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, field, replace
from itertools import islice
from typing import Any

from mpesa_cli.books.statement_unread import add_each, check_readable, hold_odd, hold_unread
from mpesa_cli.books.statements.statement import Statement
from mpesa_cli.books.statements.stores import OfStores
from mpesa_cli.books.statements.values import Gap, Heading, Problem, UnreadRow
from mpesa_cli.books.store.book_writes import BookWrites
from mpesa_cli.books.store.books import Books
from mpesa_cli.books.store.values import StoredStatement
from mpesa_cli.daraja.pull_page import OddRow
from mpesa_cli.floor.errors import InvalidInput
from mpesa_cli.floor.progress import Told, passed_on, unheard
from mpesa_cli.floor.records import dataclass
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.restoring import Restores, RestoreWrites
from mpesa_cli.rules.restored import MARGIN_US
from mpesa_cli.rules.statement_row import StatementRow
from mpesa_cli.rules.values.spans import holes
from mpesa_cli.rules.values.store_name import store_key

CHUNK_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Findings:
    """A statement's heading, notes and faults, without its rows. Kept, so that no file is read twice.

    ``odd`` are rows of Pull Transactions that could not be read, and are held.
    """

    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    opening_cents: int | None = None
    closing_cents: int | None = None
    rows: int = 0
    odd: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A statement that is in the books now.

    ``from_us`` up to ``until_us`` is the time it covers; both 0 where it covers none. ``new_rows`` were not
    known before. ``of_stores`` has what of a head office's file is not this profile's.
    """

    statement_id: str
    source: str
    name: str
    sha256: str
    from_us: int
    until_us: int
    new_rows: int
    findings: Findings
    of_stores: OfStores = OfStores()


def take_file(
    ledger: Ledger, file: Statement, name: str, shortcodes: tuple[str, ...], now_us: int, told: Told = unheard
) -> Taken:
    """Take a statement file in; ``told`` hears of its rows.

    Raises InvalidInput (``other-shop``) where it is another shortcode's.
    """
    heading = file.heading
    if heading.shortcode is not None and heading.shortcode not in shortcodes:
        raise InvalidInput(
            f"{name} is the statement of {heading.shortcode}, and this profile is {' or '.join(shortcodes)}.",
            hint="Nothing was read. Name the profile of that shop, as in: mpesa reconcile -P NAME --statement FILE. "
            "See all: mpesa config show",
            code="other-shop",
        )
    statement = StoredStatement(_id_of(file), "statement", name, file.sha256, 0, 0, now_us, shortcodes[0])
    stored = Books(ledger).statement(statement.statement_id)
    # A head office's file is read each time: whose its other rows are, the configuration says, and that may change.
    if stored is not None and stored.complete and file.store is None:
        findings = _findings_from(stored.findings)
        if not findings.problems:  # otherwise it is read again: a newer version may understand more of it
            return _told(ledger, heading.shortcode, _taken(stored, 0, findings), stored.read_us)
    seen = _Seen()
    Books(ledger).expect_many_rows()
    rows = passed_on(file.rows(), told, f"Reading {name}: rows")
    new = _store(ledger, statement, seen.watch(rows), lambda: file.unread)
    hold_unread(ledger, statement, file.unread)
    covered = _covered(heading, seen, now_us)
    findings = Findings(
        tuple(file.problems), tuple(file.continuity), dict(file.skipped), file.opening_cents, file.closing_cents,
        seen.count,
    )
    taken = _finish(ledger, replace(statement, from_us=covered[0], until_us=covered[1]), new, findings)
    return _told(ledger, heading.shortcode, replace(taken, of_stores=file.of_stores), (stored or statement).read_us)


def take_pulled(
    ledger: Ledger, rows: Iterable[StatementRow], shortcodes: tuple[str, ...], until_us: int, now_us: int,
    odd: Sequence[OddRow] = (),
) -> Taken:
    """Take in what Pull Transactions lists. It covers the time from its first row on: nobody knows since when
    the shortcode has been registered; and none where some of it could not be read, since what is missing may be there.
    """
    hold_odd(ledger, odd, now_us)
    seen = _Seen()
    listed = list(seen.watch(iter(rows)))
    text = "\n".join(sorted(f"{r.receipt} {r.kind} {r.amount_cents}" for r in listed))
    digest = hashlib.sha256(text.encode()).hexdigest()
    covered = (seen.first_us, until_us) if seen.count and not odd else (0, 0)
    statement = StoredStatement("PULL-" + digest[:24], "pull", "Pull Transactions", digest, *covered, now_us,
                                shortcodes[0])
    taken = _finish(ledger, statement, _store(ledger, statement, iter(listed)),
                    Findings(rows=seen.count, odd=len(odd)))
    return _told(ledger, shortcodes[0], taken, now_us)


def _id_of(file: Statement) -> str:
    """The statement's id: of the file, and where that is a head office's, of the one store whose rows are read."""
    if file.store is None:
        return "STM-" + file.sha256[:24]
    whose = f"{file.sha256} {store_key(file.store)}"
    return "STM-" + hashlib.sha256(whose.encode()).hexdigest()[:24]


@dataclass(slots=True)
class _Seen:
    """The first and last time in rows that are passed on."""

    count: int = 0
    first_us: int = 0
    last_us: int = 0

    def watch(self, rows: Iterator[StatementRow]) -> Iterator[StatementRow]:
        for row in rows:
            self.count += 1
            at_us = row.completed_us
            self.last_us = max(self.last_us, at_us)
            if at_us and (at_us < self.first_us or not self.first_us):
                self.first_us = at_us
            yield row


def _store(
    ledger: Ledger, statement: StoredStatement, rows: Iterator[StatementRow],
    unread: Callable[[], Sequence[UnreadRow]] = tuple,
) -> int:
    new = 0
    while chunk := list(islice(rows, CHUNK_ROWS)):
        check_readable(statement.name, unread())
        new += add_each(ledger, statement, chunk)
    check_readable(statement.name, unread())
    return new


def _finish(ledger: Ledger, statement: StoredStatement, new: int, findings: Findings) -> Taken:
    done = replace(statement, findings=json.dumps(asdict(findings)))
    stored = Books(ledger).statement(statement.statement_id)
    if stored is not None and not stored.complete:
        with ledger.write() as tx:
            BookWrites(tx).finish_statement(done)
    return _taken(done, new, findings)


def _told(ledger: Ledger, shortcode: str | None, taken: Taken, read_us: int) -> Taken:
    """Remember the time for which M-PESA's record was read whole, even where it brought nothing new.

    A file that does not say whose it is may be another shop's, and one with rows that were not read, or that are
    missing by its own balances, may lack just the payment that matters: they tell of no time for certain. Nor does one
    whose last row lies ahead of the time at which it was first read: our clock is behind, nobody knows by how much, and
    what a restored ledger lacks may have come after that row though its own time is before it.
    """
    whole = not taken.findings.problems and not taken.findings.gaps and taken.until_us <= read_us + MARGIN_US
    until_us = min(taken.until_us, read_us)
    if (
        shortcode is None
        or not whole
        or until_us <= taken.from_us
        or not holes((taken.from_us, until_us), Restores(ledger).told_spans(shortcode))
    ):
        return taken
    with ledger.write() as tx:
        RestoreWrites(tx).note_told(shortcode, taken.from_us, until_us)
    return taken


def _covered(heading: Heading, seen: _Seen, now_us: int) -> tuple[int, int]:
    """The time that a file covers whole: its heading's, and never the future; else first to last row."""
    if heading.from_us is None or heading.until_us is None or heading.until_us <= heading.from_us:
        return (seen.first_us, seen.last_us + 1) if seen.count else (0, 0)
    if heading.until_us > now_us:  # it was made before its period was over, so it ends with its last row
        return heading.from_us, max(heading.from_us, seen.last_us) + 1
    return heading.from_us, heading.until_us


def _taken(statement: StoredStatement, new: int, findings: Findings) -> Taken:
    s = statement
    return Taken(s.statement_id, s.source, s.name, s.sha256, s.from_us, s.until_us, new, findings)


def _findings_from(text: str) -> Findings:
    said: dict[str, Any] = json.loads(text)
    listed: Sequence[dict[str, Any]] = said.pop("problems", ())
    gaps: Sequence[dict[str, Any]] = said.pop("gaps", ())
    return Findings(tuple(Problem(**p) for p in listed), tuple(Gap(**g) for g in gaps), **said)
