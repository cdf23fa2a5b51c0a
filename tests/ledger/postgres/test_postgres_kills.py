"""Primaries that are killed under their writers: nothing that was told as kept is lost, and nothing is there twice."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from postgres_parts import Open, note, words
from postgres_server import Cluster, programs
from primary_kills import Pair, a_pair, check, kill_under_writers

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnknown
from mpesa_cli.ledger.engine.postgres import commit

# What was written is in the system's memory when only processes die: so the servers need not wait for a disk.
QUICK = {"fsync": "off"}


def kill(pair: Pair, times: int) -> Counter[str]:
    """Fail over so many times, from one to the other and back."""
    found: Counter[str] = Counter()
    for nth in range(times):
        if nth:
            pair.follow_again()
        found += kill_under_writers(pair.url, pair.fail_over, first_s=0.8)
    return found


@pytest.fixture
def pair() -> Iterator[Pair]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with a_pair(**QUICK) as made:
        yield made


def test_killing_the_primary_under_writers_three_times_loses_nothing_that_was_acknowledged(pair: Pair) -> None:
    check(kill(pair, 3))


@pytest.mark.postgres
@pytest.mark.timeout(360)
def test_thirty_primaries_are_killed_under_writers_and_nothing_is_lost() -> None:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")

    def some(_: int) -> Counter[str]:
        with a_pair(**QUICK) as pair:
            return kill(pair, 10)

    with ThreadPoolExecutor(3) as pool:
        check(sum(pool.map(some, range(3)), Counter()))


@pytest.mark.postgres
def test_a_commit_that_waits_for_a_frozen_standby_is_not_called_kept_before_the_standby_has_it(
    pair: Pair, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "COMMIT_WAIT_S", 1.0)
    ledger = opened(pair.url)
    note(ledger, "before")
    receiver = int(str(pair.standby.sql("SELECT pid FROM pg_stat_wal_receiver")[0][0]))
    os.kill(receiver, signal.SIGSTOP)
    thawed_at = time.monotonic() + 3.0
    threading.Timer(3.0, os.kill, (receiver, signal.SIGCONT)).start()

    note(ledger, "waits for the standby")

    assert time.monotonic() >= thawed_at
    pair.fail_over()
    assert words(ledger) == ["before", "waits for the standby"]


@pytest.mark.postgres
def test_what_a_frozen_standby_never_had_is_told_as_not_kept_once_it_is_the_primary(
    pair: Pair, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "COMMIT_WAIT_S", 1.0)
    ledger = opened(pair.url, back_within_s=25.0)
    note(ledger, "before")
    receiver = int(str(pair.standby.sql("SELECT pid FROM pg_stat_wal_receiver")[0][0]))
    os.kill(receiver, signal.SIGSTOP)

    def lose_the_primary() -> None:
        pair.primary.kill()
        os.kill(receiver, signal.SIGTERM)  # it ends before it reads what was under way to it
        os.kill(receiver, signal.SIGCONT)
        pair.standby.promote()

    threading.Timer(2.0, lose_the_primary).start()
    with pytest.raises(LedgerBusy) as refused:
        note(ledger, "never had")
    assert not isinstance(refused.value, LedgerUnknown)

    note(ledger, "after")
    assert words(ledger) == ["before", "after"]


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_server_that_is_restarted_while_commits_wait_is_asked_what_it_kept(
    lonely: Cluster, opened: Open, how: str
) -> None:
    ledger = opened(lonely.url())
    note(ledger, "before")
    lonely.have_commits_wait()
    lonely.settings["synchronous_standby_names"] = ""  # once it is started again

    def restart() -> None:
        while not lonely.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"):
            time.sleep(0.02)
        if how == "stop":
            lonely.stop()
        else:
            lonely.kill()
        lonely.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    note(ledger, "waits")
    restarting.join()
    note(ledger, "after")

    assert words(ledger) == ["before", "waits", "after"]
