"""Statements that go to the server in one piece: the answers of each, also where one fails or the server hangs up."""

import os
import signal
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from postgres_parts import Open, note, words
from postgres_server import Cluster

from mpesa_cli.ledger.engine.postgres.attentive import PREPARED_MOST, Attentive
from mpesa_cli.ledger.engine.postgres.exchange import exchanged
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.rules import evidence as ev


@pytest.fixture
def ledger(database: Callable[[], str], opened: Open) -> Ledger:
    return opened(database())


@pytest.fixture
def raw(ledger: Ledger) -> Attentive:
    """The connection below a ledger."""
    return ledger.engine.connection().raw  # type: ignore[union-attr,return-value]


def said(raw: Attentive, *statements: tuple[str, object]) -> list[list[object]]:
    return [answer.fetchall() for answer in exchanged(raw, statements)]


def undone(ledger: Ledger) -> None:
    """One transaction that ends in a ROLLBACK."""
    with ledger.write() as tx:
        tx.chain(ev.Record("begun", 1, {"word": "undone"}, {}), "", None)
        before = tx.rows("SELECT count(*) FROM journal")
        raise ZeroDivisionError(before)


def wait_for_lock(server: Cluster, database: str) -> None:
    for _ in range(500):
        if server.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'", database):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


@pytest.mark.parametrize("isolation", ["repeatable read", pytest.param("serializable", marks=pytest.mark.postgres)])
def test_what_is_read_behind_the_lock_is_the_newest_whatever_isolation_the_server_begins_with(
    isolation: str, server: Cluster, database: Callable[[], str], opened: Open
) -> None:
    url = database()
    name = url.rsplit("/", 1)[1]
    server.sql(f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'")
    one, other = opened(url), opened(url, machine="b")
    later = threading.Thread(target=note, args=(other, "second"))
    with one.write() as tx:
        later.start()
        wait_for_lock(server, name)
        tx.chain(ev.Record("begun", 1, {"word": "first"}, {}), "", None)
    later.join()
    assert words(one) == ["first", "second"]


@pytest.mark.postgres
def test_the_answers_are_those_that_each_statement_gets_alone(raw: Attentive) -> None:
    asked: list[tuple[str, object]] = [
        ("SELECT %s::text, %s, %s", ("a", None, 5)),
        ("SELECT %(b)s || %(a)s || %(b)s", {"a": "x", "b": "y"}),
        ("SELECT '%%' || %s, 1 = 1, sum(n) FROM generate_series(1, 3) n", ("%",)),
        ("SELECT %s, %s", (True, b"\x00\xff")),
        ("SELECT %s", (2**40,)),
        ("SELECT %s::text", ("a\0b",)),
        ("SELECT 7 % 4", None),
        ("SELECT n FROM generate_series(1, 3) n WHERE false", ()),
    ]
    alone = [raw.execute(*each).fetchall() for each in asked]
    for _ in range(2):  # the second time they are prepared
        assert said(raw, *asked) == alone


@pytest.mark.postgres
def test_a_statement_that_fails_leaves_those_after_it_undone_and_the_connection_as_it_was(raw: Attentive) -> None:
    raw.execute("CREATE TEMPORARY TABLE kept (n int)")
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            said(raw, ("SELECT 1 / %s", (0,)), ("INSERT INTO kept VALUES (%s)", (1,)))
    assert said(raw, ("INSERT INTO kept VALUES (%s)", (2,)), ("SELECT n FROM kept", ())) == [[], [(2,)]]
    with pytest.raises(psycopg.ProgrammingError):
        said(raw, ("INSERT INTO kept VALUES (%s)", (3,)), ("SELECT %s", (object(),)))
    assert raw.closed or said(raw, ("SELECT n FROM kept", ()))[0] == [(2,)]


@pytest.mark.postgres
def test_a_connection_keeps_so_many_statements_prepared_and_no_more(raw: Attentive) -> None:
    for number in range(PREPARED_MOST + 20):
        assert said(raw, (f"SELECT {number} + %s", (1,)), ("SELECT %s::text", ("x",))) == [[(number + 1,)], [("x",)]]
    (count,) = said(raw, ("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'mpesa%%'", ()))[0][0]  # type: ignore[misc]
    assert count == PREPARED_MOST


@pytest.mark.postgres
def test_what_is_prepared_outlives_a_rollback_and_whatever_else_is_asked(ledger: Ledger, raw: Attentive) -> None:
    for _ in range(2):
        note(ledger, "kept")
    for _ in range(8):  # psycopg would prepare it by itself, and end all that is prepared at the next ROLLBACK
        assert ledger.rows("SELECT count(*) FROM journal") == [(2,)]
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            undone(ledger)
        note(ledger, "kept")
    raw.execute("DEALLOCATE ALL")  # by a pooler, say
    note(ledger, "after")
    assert words(ledger) == ["kept"] * 4 + ["after"]


@pytest.mark.postgres
def test_what_somebody_else_ended_is_prepared_anew(raw: Attentive) -> None:
    asked = ("SELECT %s::text", ("x",))
    said(raw, asked)
    raw.execute("DEALLOCATE ALL")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        said(raw, asked)
    assert said(raw, asked) == [[("x",)]]


@pytest.mark.postgres
@pytest.mark.timeout(20)
def test_rows_that_are_copied_are_refused_and_not_waited_for(raw: Attentive) -> None:
    with pytest.raises(psycopg.NotSupportedError):
        said(raw, ("SELECT 1", ()), ("COPY (SELECT 1) TO STDOUT", None))
    assert raw.closed


@pytest.mark.postgres
def test_a_piece_that_somebody_broke_off_answers_no_other_one(ledger: Ledger, raw: Attentive) -> None:
    raw.pgconn.enter_pipeline_mode()
    raw.pgconn.send_query_params(b"SELECT 'old answer'", None)
    with pytest.raises(psycopg.OperationalError):
        said(raw, ("SELECT 'new answer'", ()), ("SELECT 1", ()))
    assert ledger.rows("SELECT ?", ("new answer",)) == [("new answer",)]


@pytest.mark.postgres
def test_what_is_larger_than_any_buffer_goes_both_ways_at_once(raw: Attentive) -> None:
    large = "x" * 3_000_000
    assert said(raw, *[("SELECT %s::text", (large + str(n),)) for n in range(4)]) == [
        [(large + str(n),)] for n in range(4)
    ]


@pytest.mark.postgres
def test_what_the_server_says_before_it_hangs_up_is_what_is_told(ledger: Ledger, raw: Attentive) -> None:
    with pytest.raises(psycopg.errors.AdminShutdown):
        said(raw, ("SELECT pg_terminate_backend(pg_backend_pid())", ()), ("SELECT 1", ()))
    assert raw.closed
    note(ledger, "after")
    assert words(ledger) == ["after"]


@pytest.mark.postgres
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_in_the_middle_of_a_piece_leaves_no_answer_for_the_next_question(
    ledger: Ledger, raw: Attentive
) -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        said(raw, ("SELECT pg_sleep(30)", ()), ("SELECT 'left behind'", ()))
    note(ledger, "after")
    assert words(ledger) == ["after"]


@pytest.mark.postgres
def test_a_libpq_without_pipelines_sends_them_one_by_one(
    ledger: Ledger, raw: Attentive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.Pipeline, "is_supported", lambda: False)
    note(ledger, "before")
    monkeypatch.undo()
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]
