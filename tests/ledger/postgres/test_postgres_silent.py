"""A server that keeps its connections and says nothing any more: noticed at any statement, and nothing was kept."""

import threading
import time
from collections.abc import Callable

import pytest
from postgres_parts import Between, Open, note, words
from postgres_server import Cluster

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnknown
from mpesa_cli.ledger.engine.postgres import commit, connecting, engine
from mpesa_cli.ledger.engine.postgres.attentive import Attentive
from mpesa_cli.rules import evidence as ev


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask after half a second whether a server is at work."""
    monkeypatch.setattr(Attentive, "answer_s", 0.5)


@pytest.mark.usefixtures("impatient")
def test_a_network_that_swallows_what_is_sent_is_noticed_before_the_commit_and_nothing_was_kept(
    database: Callable[[], str], server: Cluster, between: Between, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.ledger.engine.postgres.connecting.CONNECT_S", 1)
    ledger = opened(database().replace(str(server.port), str(between.port)))
    note(ledger, "before")

    def write() -> None:
        with ledger.write() as tx:
            tx.chain(ev.Record("begun", 1, {"word": "swallowed"}, {}), "", None)
            between.swallows = True
            tx.rows("SELECT count(*) FROM journal")

    with pytest.raises(LedgerBusy) as gone:
        write()

    assert not isinstance(gone.value, LedgerUnknown)
    assert gone.value.code == "ledger-unreachable"
    between.swallows = False
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


@pytest.mark.postgres
@pytest.mark.usefixtures("impatient")
def test_a_question_to_a_frozen_server_is_asked_again_once_there_is_one(
    database: Callable[[], str], lonely: Cluster, opened: Open
) -> None:
    ledger = opened(lonely.url())
    note(ledger, "before")

    lonely.pause()
    threading.Timer(3.0, lonely.pause, kwargs={"again": True}).start()

    assert words(ledger) == ["before"]


@pytest.mark.postgres
@pytest.mark.usefixtures("impatient")
def test_a_write_to_a_server_that_stays_frozen_ends_in_time_and_says_that_nothing_was_kept(
    lonely: Cluster, opened: Open
) -> None:
    ledger = opened(lonely.url(), back_within_s=1.0)
    note(ledger, "before")

    lonely.pause()
    with pytest.raises(LedgerBusy) as gone:
        note(ledger, "never")
    assert (gone.value.code, type(gone.value)) == ("ledger-unreachable", LedgerBusy)

    lonely.pause(again=True)
    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


@pytest.mark.postgres
def test_a_server_that_is_frozen_at_the_commit_is_asked_afterwards_what_it_kept(
    database: Callable[[], str], server: Cluster, between: Between, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "COMMIT_WAIT_S", 1.0)
    ledger = opened(database().replace(str(server.port), str(between.port)))
    note(ledger, "before")

    def write() -> None:
        with ledger.write() as tx:
            tx.chain(ev.Record("begun", 1, {"word": "swallowed"}, {}), "", None)
            tx.rows("SELECT count(*) FROM journal")
            between.swallows = True
            threading.Timer(2.0, setattr, (between, "swallows", False)).start()

    with pytest.raises(LedgerBusy) as gone:
        write()
    assert not isinstance(gone.value, LedgerUnknown)

    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


@pytest.mark.postgres
@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_slow_and_at_work_is_waited_for(database: Callable[[], str], opened: Open) -> None:
    ledger = opened(database())
    begun = time.monotonic()
    with ledger.engine.transaction() as connection:
        connection.execute("SELECT pg_sleep(2)").fetchall()
    assert time.monotonic() - begun >= 2


@pytest.mark.postgres
@pytest.mark.usefixtures("impatient")
def test_a_session_that_the_server_has_lost_is_not_waited_for_because_others_are_served(
    database: Callable[[], str], server: Cluster, between: Between, opened: Open
) -> None:
    """A firewall that forgot a connection drops its packets, and lets new ones through."""
    ledger = opened(database().replace(str(server.port), str(between.port)))
    note(ledger, "before")

    between.swallow_what_is_open()
    note(ledger, "by another connection")

    assert words(ledger) == ["before", "by another connection"]


@pytest.mark.postgres
@pytest.mark.usefixtures("impatient")
def test_who_waits_for_the_lock_of_another_is_told_so(database: Callable[[], str], opened: Open) -> None:
    url = database()
    first, second = opened(url), opened(url, machine="b")

    with first.engine.transaction(), pytest.raises(LedgerBusy) as held, second.engine.transaction(within_s=2.0):
        pytest.fail("two at once")

    assert held.value.code == "ledger-locked"


@pytest.mark.postgres
def test_a_long_wait_for_others_and_one_for_a_server_that_is_away_are_said(
    lonely: Cluster, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (connecting, engine):
        monkeypatch.setattr(module, "UNSAID_S", 0.1)
    said: list[str] = []
    ledger, other = opened(lonely.url()), opened(lonely.url(), machine="b")
    ledger.engine.told_to(said.append)  # type: ignore[union-attr]

    with other.write(), pytest.raises(LedgerBusy), ledger.write(within_s=1.0):
        pytest.fail("written")
    assert said == ["Others are writing in the ledger. Waiting for them, 1 s at most."]

    lonely.stop()
    threading.Timer(1.0, lonely.start).start()
    note(ledger, "after")
    assert said[1:] == ["The ledger's database is away. Waiting for it, 15 s at most."]
