"""What proves the ledger in a file, once more on one in a database: books, history, API, verify and payments."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
BATTERIES = {
    "books": ["books/test_books_breaks.py", "books/test_books_closing.py", "books/test_books_idempotence.py"],
    "history": ["history/test_history_summary.py", "history/test_history_paging.py",
                "history/test_history_narrowed.py"],
    "api": ["api/test_api_tokens.py", "api/test_api_history.py", "api/test_api_asking.py"],
    "verify": ["initiator/test_initiator_verify.py"],
    "payments": ["payments/retry/test_retry_law.py"],
}
OF_FILES = [
    # of SQLite's own words, or of commands in processes of their own, whose ledger is a file
    "history/test_history_paging.py::test_a_row_changed_behind_the_ledgers_back_is_found",
    "history/test_history_paging.py::test_no_filter_walks_all_payments_and_only_those_of_few_sort",
    "api/test_api_asking.py::test_a_prompt_goes_out_and_the_payment_is_answered_as_push_shows_it",
    "books/test_books_idempotence.py::test_killed_for_real_in_the_middle_of_an_import_it_goes_on",
    "books/test_books_idempotence.py::test_killed_between_reading_and_settling_the_next_run_settles_without_the_file",
    "books/test_books_idempotence.py::test_a_file_that_was_not_read_to_its_end_settles_what_it_told_and_is_named_once",
    "books/test_books_idempotence.py::test_a_file_that_is_stopped_in_twice_is_settled_to_its_last_row",
]


@pytest.mark.postgres
@pytest.mark.timeout(300)
@pytest.mark.parametrize("battery", BATTERIES)
def test_a_battery_holds_on_a_ledger_in_a_database(database: Callable[[], str], battery: str) -> None:
    files = [str(TESTS / each) for each in BATTERIES[battery]]
    without = [part for each in OF_FILES for part in ("--deselect", f"tests/{each}")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "on_postgres", "-p", "no:cacheprovider", "--tb=short", *without,
         *files],
        env={**os.environ, "TESTS_POSTGRES": database(), "PYTHONPATH": str(TESTS / "ledger")},
        capture_output=True, text=True, check=False, cwd=TESTS.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4_000:]
