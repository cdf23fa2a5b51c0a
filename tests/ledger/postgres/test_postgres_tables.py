"""The tables of both engines: the same columns, made new or brought up to date, and words that both read alike."""

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.ledger.engine.connection import Schema, open_connection
from mpesa_cli.ledger.engine.dialect import dialect_of
from mpesa_cli.ledger.engine.postgres import tables
from mpesa_cli.ledger.engine.postgres.connection import PostgresConnection
from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
from mpesa_cli.ledger.engine.postgres.text import in_postgres
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.schema.current import CURRENT
from mpesa_cli.rules.values.database import database as address

OF_FIRST = Schema(tables.FIRST, CURRENT.migrations)


@pytest.fixture
def opened(database: Callable[[], str], tmp_path: Path) -> Iterator[Callable[..., PostgresEngine]]:
    url = database()
    with contextlib.ExitStack() as closing:

        def open_as(
            schema: Schema = CURRENT, name: str = "mpesa_shop", holds: str = "simulator/174379/-"
        ) -> PostgresEngine:
            engine = PostgresEngine(
                address(url, name, holds), None, schema, environment="simulator",
                timeline=tmp_path / "timeline",
            )
            closing.callback(engine.close)
            return engine

        yield open_as


def shape(connection: object) -> dict[str, dict[str, str]]:
    """The tables with their columns and the kinds of these."""
    words = dialect_of(connection)  # type: ignore[arg-type]
    return {table: words.columns(connection, table) for table in sorted(words.tables(connection))}


def indexes(connection: PostgresConnection) -> list[tuple[object, ...]]:
    return connection.execute_once(
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2"
    ).fetchall()


def test_both_engines_have_the_same_tables_and_columns(
    opened: Callable[..., PostgresEngine], tmp_path: Path
) -> None:
    with contextlib.closing(open_connection(tmp_path / "ledger.db", CURRENT, environment="simulator")) as sqlite:
        assert shape(opened().connection()) == shape(sqlite)


def test_a_ledger_that_was_brought_up_to_date_is_made_as_a_new_one_is(opened: Callable[..., PostgresEngine]) -> None:
    older = opened(OF_FIRST, "older", "x")
    older.close()

    brought, new = opened(CURRENT, "older", "x").connection(), opened(CURRENT, "mpesa_other").connection()

    assert tables.version(brought) == tables.version(new) == CURRENT.latest
    assert shape(brought) == shape(new)
    assert [(t, n, str(d).replace("older.", "x.")) for t, n, d in indexes(brought)] == [
        (t, n, str(d).replace("mpesa_other.", "x.")) for t, n, d in indexes(new)
    ]


@pytest.mark.postgres
def test_a_paybill_has_one_ledger_in_a_database(opened: Callable[..., PostgresEngine]) -> None:
    opened().close()

    with pytest.raises(LedgerUnusable) as refused:
        opened(CURRENT, "another_name")
    assert refused.value.code == "ledger-elsewhere"
    assert 'ledger_schema = "mpesa_shop"' in refused.value.hint


@pytest.mark.postgres
def test_a_ledger_is_not_opened_where_another_schema_came_to_hold_the_same_till(
    opened: Callable[..., PostgresEngine],
) -> None:
    """A copy that somebody put back under another name beside it."""
    connection = opened().connection()
    said = connection.execute_once("SELECT obj_description('mpesa_shop'::regnamespace, 'pg_namespace')").fetchone()[0]
    connection.execute_once("CREATE SCHEMA put_back")
    connection.execute_once(f"COMMENT ON SCHEMA put_back IS '{said}'")

    with pytest.raises(LedgerUnusable) as refused:
        opened()
    assert refused.value.code == "ledger-elsewhere"


@pytest.mark.postgres
def test_a_schema_that_holds_another_tills_payments_is_not_opened(opened: Callable[..., PostgresEngine]) -> None:
    opened(CURRENT, "mpesa_shop", "simulator/174379/-")

    with pytest.raises(LedgerUnusable) as refused:
        opened(CURRENT, "mpesa_shop", "simulator/174379/5550001")
    assert refused.value.code == "ledger-other-till"


@pytest.mark.postgres
def test_a_program_that_is_older_than_the_tables_writes_nothing_not_even_one_that_is_running(
    opened: Callable[..., PostgresEngine],
) -> None:
    running = opened()
    newer = Schema(CURRENT.latest + 1, lambda: [*CURRENT.migrations(), lambda _: None])
    opened(newer)

    with pytest.raises(LedgerUnusable) as refused, running.transaction():
        pytest.fail("written")
    assert refused.value.code == "ledger-too-new"
    with pytest.raises(LedgerUnusable):
        opened()


