"""One thread's connection to PostgreSQL that takes the one SQL text, and gives rows as SQLite would."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown

from mpesa_cli.ledger.engine.postgres.exchange import Answered, exchanged
from mpesa_cli.ledger.engine.postgres.failures import in_words, is_lost
from mpesa_cli.ledger.engine.postgres.postgres_dialect import POSTGRES
from mpesa_cli.ledger.engine.postgres.text import in_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg.abc import Buffer

    from mpesa_cli.ledger.engine.dialect import Answer
    from mpesa_cli.ledger.engine.postgres.attentive import Attentive
    from mpesa_cli.ledger.engine.postgres.exchange import Told
    from mpesa_cli.rules.values.database import Database

_T = TypeVar("_T")
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0"
_AT_FIRST = "SAVEPOINT at_first"
_OPEN = frozenset({TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR})


class _Yes(Dumper):
    """A yes or no as 1 or 0: the tables have whole numbers."""

    oid = psycopg.adapters.types["int2"].oid

    def dump(self, obj: Any) -> Buffer:
        """1 or 0."""
        return b"1" if obj else b"0"


class _Text(StrDumperUnknown):
    """A text without NUL, which PostgreSQL has not: what M-PESA sends may hold one."""

    def dump(self, obj: Any) -> Buffer | None:
        """UTF-8."""
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _Whole(Loader):
    """A sum of whole numbers, which PostgreSQL gives as a decimal."""

    def load(self, data: Buffer) -> Any:
        """A whole number."""
        return int(bytes(data))


class _Truth(Loader):
    """The answer to a condition as SQLite gives it: 1 or 0."""

    def load(self, data: Buffer) -> Any:
        """1 or 0."""
        return 1 if bytes(data) == b"t" else 0


def adapt(raw: psycopg.Connection[Any]) -> None:
    """Have a connection give and take what SQLite does."""
    raw.adapters.register_dumper(bool, _Yes)
    raw.adapters.register_dumper(str, _Text)
    raw.adapters.register_loader("numeric", _Whole)
    raw.adapters.register_loader("bool", _Truth)


class PostgresConnection:
    """A connection that is opened anew where the server went away between two questions."""

    dialect = POSTGRES

    def __init__(self, raw: Attentive, opened_again: Callable[[], Attentive], database: Database) -> None:
        """``opened_again`` gives a connection to the server that takes writes, waiting for one."""
        self._opened_again = opened_again
        self.database = database
        self.raw = raw
        self._held: list[tuple[str, Any]] = []
        self._looks = False  # in a transaction that only looks at one moment
        self.writes = False  # in one of the engine's: what is lost in the middle of it is lost as a whole

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open on it."""
        return self._looks or self.raw.info.transaction_status in _OPEN

    def execute(self, sql: str, parameters: Any = (), /) -> Answer:
        """One statement. A question outside a transaction is asked again where its server went away meanwhile.

        Raises LedgerBusy or LedgerUnusable.
        """
        if sql == "BEGIN":
            # Its moment is that of the first statement; the savepoint is behind it.
            begun = self._asked(sql, lambda: self.raw.execute(f"{_SNAPSHOT}; SELECT {self.raw.settings}; {_AT_FIRST}"))
            self._looks = True
            return begun
        if sql in {"ROLLBACK", "COMMIT"}:
            looked, self._looks = self._looks, False
            if looked and self.raw.closed:
                return Answered([], 0, sql)  # it ended with its connection
        return self._asked(sql, lambda: self._sent([(in_postgres(sql), parameters)])[0])

    def answers(self, questions: Sequence[tuple[str, Any]]) -> Iterator[list[Any]]:
        """The rows of questions that go to the server in one piece. Raises LedgerBusy or LedgerUnusable."""
        statements = [(in_postgres(sql), parameters) for sql, parameters in questions]
        found = self._asked(questions[0][0], lambda: self._sent(statements))
        return (cursor.fetchall() for cursor in found)

    def hold(self, sql: str, parameters: Any) -> None:
        """Have a statement whose answer nobody needs sent before the next one, or with the COMMIT, in one piece."""
        self._held.append((in_postgres(sql), parameters))

    def held(self) -> list[tuple[str, Any]]:
        """The statements that were not sent yet: they are the caller's from now on."""
        held, self._held = self._held, []
        return held

    def begin(self) -> None:
        """Begin a transaction that no COMMIT of the engine's ends. Raises LedgerBusy or LedgerUnusable."""
        try:
            self.raw.begin()
        except psycopg.Error as error:
            raise in_words(error, self.database) from error

    def flush(self) -> None:
        """Send what is held. Raises psycopg.Error."""
        if self._held:
            self._sent([])

    def execute_once(self, statement: str, parameters: Any = None) -> Answer:
        """One statement in PostgreSQL's own words, asked once. Raises LedgerBusy or LedgerUnusable."""
        try:
            return self._sent([(statement, parameters or None)])[0]
        except psycopg.Error as error:
            raise in_words(error, self.database) from error

    def alone(self, statement: str) -> None:
        """One statement that takes no transaction around it. Raises LedgerBusy or LedgerUnusable."""
        try:
            self.raw.execute(statement)
        except psycopg.Error as error:
            raise in_words(error, self.database) from error

    def executemany(self, sql: str, parameters: Any, /) -> Answer:
        """One statement for each of many parameters. Raises LedgerBusy or LedgerUnusable."""
        try:
            self.flush()
            cursor = self.raw.cursor()
            cursor.executemany(in_postgres(sql), list(parameters))
        except psycopg.Error as error:
            raise in_words(error, self.database) from error
        return cursor

    def _sent(self, statements: Sequence[tuple[str, Any]]) -> list[Told]:
        """The answers to statements that are sent in one piece, behind those that are held."""
        held = self.held()
        wrapped = bool(self.raw.settings) and not self.in_transaction
        before = [("BEGIN", None), (f"SELECT {self.raw.settings}", None)] if wrapped else held
        all_of_it = [*before, *statements, *([("COMMIT", None)] if wrapped else [])]
        alone = len(all_of_it) == 1 and not all_of_it[0][1]  # nor is it worth to be kept prepared
        found: list[Told]
        try:
            found = [self.raw.execute(*all_of_it[0])] if alone else exchanged(self.raw, all_of_it)
        except BaseException:
            if wrapped:  # its COMMIT was not come to
                self.roll_back()
            raise
        return found[len(before) : len(before) + len(statements)]

    def roll_back(self) -> None:
        """End what was begun, with what is held for it. Where the server is gone there is nothing to end."""
        self._held.clear()
        if self.raw.info.transaction_status in _OPEN:
            try:
                self.raw.execute("ROLLBACK")
            except psycopg.Error:
                self.raw.close()

    def _asked(self, sql: str, ask: Callable[[], _T]) -> _T:
        begun = self.in_transaction or self.writes
        try:
            return ask()
        except psycopg.Error as error:
            if begun or not is_lost(error) or not sql.lstrip().startswith(("SELECT", "WITH", "BEGIN")):
                self.look_on()
                raise in_words(error, self.database) from error
        self.reopen()
        try:
            return ask()
        except psycopg.Error as error:
            raise in_words(error, self.database) from error

    def look_on(self) -> None:
        """Have a transaction that only looks go on where one of its questions failed, at the same moment.

        Otherwise all that is asked in it afterwards would fail, too.
        """
        if self._looks and self.raw.info.transaction_status == TransactionStatus.INERROR:
            with contextlib.suppress(psycopg.Error):
                self.raw.execute("ROLLBACK TO SAVEPOINT at_first")

    @contextlib.contextmanager
    def streaming(self) -> Iterator[tuple[Attentive, bool]]:
        """The connection for a cursor that is read bit by bit, and whether that must outlive a transaction.

        Through a pooler nothing outlives one, so that a cursor gets a connection to itself.
        """
        if self.in_transaction or not self.raw.is_pooled:
            self.flush()
            yield self.raw, not self.in_transaction
            return
        with contextlib.closing(self._opened_again()) as own:
            own.begin("ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield own, False

    def reopen(self) -> None:
        """Another connection in the place of one that is lost. Raises LedgerBusy or LedgerUnusable."""
        self.raw.close()
        self._looks = False
        self.raw = self._opened_again()

    def close(self) -> None:
        """Close it. Safe to call twice."""
        self.raw.close()
