"""What a ledger does not do more often than it must: counted in statements and steps, never in time."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mpesa_cli.floor.errors import LedgerBusy, LedgerUnusable
from mpesa_cli.ledger.bodies import Bodies, BodyWrites
from mpesa_cli.ledger.engine.checkpoint import CHECKPOINT_ABOVE_BYTES
from mpesa_cli.ledger.ledger import Ledger
from mpesa_cli.ledger.values import NewCallback
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, Received, Sending
from mpesa_cli.rules.payment import AttemptRef, Intent
from mpesa_cli.rules.push_rules import Start

if TYPE_CHECKING:
    import sqlite3

REF = AttemptRef("PAY-1", 1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.db", environment="simulator", token_hex=secrets.token_hex)
    with contextlib.closing(opened):
        with opened.write() as tx:
            for number in range(1, 4):
                token_hash = f"{number:064d}"
                numbered = f"PAY-{number}", f"o-{number}"
                intent = Intent(*numbered, "p", "174379", 15_000, "254708374149", "A", "D", token_hash)
                tx.open_payment(Start(intent), number)
        yield opened


def test_the_log_is_moved_once_it_has_grown_and_not_at_every_commit_after(ledger: Ledger, tmp_path: Path) -> None:
    moved: list[str] = []
    connection = ledger._connection()
    connection.set_trace_callback(lambda sql: moved.append(sql) if "wal_checkpoint" in sql else None)
    for number in range(24):
        with ledger.write() as tx:
            BodyWrites(tx).store_body("grows", b"%02d" % number + secrets.token_bytes(400_000), "127.0.0.1", number)
    grown = len(moved)
    for number in range(200):
        with ledger.write() as tx:
            BodyWrites(tx).store_body("small", b"%d" % number, "127.0.0.1", number)

    assert 1 <= grown <= 3
    assert len(moved) - grown <= 1
    assert (tmp_path / "ledger.db-wal").stat().st_size < 3 * CHECKPOINT_ABOVE_BYTES


def test_one_attempts_unread_callbacks_are_found_without_reading_all_others(ledger: Ledger) -> None:
    def steps() -> int:
        taken = [0]
        connection: sqlite3.Connection = ledger._connection()
        connection.set_progress_handler(lambda: taken.__setitem__(0, taken[0] + 1), 1)
        assert len(Bodies(ledger).unread_callbacks(REF)) == 1
        connection.set_progress_handler(None, 0)
        return taken[0]

    with ledger.write() as tx:
        BodyWrites(tx).store_callbacks([NewCallback(REF, b"{}", "127.0.0.1")], 1)[0]
    alone = steps()
    with ledger.write() as tx:
        for number in range(2000):
            ref = AttemptRef(f"PAY-{number + 1000}", 1)
            BodyWrites(tx).store_callbacks([NewCallback(ref, b"{}", "127.0.0.1")], number)

    assert steps() < alone + 20


@pytest.mark.parametrize(
    "evidence",
    [
        Accepted(10, 1, "m", "ws_CO_1"),
        Received(11, "callback", "UKO4Q7WX2B", 15_000, 12, "m", msisdn="254708374149", checkout_request_id="ws_CO_1"),
        Received(11, "callback", "UKO4Q7WX2B", 100, None, "m", msisdn="254708374149"),
        CallbackFailed(11, "1032", "Request cancelled by user", "m", "CB-1", "ws_CO_1"),
    ],
)
def test_what_an_append_returns_is_what_the_ledger_then_holds(ledger: Ledger, evidence: Received) -> None:
    with ledger.write() as tx:
        tx.append(REF, Sending(5, 1))
        returned = tx.append(REF, evidence)

    assert returned == ledger.payment(REF.payment_id)


def test_a_transaction_inside_another_is_refused_and_takes_nothing_with_it(ledger: Ledger) -> None:
    def write_twice() -> None:
        with ledger.write() as tx:
            BodyWrites(tx).store_callbacks([NewCallback(REF, b"{}", "127.0.0.1")], 1)[0]
            with ledger.write():
                pass

    with pytest.raises(LedgerUnusable):
        write_twice()
    assert Bodies(ledger).unread_callbacks(REF) == []


def test_a_lock_that_is_kept_is_told_and_one_that_is_let_go_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with (
        contextlib.closing(Ledger(path, environment="simulator", token_hex=secrets.token_hex)) as one,
        contextlib.closing(
            Ledger(path, environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.05)
        ) as other,
    ):
        with one.write(), pytest.raises(LedgerBusy), other.write():
            pass
        with other.write() as tx:
            assert BodyWrites(tx).store_body("c", b"{}", "127.0.0.1", 1)
        assert other._connection().execute("PRAGMA busy_timeout").fetchone() == (50,)
