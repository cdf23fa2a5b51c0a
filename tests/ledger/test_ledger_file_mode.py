"""Whatever way a ledger file came to be, it opens in the same mode with the same settings; its log does not stay long;
and where nobody can write one can look."""

import contextlib
import gzip
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mpesa_cli.floor.errors import LedgerUnusable
from mpesa_cli.ledger.engine import checkpoint
from mpesa_cli.ledger.engine.checkpoint import log_bytes
from mpesa_cli.ledger.engine.copying import copy_into
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.restoring import RestoreWrites
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.upkeep.doctor.ledger import ledger as doctor

UPGRADES = Path(__file__).parent / "upgrade"
ALIKE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "wal_autocheckpoint": 0,
         "trusted_schema": 0}


def open_at(path: Path) -> Ledger:
    return Ledger(path, environment="simulator", token_hex=secrets.token_hex)


def sell(ledger: Ledger, order: str) -> None:
    token_hash = secrets.token_hex(32)
    intent = Intent(f"PAY-{order}", order, "shop", "174379", 100, "254708374149", order, "x", token_hash)
    with ledger.write() as tx:
        tx.open_payment(Start(intent), 1)


def made(path: Path) -> None:
    open_at(path).close()


def backed_up(path: Path) -> None:
    """As a backup is: one file in rollback mode."""
    source = path.with_name("source.db")
    with contextlib.closing(open_at(source)) as ledger:
        sell(ledger, "1")
        copy_into(ledger, path)


def copied(path: Path) -> None:
    """With cp, from a machine that was shut down."""
    made(path.with_name("source.db"))
    shutil.copy(path.with_name("source.db"), path)


def vacuumed(path: Path) -> None:
    """By somebody who knows SQLite."""
    made(path.with_name("source.db"))
    with contextlib.closing(sqlite3.connect(path.with_name("source.db"))) as raw:
        raw.execute(f"VACUUM INTO '{path}'")


def moved(path: Path) -> None:
    backed_up(path.with_name("first.db"))
    path.with_name("first.db").rename(path)


def migrated(path: Path) -> None:
    """A file of the first landed version."""
    path.write_bytes(gzip.decompress((UPGRADES / "4fc04d9.db.gz").read_bytes()))


@pytest.mark.parametrize("way", [made, backed_up, copied, vacuumed, moved, migrated])
def test_every_way_to_a_ledger_ends_in_the_same_mode(tmp_path: Path, way: Callable[[Path], None]) -> None:
    path = tmp_path / "ledger.db"
    way(path)
    with contextlib.closing(open_at(path)) as ledger:
        assert {name: ledger.rows(f"PRAGMA {name}")[0][0] for name in ALIKE} == ALIKE
        with contextlib.closing(open_at(path)) as reader, reader.snapshot():
            before = reader.rows("SELECT count(*) FROM payments")
            sell(ledger, "while somebody reads")
            assert reader.rows("SELECT count(*) FROM payments") == before, "nobody waits for anybody"


def test_a_file_that_others_have_open_is_switched_by_the_next_who_has_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    backed_up(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM payments").fetchall()
        with contextlib.closing(open_at(path)) as ledger:
            assert not ledger.engine.is_write_ahead
            (mode,) = [each for each in doctor(ledger, ("174379",), 1) if each.check == "ledger-mode"]
            assert mode.verdict == "warn"
        other.execute("ROLLBACK")
    with contextlib.closing(open_at(path)) as ledger:
        assert ledger.engine.is_write_ahead
        (mode,) = [each for each in doctor(ledger, ("174379",), 1) if each.check == "ledger-mode"]
        assert mode.verdict == "ok"


def test_a_log_that_grew_beside_a_reader_is_cut_back_when_the_reader_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "CHECKPOINT_ABOVE_BYTES", 64 << 10)
    monkeypatch.setattr(checkpoint, "CUT_ABOVE_BYTES", 512 << 10)
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_at(path)) as ledger:
        with contextlib.closing(open_at(path)) as reader, reader.snapshot():
            reader.rows("SELECT count(*) FROM payments")
            number = 0
            while log_bytes(path) < 1 << 20:
                number += 1
                sell(ledger, f"beside {number}")
            sell(ledger, "one more")
            assert log_bytes(path) >= 1 << 20, "somebody still reads in it"
            assert reader.rows("SELECT count(*) FROM payments") == [(0,)]
        sell(ledger, "afterwards")
        assert log_bytes(path) < 64 << 10
        assert ledger.rows("SELECT count(*) FROM payments") == [(number + 2,)]


