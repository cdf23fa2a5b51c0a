"""Threads of one process write in turn, and none waits for ever."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mpesa_cli.api.tokens.store import Tokens, TokenWrites
from mpesa_cli.api.tokens.values import KnownToken
from mpesa_cli.floor.errors import LedgerBusy
from mpesa_cli.floor.files.lock import locked
from mpesa_cli.ledger.engine import connection
from mpesa_cli.ledger.ledger import Ledger

SCOPES = frozenset({"payments:read"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger whose threads are impatient."""
    made = Ledger(
        tmp_path / "l.db", environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.2
    )
    with closing(made):
        yield made


def write(ledger: Ledger, jti: str) -> None:
    with ledger.write() as tx:
        TokenWrites(tx).add(KnownToken(jti, "shop", SCOPES, 1, 2), 1)


def test_a_thread_that_waits_too_long_is_told_so_and_the_next_one_gets_in(ledger: Ledger) -> None:
    refused: list[BaseException] = []

    def wait() -> None:
        try:
            write(ledger, "waited")
        except LedgerBusy as busy:
            refused.append(busy)

    with ledger.write() as tx:
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
        TokenWrites(tx).add(KnownToken("held", "shop", SCOPES, 1, 2), 1)
    assert [busy.code for busy in refused if isinstance(busy, LedgerBusy)] == ["ledger-locked"]
    write(ledger, "after")
    assert {token.jti for token in Tokens(ledger).all()} == {"held", "after"}


def test_a_transaction_that_fails_gives_the_turn_back(ledger: Ledger) -> None:
    def fail() -> None:
        with ledger.write():
            raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            fail()
    write(ledger, "after")
    assert Tokens(ledger).token("after") is not None


def test_what_every_thread_wrote_is_there_once(tmp_path: Path) -> None:
    patient = Ledger(tmp_path / "p.db", environment="simulator", token_hex=secrets.token_hex)
    with closing(patient):
        threads = [
            threading.Thread(target=lambda n=n: [write(patient, f"{n}-{m}") for m in range(5)]) for n in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(Tokens(patient).all()) == 80
        assert patient.rows("SELECT count(*) FROM journal") == [(80,)]


def test_a_wait_for_another_program_says_what_it_is_for(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "UNSAID_S", 0.01)
    said: list[str] = []
    other = Ledger(
        tmp_path / "l.db", environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.05, tell=said.append
    )
    with closing(other):
        write(other, "alone")
        assert said == []
        with ledger.write(), pytest.raises(LedgerBusy):
            write(other, "waits")
    assert said == ["Another program is writing in the ledger. Waiting for it, 0 s at most."]
    with locked(tmp_path / "new.db.lock"), pytest.raises(LedgerBusy):
        Ledger(
            tmp_path / "new.db", environment="simulator", token_hex=secrets.token_hex, busy_timeout_s=0.05,
            tell=said.append,
        )
    assert said[1:] == ["Another program is preparing the ledger. Waiting for it, 0 s at most."]
