"""A COMMIT whose answer is lost: what was kept is known for certain afterwards, or said not to be known."""

import contextlib
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from postgres_server import Cluster, a_folder

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnknown
from mpesa_cli.ledger.engine.postgres.engine import PostgresEngine
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.schema.current import CURRENT
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.values.database import database as address

Open = Callable[..., Ledger]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    with contextlib.ExitStack() as closing:

        def open_at(url: str, name: str = "mpesa_shop", back_within_s: float = 15.0, machine: str = "a") -> Ledger:
            home = tmp_path / machine
            engine = PostgresEngine(
                address(url, name, name), None, CURRENT, environment="simulator", timeline=home / "timeline",
                back_within_s=back_within_s,
            )
            ledger = Ledger(home / "x", environment="simulator", token_hex=secrets.token_hex, engine=engine)
            closing.callback(ledger.close)
            return ledger

        yield open_at


def note(ledger: Ledger, word: str) -> None:
    """One transaction that leaves one row in the journal."""
    with ledger.write() as tx:
        tx.chain(ev.Record("begun", 1, {"word": word}, {}), "", None)


def words(ledger: Ledger) -> list[str]:
    return [str(facts)[9:-2] for (facts,) in ledger.rows("SELECT facts FROM journal ORDER BY seq")]


class Between:
    """A network between us and a server, which loses what the server says once it is told to."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.deaf = False
        self.cut_on = b""
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                for one, other, ours in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass, args=(one, other, ours), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, ours: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if ours and self.cut_on and self.cut_on in data:
                    self.cut_on, self.deaf = b"", True
                    other.sendall(data)
                    time.sleep(0.2)  # the server has it, and has answered
                    one.shutdown(socket.SHUT_RDWR)
                    other.shutdown(socket.SHUT_RDWR)
                    self.deaf = False
                    return
                if not (self.deaf and not ours):
                    other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()
        for each in self._open:
            each.close()


@pytest.fixture
def between(server: Cluster) -> Iterator[Between]:
    made = Between(server.port)
    yield made
    made.close()


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


@pytest.fixture
def lonely(server: Cluster) -> Iterator[Cluster]:
    """A server that waits for a standby which does not come, once it is told to."""
    with a_folder() as folder:
        made = Cluster(folder / "server").make()
        made.sql("CREATE DATABASE shop")
        yield made
        made.kill()


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
    lonely.set({"synchronous_standby_names": "nobody"})

    threading.Thread(target=cancel_waiting_commit, args=(lonely,), daemon=True).start()
    with pytest.raises(LedgerUnknown):
        note(ledger, "cancelled")

    lonely.set({"synchronous_standby_names": ""})
    assert words(ledger) == ["before", "cancelled"]  # it is there; had the server died, it might not have been
    note(ledger, "after")


@pytest.mark.postgres
def test_ctrl_c_during_a_commit_is_raised_once_its_outcome_is_known(lonely: Cluster, opened: Open) -> None:
    ledger = opened(lonely.url())
    lonely.set({"synchronous_standby_names": "nobody"})

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


class Pair:
    """A primary and the standby that has every payment before it counts."""

    def __init__(self, folder: Path) -> None:
        self.primary = Cluster(folder / "one").make()
        self.primary.sql("CREATE DATABASE shop")
        self.standby = Cluster(folder / "two").make_standby(self.primary, "second")
        self.primary.set({"synchronous_standby_names": "second"})
        self.url = self.primary.url(self.standby)
        for _ in range(200):
            if self.primary.sql("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
                return
            time.sleep(0.05)
        raise AssertionError("the standby does not follow")

    def fail_over(self) -> None:
        self.primary.kill()
        self.standby.promote()

    def close(self) -> None:
        self.primary.kill()
        self.standby.kill()


@pytest.fixture
def pair(server: Cluster) -> Iterator[Pair]:
    with a_folder() as folder:
        made = Pair(folder)
        yield made
        made.close()


@pytest.mark.postgres
def test_killing_the_primary_under_writers_loses_nothing_that_was_acknowledged(pair: Pair, opened: Open) -> None:
    first = opened(pair.url)
    kept: list[str] = []
    absent: list[str] = []
    unknown: list[str] = []
    over = threading.Event()

    def write(who: int) -> None:
        ledger, nth = opened(pair.url, machine=f"m{who}"), 0
        while not over.is_set():
            word = f"{who}-{nth}"
            try:
                note(ledger, word)
                kept.append(word)
            except LedgerUnknown:
                unknown.append(word)
            except LedgerBusy:
                absent.append(word)
            nth += 1

    writers = [threading.Thread(target=write, args=(who,)) for who in range(3)]
    for each in writers:
        each.start()
    time.sleep(1.0)
    before = len(kept)
    pair.fail_over()
    until = time.monotonic() + 20
    while len(kept) < before + 20 and time.monotonic() < until:
        time.sleep(0.05)
    over.set()
    for each in writers:
        each.join()

    there = words(first)
    assert unknown == []
    assert before > 0
    assert len(kept) >= before + 20, "nobody went on with the successor"
    assert sorted(there) == sorted(kept), "lost, or there twice, or there though it was told as not kept"
    assert not set(absent) & set(there)
