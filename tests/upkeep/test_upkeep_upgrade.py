"""A ledger of every format that ever was comes to the newest, whatever kills it on the way; a newer one is refused."""

import contextlib
import os
import secrets
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.ledger.audit.anchor import Head, head_of
from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.engine.connection import lock
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.ledger_file import LedgerFile
from mpesa_cli.ledger.schema.current import LATEST
from mpesa_cli.ledger.schema.migrations import MIGRATIONS
from mpesa_cli.ledger.schema.money_out import REFUNDS, add_columns
from mpesa_cli.ledger.writes import Write
from mpesa_cli.rules import evidence as ev
from mpesa_cli.rules.payment import Intent
from mpesa_cli.rules.push_rules import Start

OLD = range(1, LATEST)
OPEN = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from mpesa_cli.ledger.ledger import Ledger
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.stdin.readline()
Ledger(Path(sys.argv[1]), environment="simulator", token_hex=lambda n: os.urandom(n).hex()).close()
"""


def ledger_of_format(path: Path, version: int, payments: int = 20) -> Head:
    """A ledger as a program that knew so many migrations left it, with payments in it. Returns its head."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("BEGIN IMMEDIATE")
        for migrate in MIGRATIONS[:version]:
            migrate(raw)
        raw.execute(f"PRAGMA user_version={version}")
        raw.execute("INSERT INTO meta VALUES ('environment', 'simulator')")
        lacked = "refunds" not in {row[1] for row in raw.execute("PRAGMA table_info(attempts)")}
        add_columns(raw, "attempts", REFUNDS)  # for today's Write, which puts the payments in
        tx = Write(raw, path, "simulator", secrets.token_hex, lambda *_: ())
        for number in range(payments):
            name = str(number)
            intent = Intent(f"PAY-{name}", name, "x", "174379", 100, "254708374149", name, "x", secrets.token_hex(32))
            ref = tx.open_payment(Start(intent), number + 1).last.ref
            tx.append(ref, ev.Sending(number + 2, 1))
            tx.append(ref, ev.Received(number + 3, "callback", f"UKO4Q7W{number:03d}", 100))
        if lacked:
            raw.execute("ALTER TABLE attempts DROP COLUMN refunds")
        raw.execute("COMMIT")
    with contextlib.closing(LedgerFile(path)) as old:
        return head_of(old)


def opened(path: Path) -> contextlib.closing[Ledger]:
    return contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex))


@pytest.mark.parametrize("version", OLD)
def test_a_ledger_of_every_format_comes_to_the_newest_with_all_its_payments(tmp_path: Path, version: int) -> None:
    path = tmp_path / "data" / "shop.db"
    head = ledger_of_format(path, version)
    with opened(path) as ledger:
        assert ledger.rows("PRAGMA user_version") == [(LATEST,)]
        assert head_of(ledger) == head
        assert list(flaws(ledger)) == []
        assert ledger.payment_by_order("7").status == "paid"


@pytest.mark.parametrize("version", OLD)
def test_a_copy_of_the_old_format_is_kept_beside_it(tmp_path: Path, version: int) -> None:
    path = tmp_path / "data" / "shop.db"
    head = ledger_of_format(path, version)
    opened(path).thing.close()
    copy = path.with_name(f"shop.db.v{version}.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with contextlib.closing(LedgerFile(copy)) as old:
        assert (old.version, head_of(old)) == (version, head)


def test_a_ledger_without_payments_needs_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "data" / "shop.db"
    ledger_of_format(path, 1, payments=0)
    opened(path).thing.close()
    opened(tmp_path / "data" / "new.db").thing.close()
    assert list(path.parent.glob("*.bak")) == []


def test_a_ledger_of_a_newer_format_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "data" / "shop.db"
    ledger_of_format(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version={LATEST + 1}")
    before = path.read_bytes()
    with pytest.raises(LedgerUnusable, match="newer") as refused:
        opened(path)
    assert refused.value.code == "ledger-too-new"
    assert path.read_bytes() == before


def test_a_process_that_is_frozen_in_a_migration_keeps_nobody_waiting_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "data" / "shop.db"
    ledger_of_format(path, 1)
    with lock(path, wait_s=0), pytest.raises(LedgerBusy) as busy:  # what such a process goes on holding
        Ledger(path, environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.05)
    assert busy.value.code == "ledger-locked"
    with opened(path) as ledger:
        assert list(flaws(ledger)) == []


def test_a_backup_of_an_old_format_is_restored_in_the_newest(mpesa: Any, home: Path, tmp_path: Path) -> None:
    ledger_of_format(tmp_path / "old.db", 1)
    assert mpesa("restore", str(tmp_path / "old.db")).status == 0
    assert mpesa("audit", "verify").status == 0
    assert [path.name for path in (home / "data").iterdir() if "lock" not in path.name] == ["simulator-simulator.db"]


def migrating(path: Path) -> subprocess.Popen[str]:
    """A process that has loaded the program, and opens the ledger once it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(path), str(Path(__file__).resolve().parents[2])], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def undisturbed_s(path: Path, version: int) -> float:
    """How long opening a ledger of this format takes here, when nobody kills it."""
    ledger_of_format(path, version, payments=5)
    with migrating(path) as process:
        began = time.monotonic()
        go(process)
        process.wait()
        return time.monotonic() - began


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.long)])
def test_killed_during_the_migration_it_comes_to_the_newest_the_next_time(tmp_path: Path, kills: int) -> None:
    path, killed = tmp_path / "data" / "shop.db", 0
    lasts_s = min(undisturbed_s(tmp_path / f"whole-{version}" / "shop.db", version) for version in (OLD[0], OLD[-1]))
    for number in range(kills):
        for old in path.parent.glob("*"):
            old.unlink()
        version = OLD[number % len(OLD)]
        head = ledger_of_format(path, version, payments=5)
        with migrating(path) as process:
            go(process)
            time.sleep(lasts_s * number / kills)
            process.send_signal(signal.SIGKILL)
        killed += process.returncode == -signal.SIGKILL
        with opened(path) as ledger:
            assert ledger.rows("PRAGMA user_version") == [(LATEST,)]
            assert head_of(ledger) == head
            assert list(flaws(ledger)) == []
        with contextlib.closing(LedgerFile(path.with_name(f"shop.db.v{version}.bak"))) as old:
            assert head_of(old) == head
    assert killed > kills / 2, "too few were killed to prove anything"


def test_the_number_of_the_newest_format_is_that_of_its_last_migration() -> None:
    """It stands by itself, so that opening a ledger of today loads no migration."""
    assert len(MIGRATIONS) == LATEST
