"""A backup is the ledger at one moment, proven, made while others write; a restore never writes over anything."""

import contextlib
import json
import multiprocessing
import secrets
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.ledger.audit.anchor import head_of
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.ledger_file import LedgerFile
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start
from mpesa_cli.upkeep.audit import audited
from mpesa_cli.upkeep.backup import backup


def test_a_backup_is_one_private_file_with_the_ledgers_head(busy: Any, tmp_path: Path) -> None:
    target = tmp_path / "shop.db"
    result = busy.run("backup", str(target))

    assert result.status == 0
    assert result.stdout == busy.run("audit", "head").stdout
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("shop", "."))] == ["shop.db"]
    with contextlib.closing(LedgerFile(target)) as copy, busy.ledger() as ledger:
        assert head_of(copy) == head_of(ledger)
        assert audited(copy).whole


def test_a_backup_says_what_it_is_in_json(busy: Any, tmp_path: Path) -> None:
    said = busy.json("backup", str(tmp_path / "shop.db"))
    head = busy.json("audit", "head")
    assert {name: said[name] for name in ("seq", "hash", "at", "rows")} == {
        name: head[name] for name in ("seq", "hash", "at", "rows")
    }
    assert (said["bytes"], said["whole"]) == ((tmp_path / "shop.db").stat().st_size, True)


