"""A COMMIT whose answer is lost: what was kept is known for certain afterwards, or said not to be known."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from postgres_parts import Between, Open, note, words
from postgres_server import Cluster

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnknown
from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine


def test_a_commit_whose_answer_is_lost_on_the_way_is_found_and_counts_once(
    database: Callable[[], str], server: Cluster, between: Between, opened: Open
) -> None:
    ledger = opened(database().replace(str(server.port), str(between.port)))
    note(ledger, "before")

    between.cut_on = b"COMMIT\0"
    note(ledger, "answer lost")
    note(ledger, "after")

    assert words(ledger) == ["before", "answer lost", "after"]


@pytest.mark.postgres
def test_a_transaction_that_never_reached_the_server_is_told_as_not_kept(
    database: Callable[[], str], server: Cluster, between: Between, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(database().replace(str(server.port), str(between.port)))

    def broken(*_: object) -> None:
        raise psycopg.OperationalError("gone before it was sent")

    monkeypatch.setattr("mpesa_cli.ledger.engine.postgres.commit._answer", broken)
    once = iter([True])
    real = PostgresEngine._was_kept

    def restored(self: PostgresEngine, mark: object) -> bool:
        assert next(once)
        monkeypatch.undo()
        return real(self, mark)  # type: ignore[arg-type]

    monkeypatch.setattr(PostgresEngine, "_was_kept", restored)
    with pytest.raises(LedgerBusy) as refused:
        note(ledger, "never sent")
    assert not isinstance(refused.value, LedgerUnknown)
    assert words(ledger) == []
    note(ledger, "after")
    assert words(ledger) == ["after"]


def cancel_waiting_commit(server: Cluster) -> None:
    """Cancel the COMMIT that waits for its standby, as somebody with rights on the server may."""
    for _ in range(200):
        waiting = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        if server.sql(waiting, "shop"):
            return
        time.sleep(0.02)


@pytest.mark.postgres
def test_a_commit_that_was_cancelled_while_it_waited_for_the_standby_is_not_called_kept(
    lonely: Cluster, opened: Open
) -> None:
    ledger = opened(lonely.url(), back_within_s=2.0)
    note(ledger, "before")
    lonely.have_commits_wait()

    threading.Thread(target=cancel_waiting_commit, args=(lonely,), daemon=True).start()
    with pytest.raises(LedgerUnknown):
        note(ledger, "cancelled")

    lonely.set({"synchronous_standby_names": ""})
    assert words(ledger) == ["before", "cancelled"]  # it is there; had the server died, it might not have been
    note(ledger, "after")


@pytest.mark.postgres
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_during_a_commit_is_raised_once_its_outcome_is_known(lonely: Cluster, opened: Open) -> None:
    ledger = opened(lonely.url())
    lonely.have_commits_wait()

    def interrupt_then_let_go() -> None:
        time.sleep(0.4)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.4)
        lonely.set({"synchronous_standby_names": ""})

    threading.Thread(target=interrupt_then_let_go, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        note(ledger, "kept all the same")

    assert words(ledger) == ["kept all the same"]


@pytest.mark.postgres
def test_an_old_primary_is_refused_by_a_machine_that_wrote_to_its_successor(
    database: Callable[[], str], opened: Open, tmp_path: Path
) -> None:
    url = database()
    note(opened(url), "before")
    (tmp_path / "a" / "timeline").write_text("2\n")

    with pytest.raises(LedgerBusy) as refused:
        opened(url)
    assert refused.value.code == "ledger-old-primary"
    note(opened(url, machine="b"), "a machine that never saw the successor can't know")


@pytest.mark.postgres
def test_a_connection_to_an_old_primary_that_is_still_open_takes_no_write_any_more(
    database: Callable[[], str], server: Cluster, opened: Open, tmp_path: Path
) -> None:
    url = database()
    ledger = opened(url, back_within_s=0.3)
    note(ledger, "before")
    (tmp_path / "a" / "timeline").write_text("2\n")  # another process of this machine has written to the successor

    with pytest.raises(LedgerBusy) as refused:
        note(ledger, "to the old one")

    assert refused.value.code == "ledger-old-primary"
    assert server.sql("SELECT count(*) FROM mpesa_shop.journal", url.rpartition("/")[2]) == [(1,)]
