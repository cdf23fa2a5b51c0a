"""A ledger behind pgbouncer in transaction mode: each transaction may be another session's, and other people's too."""

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from pooling import a_pooler
from postgres_parts import Open, note, words
from postgres_server import Cluster

from mpesa_cli.floor.errors import MpesaError, Temporary

pytestmark = pytest.mark.postgres


@pytest.fixture
def pooled(database: Callable[[], str], server: Cluster) -> Iterator[str]:
    with a_pooler(server.port, database().rpartition("/")[2]) as address:
        yield address


def test_more_writers_than_sessions_write_one_chain(pooled: str, opened: Open) -> None:
    first = opened(pooled)
    assert first.engine.connection().raw.is_pooled  # type: ignore[union-attr]

    def write(who: int) -> None:
        ledger = opened(pooled, machine=f"m{who}")
        for nth in range(6):
            note(ledger, f"{who}-{nth}")
            assert f"{who}-{nth}" in words(ledger)

    writers = [threading.Thread(target=write, args=(who,)) for who in range(5)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert sorted(words(first)) == sorted(f"{who}-{nth}" for who in range(5) for nth in range(6))


def test_nothing_of_ours_is_left_in_a_session_that_others_get(pooled: str, opened: Open) -> None:
    ledger = opened(pooled)
    note(ledger, "before")
    words(ledger)
    ledger.expect_many_rows(64_000)
    with ledger.engine.alone("batch"):
        note(ledger, "alone")

    with psycopg.connect(f"{pooled}", autocommit=True, prepare_threshold=None) as other:
        for _ in range(4):
            found = other.execute(
                "SELECT current_setting('search_path'), current_setting('lock_timeout'), current_setting('work_mem'), "
                "current_setting('idle_in_transaction_session_timeout'), count(*) FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            ).fetchone()
            assert found == ('"$user", public', "0", "4MB", "0", 0)


def test_a_question_that_fails_leaves_no_transaction_open_in_a_session_of_the_pool(pooled: str, opened: Open) -> None:
    ledger = opened(pooled)
    for _ in range(3):  # more than there are sessions
        with pytest.raises(MpesaError):
            ledger.rows("SELECT 1 / ?", (0,))
        with pytest.raises(MpesaError):
            ledger.rows("SELECT nothing")
    note(ledger, "after")
    assert words(ledger) == ["after"]


def test_one_batch_at_a_time_runs_behind_a_pooler_too(pooled: str, opened: Open) -> None:
    first, second = opened(pooled), opened(pooled, machine="b")
    with first.engine.alone("batch"):
        note(first, "meanwhile")
        with pytest.raises(Temporary), second.engine.alone("batch"):
            pytest.fail("two at once")
    with second.engine.alone("batch"):
        pass


def test_rows_are_streamed_while_others_are_written(pooled: str, opened: Open) -> None:
    ledger = opened(pooled)
    for nth in range(5):
        note(ledger, str(nth))

    seen = []
    for (seq,) in ledger.stream("SELECT seq FROM journal ORDER BY seq"):
        seen.append(seq)
        note(ledger, f"after {seq}")

    assert seen == [1, 2, 3, 4, 5]
    with ledger.snapshot():
        assert [seq for (seq,) in ledger.stream("SELECT seq FROM journal ORDER BY seq")] == list(range(1, 11))


def test_a_days_commands_do_as_they_do_without_a_pooler(pooled: str, mpesa: Callable[..., object]) -> None:
    for line, status in (
        ("push 0708374149 150 --order A1", 0), ("push 0708374149 150 --order A1", 9), ("status A1", 0),
        ("reconcile", 0), ("history --summary", 0), ("audit verify", 0), ("erase 0708374149 --yes", 0),
        ("audit verify", 0), ("doctor", 0),
    ):
        done = mpesa(*line.split(), env={"MPESA_LEDGER": pooled})
        said = done.stdout + done.stderr  # type: ignore[attr-defined]
        assert done.status == status or line in {"doctor", "reconcile"}, (line, said)  # type: ignore[attr-defined]
        assert "failed:" not in said, (line, said)