def test_a_backup_never_takes_the_place_of_a_file(busy: Any, tmp_path: Path) -> None:
    target = tmp_path / "shop.db"
    target.write_text("mine")
    result = busy.run("backup", str(target), "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (9, "file-exists")
    assert target.read_text() == "mine"


def test_a_backup_where_nothing_can_be_written_leaves_nothing(busy: Any, tmp_path: Path) -> None:
    result = busy.run("backup", str(tmp_path / "nosuch" / "shop.db"), "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (2, "file-unwritable")


def test_a_ledger_that_is_not_whole_is_copied_and_told(busy: Any, tmp_path: Path) -> None:
    busy.tamper("UPDATE journal SET at_us = 1 WHERE seq = 7")
    result = busy.run("backup", str(tmp_path / "evidence.db"))
    assert result.status == 7
    assert "Row 7 was changed." in result.stderr
    assert (tmp_path / "evidence.db").exists()


def test_a_copy_that_is_not_what_was_read_gets_no_name(
    busy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that keeps something else than it was given."""
    from mpesa_cli.upkeep import backup as module

    def damaged(ledger: Any, target: Path, *told: Any) -> None:
        real(ledger, target, *told)
        with contextlib.closing(sqlite3.connect(target)) as raw:
            raw.executescript("DROP TRIGGER journal_is_append_only_u; UPDATE journal SET at_us = 1 WHERE seq = 3")

    real = module.copy_into
    monkeypatch.setattr(module, "copy_into", damaged)
    result = busy.run("backup", str(tmp_path / "shop.db"), "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (5, "backup-failed")
    assert not list(tmp_path.glob("*shop.db*"))


def test_a_backup_is_restored_where_there_is_no_ledger(busy: Any, tmp_path: Path) -> None:
    target = tmp_path / "shop.db"
    head = busy.run("backup", str(target)).stdout.strip()
    before = {order: busy.json("status", order, "--no-refresh") for order in "123"}
    move_aside(busy, tmp_path)

    result = busy.run("restore", str(target))

    assert (result.status, result.stdout.strip()) == (0, str(busy.path))
    assert stat.S_IMODE(busy.path.stat().st_mode) == 0o600
    assert sorted(path.name for path in busy.path.parent.iterdir()) == [busy.path.name]
    assert busy.run("audit", "verify", "--head", head).status == 0
    assert {order: busy.json("status", order, "--no-refresh") for order in "123"} == before


def test_a_restore_is_in_the_journal(busy: Any, tmp_path: Path) -> None:
    busy.run("backup", str(tmp_path / "shop.db"))
    move_aside(busy, tmp_path)
    busy.run("restore", str(tmp_path / "shop.db"))
    with busy.ledger() as ledger:
        assert ledger.rows("SELECT kind FROM journal ORDER BY seq DESC LIMIT 1") == [("restored",)]


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_a_ledger_or_any_part_of_one_is_never_written_over(busy: Any, tmp_path: Path, end: str) -> None:
    busy.run("backup", str(tmp_path / "shop.db"))
    move_aside(busy, tmp_path)
    there = Path(f"{busy.path}{end}")
    there.write_bytes(b"something")
    result = busy.run("restore", str(tmp_path / "shop.db"), "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (9, "ledger-exists")
    assert there.read_bytes() == b"something"


def test_what_is_no_whole_backup_of_this_environment_is_refused(busy: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.db", tmp_path / "bad.db"
    busy.run("backup", str(good))
    busy.tamper("UPDATE journal SET at_us = 1 WHERE seq = 7")
    busy.run("backup", str(bad))
    move_aside(busy, tmp_path)
    (tmp_path / "text").write_text("no database")
    newer, other, empty = (tmp_path / f"{name}.db" for name in ("newer", "other", "empty"))
    for path, change in (
        (newer, "PRAGMA user_version = 99"), (other, "UPDATE meta SET value = 'production' WHERE key = 'environment'"),
    ):
        path.write_bytes(good.read_bytes())
        with contextlib.closing(sqlite3.connect(path)) as raw:
            raw.execute(change)
            raw.commit()
    with contextlib.closing(sqlite3.connect(empty)) as raw:
        raw.execute("CREATE TABLE t (x)")
    expected = {
        bad: "backup-not-whole", newer: "ledger-too-new", other: "ledger-other-environment", empty: "no-ledger",
        tmp_path / "text": "no-ledger", tmp_path / "nosuch": "file-unreadable", tmp_path: "file-unreadable",
    }
    for path, code in expected.items():
        assert json.loads(busy.run("restore", str(path), "--json").stdout)["error"]["code"] == code, path
    assert list(busy.path.parent.iterdir()) == []


def test_a_file_system_without_links_will_do(busy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert busy.run("backup", str(tmp_path / "shop.db")).status == 0
    assert busy.run("backup", str(tmp_path / "shop.db")).status == 9
    assert [path.name for path in tmp_path.iterdir() if "shop" in path.name] == ["shop.db"]


@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_ledger_that_comes_up_during_the_restore_stays(
    busy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """A listener that systemd starts again makes a new ledger where there is none."""
    from mpesa_cli.upkeep import restore as module

    def meanwhile(*given: Any) -> Any:
        Path(f"{busy.path}{end}").write_bytes(b"new")
        return made_ready(*given)

    busy.run("backup", str(tmp_path / "shop.db"))
    move_aside(busy, tmp_path)
    made_ready = module._made_ready
    monkeypatch.setattr(module, "_made_ready", meanwhile)
    result = busy.run("restore", str(tmp_path / "shop.db"), "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (9, "ledger-exists")
    assert [path.name for path in busy.path.parent.iterdir()] == [f"{busy.path.name}{end}"]


def test_a_restore_onto_a_full_disk_leaves_nothing_and_says_so(
    busy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    busy.run("backup", str(tmp_path / "shop.db"))
    move_aside(busy, tmp_path)
    monkeypatch.setattr("mpesa_cli.upkeep.restore.copy_into", full)
    result = busy.run("restore", str(tmp_path / "shop.db"))
    assert (result.status, "There is still no ledger." in result.stderr) == (5, True)
    assert list(busy.path.parent.iterdir()) == []


def test_a_plain_copy_with_its_log_beside_is_refused(busy: Any, tmp_path: Path) -> None:
    with busy.ledger():  # open, so that the log is there
        for end in ("", "-wal"):
            (tmp_path / f"copy.db{end}").write_bytes(Path(f"{busy.path}{end}").read_bytes() or b"log")
    (tmp_path / "copy.db-wal").write_bytes(b"log")
    move_aside(busy, tmp_path)
    result = busy.run("restore", str(tmp_path / "copy.db"), "--json")
    assert json.loads(result.stdout)["error"]["code"] == "not-a-backup"


def move_aside(shop: Any, tmp_path: Path) -> None:
    """The disk is lost: no ledger, nothing beside it."""
    for path in shop.path.parent.iterdir():
        path.unlink()


def storm(path: Path, number: int, stop: Any, counts: Any) -> None:
    """Orders are opened and paid as fast as it goes."""
    with contextlib.closing(
        Ledger(path, environment="simulator", token_hex=secrets.token_hex)
    ) as ledger:
        done = 0
        while not stop.is_set():
            name = f"{number}-{done}"
            with ledger.write() as tx:
                token_hash = secrets.token_hex(32)
                intent = Intent(f"PAY-{name}", name, "shop", "174379", 100, "254708374149", name, "x", token_hash)
                ref = tx.open_payment(Start(intent), done + 1).last.ref
                tx.append(ref, ev.Sending(done + 2, 1))
                tx.append(ref, ev.Accepted(done + 3, 1, "m", f"ws_CO_{name}"))
                tx.append(ref, ev.Received(done + 4, "callback", f"R{number}X{done:08d}", 100, msisdn="254708374149"))
            done += 1
            counts[number] = done


@pytest.fixture
def storming(busy: Any) -> Any:
    """Two processes that write the ledger without a pause; ends them."""
    context = multiprocessing.get_context("spawn")
    stop, counts = context.Event(), context.Array("i", 2)
    writers = [context.Process(target=storm, args=(busy.path, n, stop, counts)) for n in range(2)]
    for each in writers:
        each.start()
    until = time.monotonic() + 30
    while not all(counts) and time.monotonic() < until:
        time.sleep(0.01)
    yield counts
    stop.set()
    for each in writers:
        each.join(30)
        assert each.exitcode == 0


def test_backups_under_a_storm_of_writes_are_whole_and_equal_to_a_moment_of_it(
    busy: Any, storming: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mpesa_cli.ledger.engine.copying.PAGES_AT_ONCE", 3)  # many steps, between which others write
    with busy.ledger() as ledger:
        for number in range(5):
            before = sum(storming)
            made = backup(ledger, tmp_path / f"{number}.db")
            assert made.audit.whole
            with contextlib.closing(LedgerFile(made.path)) as copy:
                assert head_of(copy) == made.head
                (payments,) = copy.rows("SELECT count(*) FROM payments")[0]
            assert payments >= before + 3, "what was committed before is in it"
            assert ledger.rows("SELECT 1 FROM journal WHERE seq=? AND hash=?", (made.head.seq, made.head.hash))
        assert sum(storming) > before, "the writers went on meanwhile"
    elsewhere = {"MPESA_LEDGER": str(tmp_path / "again" / "shop.db")}
    assert busy.run("restore", str(tmp_path / "4.db"), env=elsewhere).status == 0
    assert busy.run("audit", "verify", "--head", made.head.hash, env=elsewhere).status == 0
