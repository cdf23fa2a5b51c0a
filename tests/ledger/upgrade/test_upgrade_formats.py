"""A ledger that any earlier program made opens with today's, and says of every payment what it said before."""

import contextlib
import gzip
import hashlib
import inspect
import secrets
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.ledger.audit.ledger import flaws
from mpesa_cli.ledger.held import Held
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.schema import api, books, migrations, requests
from mpesa_cli.ledger.schema.migrations import MIGRATIONS

HERE = Path(__file__).resolve().parent
EARLIER = sorted(path.name.removesuffix(".db.gz") for path in HERE.glob("*.db.gz"))


def ledger_of(commit: str, path: Path) -> Path:
    """The ledger that the program of this commit made (make_ledger.py)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress((HERE / f"{commit}.db.gz").read_bytes()))
    path.chmod(0o600)
    return path


def shape(connection: sqlite3.Connection) -> set[tuple[Any, ...]]:
    """Every table with its columns, and every index with what it is over; the order of columns does not matter."""
    found: set[tuple[Any, ...]] = set()
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        found |= {("column", table, *column[1:5], bool(column[5])) for column in columns}
        for _, index, unique, _, partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
            over = tuple(row[2] for row in connection.execute(f"PRAGMA index_info({index})"))
            found.add(("index", table, over, unique, partial))
    return found


def test_each_format_that_was_ever_landed_is_kept_here() -> None:
    assert EARLIER == ["214b850", "4fc04d9", "80bb030", "dd434ed", "df40340", "e05fd01"]


@pytest.mark.parametrize("commit", EARLIER)
def test_a_ledger_of_an_earlier_program_comes_to_the_shape_of_a_new_one(commit: str, tmp_path: Path) -> None:
    path = ledger_of(commit, tmp_path / "old.db")
    for each in (path, tmp_path / "new.db"):
        Ledger(each, environment="simulator", token_hex=secrets.token_hex).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "new.db")) as new:
        wanted = shape(new)
    with contextlib.closing(sqlite3.connect(path)) as old:
        assert shape(old) == wanted
        assert old.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert old.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("commit", EARLIER)
def test_a_ledger_of_an_earlier_program_keeps_every_row_of_its_journal_and_is_whole(
    commit: str, tmp_path: Path
) -> None:
    path = ledger_of(commit, tmp_path / "old.db")
    with contextlib.closing(sqlite3.connect(path)) as before:
        journal = before.execute("SELECT * FROM journal ORDER BY seq").fetchall()
        orders = before.execute("SELECT order_id FROM payments ORDER BY order_id").fetchall()
    with contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex)) as ledger:
        assert ledger.rows("SELECT * FROM journal ORDER BY seq")[: len(journal)] == journal
        assert ledger.rows("SELECT order_id FROM payments ORDER BY order_id") == orders
        assert list(flaws(ledger)) == []


def test_a_ledger_of_the_first_program_is_used_as_any_other(mpesa: Any, home: Path) -> None:
    ledger_of("4fc04d9", home / "data" / "simulator-simulator.db")
    assert mpesa("status", "paid").status == 0
    assert mpesa("push", "254711111111", "100", "--order", "new").status == 3
    assert mpesa("audit", "verify").status == 0


def test_a_ledger_without_a_column_is_refused_with_the_way_back_to_its_copy(mpesa: Any, home: Path) -> None:
    path = ledger_of("4fc04d9", home / "data" / "simulator-simulator.db")
    assert mpesa("status", "paid").status == 0
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("ALTER TABLE attempts DROP COLUMN reversed_cents")
    refused = mpesa("status", "paid")
    assert refused.status == 10
    assert f"mpesa restore {path}.v1.bak" in refused.stderr
    assert "no such column" in refused.stderr


def test_a_payment_that_new_rules_decide_otherwise_is_journaled_and_stages_nothing(tmp_path: Path) -> None:
    path = ledger_of("80bb030", tmp_path / "old.db")
    with contextlib.closing(sqlite3.connect(path)) as old:  # as if earlier rules had called a cancelled prompt unknown
        old.execute(
            "UPDATE attempts SET state='unknown' WHERE payment_id IN "
            "(SELECT payment_id FROM payments WHERE order_id='cancelled')"
        )
        old.execute("UPDATE payments SET status='unknown', state='unknown' WHERE order_id='cancelled'")
        old.commit()
        waiting = old.execute("SELECT count(*) FROM outbox").fetchall()
    with contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex)) as ledger:
        payment = ledger.payment_by_order("cancelled")
        assert payment is not None
        assert payment.status == "failed"
        (said,) = [e for e in ledger.journal(payment.payment_id) if e.kind == "rules_changed"]
        assert (said.facts["was"], said.facts["is"]) == ("unknown", "failed")
        assert ledger.rows("SELECT count(*) FROM outbox") == waiting
        assert list(flaws(ledger)) == []


def test_a_prompt_that_new_rules_decide_otherwise_is_journaled_though_its_payment_stands_as_before(
    tmp_path: Path,
) -> None:
    path = ledger_of("80bb030", tmp_path / "old.db")
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.execute(
            "UPDATE attempts SET flags='unconfirmed' WHERE payment_id IN "
            "(SELECT payment_id FROM payments WHERE order_id='cancelled')"
        )
        old.commit()
    with contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex)) as ledger:
        payment = ledger.payment_by_order("cancelled")
        assert payment is not None
        (said,) = [e for e in ledger.journal(payment.payment_id) if e.kind == "rules_changed"]
        assert (said.facts["was"], said.facts["is"], list(said.facts["attempts"])) == ("failed", "failed", ["1"])
        assert list(flaws(ledger)) == []


def test_a_published_migration_never_changes() -> None:
    """Ledgers of shops were made by this text: a change is a new migration, never an edit."""
    text = inspect.getsource(migrations.m001_journal_and_projections) + repr(migrations._M001)
    for module in (books, requests, api):
        text += inspect.getsource(module)
    published = "2098fecd8dc519f12b58ead640c53bc8c8c32f1e805347dd29001c6138b13b98"
    assert hashlib.sha256(text.encode()).hexdigest() == published
    assert [each.__name__ for each in MIGRATIONS[:4]] == [
        "m001_journal_and_projections", "m002_books", "m003_requests", "m004_api",
    ]


def test_bodies_that_an_earlier_program_marked_unreadable_are_held(tmp_path: Path) -> None:
    path = ledger_of("80bb030", tmp_path / "old.db")
    with contextlib.closing(sqlite3.connect(path)) as old:
        marked = old.execute("SELECT callback_id FROM callbacks WHERE verdict LIKE 'unreadable%' ORDER BY 1").fetchall()
    with contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex)) as ledger:
        assert len(marked) == 5
        assert sorted((each.callback_id,) for each in Held(ledger).waiting()) == marked
        assert all(each.why and each.code for each in Held(ledger).waiting())
