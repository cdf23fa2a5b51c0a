"""What proves the ledger in a file, once more on one in a database (on_postgres/)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from postgres_server import programs

TESTS = Path(__file__).parents[2]
ON_POSTGRES = TESTS / "ledger" / "on_postgres"
OFTEN = ("books/test_books_idempotence.py", "books/test_books_head_office.py", "history", "held", "payments/retry",
         "initiator/test_initiator_verify.py", "api/test_api_asking.py")  # fmt: skip
"""What CI asks; all others are asked before a release."""
SELDOM = ("api", "batch", "board", "books", "cli", "counter", "crash", "initiator", "listener", "owner", "payments",
          "receipts", "rules/evidence", "sms", "upkeep")  # fmt: skip


def hold_in_a_database(cache: Path, room: str) -> None:
    """Run its tests with every ledger in PostgreSQL, in two processes. What failed there must pass alone: a test that
    waits for processes may miss its moment on a machine that others use too."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    environ = {**os.environ, "PYTHONPATH": str(ON_POSTGRES)}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "on_postgres", "-o", f"cache_dir={cache}", "--tb=short"]
    for more in (["-n", "2"], ["--last-failed", "--last-failed-no-failures=none"]):
        done = subprocess.run(
            [*run, *more, str(TESTS / room)], env=environ, capture_output=True, text=True, check=False, cwd=TESTS.parent
        )
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stdout[-6_000:]
    assert re.search(r"[1-9]\d* tests had a ledger in PostgreSQL", done.stdout), done.stdout[-2_000:]


@pytest.mark.postgres
@pytest.mark.timeout(900)
@pytest.mark.parametrize("room", OFTEN)
def test_what_a_room_proves_of_a_ledger_holds_in_a_database(room: str, tmp_path: Path) -> None:
    hold_in_a_database(tmp_path, room)


@pytest.mark.long
@pytest.mark.parametrize("room", SELDOM)
def test_what_every_other_room_proves_holds_in_a_database_too(room: str, tmp_path: Path) -> None:
    hold_in_a_database(tmp_path, room)