def test_the_log_is_cut_only_under_the_lock_of_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "CUT_ABOVE_BYTES", 1)
    path = tmp_path / "ledger.db"
    with contextlib.closing(open_at(path)) as ledger:
        with checkpoint.lock(path, wait_s=0):  # another process is at it
            sell(ledger, "1")
            kept = log_bytes(path)
        assert kept > 0
        sell(ledger, "2")
        assert log_bytes(path) == 0


@pytest.fixture
def nobody_writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every file system is read only, as the kernel says it of a mounted backup."""
    real = os.statvfs

    def read_only(path: Any) -> Any:
        found = real(path)
        return SimpleNamespace(f_flag=found.f_flag | os.ST_RDONLY, f_bavail=found.f_bavail, f_frsize=found.f_frsize)

    monkeypatch.setattr("mpesa_cli.floor.machine.posix_files.os.statvfs", read_only)
    return


def test_where_nobody_can_write_one_can_look_and_leaves_no_trace(tmp_path: Path, nobody_writes: None) -> None:
    path = tmp_path / "books" / "ledger.db"
    path.parent.mkdir()
    copied(path)
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    with contextlib.closing(open_at(path)) as ledger:
        assert ledger.payment_by_order("1") is None
        for refused in (ledger.check_space, lambda: sell(ledger, "2")):
            with pytest.raises(LedgerUnusable) as told:
                refused()
            assert told.value.code == "ledger-read-only"
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before


def test_newest_payments_in_a_log_are_not_passed_over_in_silence(tmp_path: Path, nobody_writes: None) -> None:
    path = tmp_path / "ledger.db"
    copied(path)
    Path(f"{path}-wal").write_bytes(b"")
    open_at(path).close()
    Path(f"{path}-wal").write_bytes(b"frames")
    with pytest.raises(LedgerUnusable) as told:
        open_at(path)
    assert "ledger.db-wal" in told.value.message


def test_no_question_of_doctor_walks_over_a_table_that_grows(tmp_path: Path) -> None:
    grows = {"journal", "journal_private", "payments", "attempts", "receipts", "callbacks", "outbox", "statement_rows",
             "requests", "shown_receipts", "stranger_reports", "idempotency_keys"}
    # Indexes that hold nothing else.
    of_what_is_open = {"attempts_open", "outbox_open", "outbox_failed", "outbox_forwarded"}
    asked: list[str] = []
    with contextlib.closing(open_at(tmp_path / "ledger.db")) as ledger:
        sell(ledger, "1")
        with ledger.write() as tx:
            RestoreWrites(tx).note_restored(1, 2)
        connection = ledger._connection()
        connection.set_trace_callback(asked.append)
        list(doctor(ledger, ("174379",), 10_000_000_000))
        connection.set_trace_callback(None)
        questions = [each for each in asked if each.lstrip().upper().startswith(("SELECT", "WITH"))]
        assert len(questions) > 10
        walks = [
            (str(step[3]), question)
            for question in questions
            for step in ledger.rows(f"EXPLAIN QUERY PLAN {question}")
            if str(step[3]).startswith("SCAN ") and str(step[3]).split()[1] in grows | {each[0] for each in grows}
            and not any(few in str(step[3]) for few in of_what_is_open)
            and "ORDER BY seq DESC LIMIT 1 OFFSET 1000" not in question  # its thousand rows, and no more
        ]
        assert walks == []
        assert not any("quick_check" in each or "integrity_check" in each for each in asked)
