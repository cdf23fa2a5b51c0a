"""What is lost in the middle is lost as a whole: no statement of a transaction is done by another connection."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from postgres_parts import Open, note, words
from postgres_server import Cluster

from mpesa_cli.floor.errors import LedgerBusy, MpesaError
from mpesa_cli.ledger.engine.postgres.commit import commit
from mpesa_cli.ledger.engine.postgres.connecting import Connecting
from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(database: Callable[[], str], opened: Open) -> Ledger:
    made = opened(database())
    note(made, "before")
    return made


def chain(tx: Write, word: str) -> None:
    tx.chain(ev.Record("begun", 1, {"word": word}, {}), "", None)


def cut(ledger: Ledger, server: Cluster) -> None:
    """End the session of this thread's connection, as a server that is restarted does."""
    pid = ledger.engine.connection().raw.pgconn.backend_pid  # type: ignore[union-attr]
    server.sql(f"SELECT pg_terminate_backend({pid}, 5000)")


def careless(ledger: Ledger, fails: Callable[[Write], object]) -> None:
    """A transaction one of whose questions fails, and which goes on all the same."""
    with ledger.write() as tx:
        chain(tx, "first")
        tx.rows("SELECT count(*) FROM journal")
        with contextlib.suppress(MpesaError, ValueError):
            fails(tx)
        chain(tx, "second")
        tx.rows("SELECT count(*) FROM journal")


def test_a_transaction_that_goes_on_after_its_server_was_lost_keeps_nothing_and_says_so(
    ledger: Ledger, server: Cluster
) -> None:
    def lost(tx: Write) -> None:
        cut(ledger, server)
        tx.rows("SELECT count(*) FROM journal WHERE seq > ?", (0,))

    with pytest.raises(LedgerBusy, match=r"went away|can't be reached"):
        careless(ledger, lost)
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


def test_no_question_of_a_transaction_is_answered_by_another_connection(ledger: Ledger, server: Cluster) -> None:
    def asks_on(tx: Write) -> None:
        cut(ledger, server)
        for _ in range(2):
            with pytest.raises(LedgerBusy):
                tx.rows("SELECT count(*) FROM journal WHERE seq > ?", (0,))

    with pytest.raises(LedgerBusy), ledger.write() as tx:
        asks_on(tx)
    assert words(ledger) == ["before"]


def test_a_commit_of_nothing_that_was_begun_does_not_count(ledger: Ledger) -> None:
    assert not commit(ledger.engine.connection().raw)  # type: ignore[union-attr]


def test_whatever_fails_behind_the_lock_gives_it_back(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Connecting, "told", broken)
    with pytest.raises(ZeroDivisionError):
        note(ledger, "refused")
    monkeypatch.undo()
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


def test_a_transaction_that_goes_on_after_a_value_that_no_server_takes_keeps_all_or_nothing(ledger: Ledger) -> None:
    def unfit(tx: Write) -> None:
        list(tx.answers(("SELECT ?", ("sound",)), ("SELECT ?", ("\udcff",))))

    with pytest.raises(LedgerBusy):
        careless(ledger, unfit)
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


def test_a_value_that_no_server_takes_in_the_last_piece_gives_the_lock_back(ledger: Ledger, opened: Open) -> None:
    with pytest.raises(UnicodeEncodeError), ledger.write() as tx:
        tx.put("UPDATE meta SET value = ? WHERE key = ''", ("\udcff",))
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


def test_a_look_at_one_moment_never_goes_on_at_another(ledger: Ledger, server: Cluster) -> None:
    with ledger.snapshot():
        assert words(ledger) == ["before"]
        cut(ledger, server)
        for _ in range(2):
            with pytest.raises(LedgerBusy):
                words(ledger)
    assert words(ledger) == ["before"]
    note(ledger, "after")
    with ledger.snapshot():
        assert words(ledger) == ["before", "after"]


def test_a_server_that_was_made_read_only_is_not_written(lonely: Cluster, opened: Open) -> None:
    ledger = opened(lonely.url(), back_within_s=1.0)
    note(ledger, "before")
    raw = ledger.engine.connection().raw  # type: ignore[union-attr]
    lonely.set({"default_transaction_read_only": "on"})
    while raw.execute("SHOW default_transaction_read_only").fetchone() != ("on",):
        time.sleep(0.02)
    with pytest.raises(LedgerBusy):
        note(ledger, "refused")
    lonely.set({"default_transaction_read_only": "off"})
    for _ in range(100):
        if lonely.sql("SHOW default_transaction_read_only") == [("off",)]:
            break
        time.sleep(0.02)
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


def test_a_server_that_takes_connections_and_loses_every_write_is_given_up(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(PostgresEngine, "_lock", lost)
    monkeypatch.setattr("mpesa_cli.ledger.engine.postgres.engine.LOCK_WAIT_S", -14.0)
    with pytest.raises(LedgerBusy):
        note(ledger, "refused")
    monkeypatch.undo()
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


class _Stopped(BaseException):
    """What a handler of a signal raises."""


def stop(*_: object) -> None:
    raise _Stopped


@pytest.mark.parametrize("asked", [("SELECT pg_sleep(30)", ()), ("SELECT pg_sleep(?)", (30,))])
def test_a_signal_in_a_question_leaves_no_answer_for_the_next_one(ledger: Ledger, asked: tuple[str, object]) -> None:
    before = signal.signal(signal.SIGUSR1, stop)
    try:
        threading.Timer(0.3, signal.raise_signal, (signal.SIGUSR1,)).start()
        with pytest.raises(_Stopped):
            ledger.rows(*asked)  # type: ignore[arg-type]
    finally:
        signal.signal(signal.SIGUSR1, before)
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]