PATTERNS = ["C2B-*", "0[17*]*", "*[^0-9*]*", "[0-9][0-9][0-9]", "~*", "2547??74149", "*.+(x)", "", "*"]
TEXTS = ["C2B-X", "c2b-x", "0712", "0812", "07*2", "12a", "123", "1234", "~ab", "254708374149", "y.+(x)", "yy(x)", ""]


@pytest.mark.postgres
def test_patterns_mean_the_same_to_both_engines(opened: Callable[..., PostgresEngine]) -> None:
    connection, memory = opened().connection(), sqlite3.connect(":memory:")
    with contextlib.closing(memory):
        for pattern in PATTERNS:
            written = f"SELECT ? GLOB '{pattern}', ? NOT GLOB '{pattern}'"
            for text in TEXTS:
                expected = memory.execute(written, (text, text)).fetchone()
                assert connection.execute(written, (text, text)).fetchone() == expected, (pattern, text)
                if "[" not in pattern:
                    asked = "SELECT ? GLOB ?, ? NOT GLOB ?"
                    given = (text, pattern, text, pattern)
                    assert connection.execute(asked, given).fetchone() == memory.execute(asked, given).fetchone()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT 1 WHERE ? IN (SELECT value FROM json_each(?))", ("b", '["a", "b"]')),
        ("SELECT 1 WHERE ? NOT IN (SELECT value FROM json_each(?))", ("b", '["a", "b"]')),
        ("SELECT 1 WHERE ? IN (SELECT CAST(value AS INTEGER) FROM json_each(?))", (3_000_000_000, "[3000000000]")),
        ("SELECT json_extract(?, '$.name')", ('{"name": "x\\u0041"}',)),
        ("SELECT CAST(json_extract(?, '$.no') AS INTEGER)", ('{"no": true}',)),
        ("SELECT json_extract(?, '$.none')", ("{}",)),
        ("SELECT CAST(json_extract(?, '$[1]') AS INTEGER)", ("[5, 1795505400000000]",)),
        ("SELECT sum(CASE WHEN 1=1 THEN 1 ELSE 0 END), count(*)", ()),
        ("SELECT replace('a?b%c', '%', '?'), 'it''s :no name'", ()),
        ("SELECT 1 WHERE NULL IS NOT 1", ()),
        ("SELECT :two || :one || :two", {"one": "1", "two": "2"}),
    ],
)
def test_the_one_text_says_the_same_to_both_engines(
    opened: Callable[..., PostgresEngine], sql: str, parameters: object
) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        expected = memory.execute(sql, parameters).fetchall()  # type: ignore[arg-type]

    assert opened().connection().execute(sql, parameters).fetchall() == expected


@pytest.mark.postgres
def test_a_text_with_a_nul_of_mpesas_is_stored_without_it(opened: Callable[..., PostgresEngine]) -> None:
    connection = opened().connection()
    connection.execute("INSERT INTO meta VALUES (?,?)", ("x", "a\0b"))
    assert connection.execute("SELECT value FROM meta WHERE key='x'").fetchone() == ("a\ufffdb",)


def test_a_percent_and_a_cast_stay_what_they_are() -> None:
    assert in_postgres("SELECT a LIKE 'x%' FROM t WHERE b=? AND c=:d") == (
        "SELECT a LIKE 'x%%' FROM t WHERE b=%s AND c=%(d)s"
    )


@pytest.mark.postgres
def test_a_question_that_fails_in_a_look_at_one_moment_leaves_the_others_theirs(
    opened: Callable[..., PostgresEngine], tmp_path: Path
) -> None:
    looking = Ledger(tmp_path / "x", environment="simulator", token_hex=secrets.token_hex, engine=opened())
    with looking.snapshot():
        before = looking.rows("SELECT count(*) FROM meta")
        opened().connection().execute("INSERT INTO meta VALUES ('x', 'y')")
        with pytest.raises(LedgerUnusable):
            looking.rows("SELECT * FROM what_is_gone")
        with pytest.raises(LedgerUnusable):
            list(looking.stream("SELECT * FROM what_is_gone"))
        assert looking.rows("SELECT count(*) FROM meta") == before
    assert looking.rows("SELECT count(*) FROM meta") == [(before[0][0] + 1,)]
