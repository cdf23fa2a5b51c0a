"""What proves the ledger in a file, once more on one in a database (on_postgres/)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from postgres_server import programs

TESTS = Path(__file__).parents[2]
ON_POSTGRES = TESTS / "ledger" / "on_postgres"
BATTERIES = {
    "books": ["books/test_books_breaks.py", "books/test_books_closing.py", "books/test_books_idempotence.py"],
    "history": ["history/test_history_summary.py", "history/test_history_paging.py",
                "history/test_history_narrowed.py"],
    "api": ["api/test_api_tokens.py", "api/test_api_history.py", "api/test_api_asking.py"],
    "verify": ["initiator/test_initiator_verify.py"],
    "payments": ["payments/retry/test_retry_law.py"],
    "held": ["held"],
}


def hold_in_a_database(*tests: str) -> None:
    """Run these with every ledger in PostgreSQL, in two processes."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "on_postgres", "-p", "no:cacheprovider", "--tb=short", "-n", "2",
         *(str(TESTS / each) for each in tests)],
        env={**os.environ, "PYTHONPATH": str(ON_POSTGRES)}, capture_output=True, text=True, check=False,
        cwd=TESTS.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6_000:]
    assert " tests had a ledger in PostgreSQL." in done.stdout


@pytest.mark.postgres
@pytest.mark.timeout(600)
@pytest.mark.parametrize("battery", BATTERIES)
def test_a_battery_holds_on_a_ledger_in_a_database(battery: str) -> None:
    hold_in_a_database(*BATTERIES[battery])
