"""What proves a ledger in a file and can't be asked of one in a database, each with why."""

ONLY_FILES: dict[str, tuple[str, ...]] = {
    "it changes SQLite's file with SQLite": (
    ),
    "it reads how SQLite plans a question": (
        "history/test_history_paging.py::test_no_filter_walks_all_payments_and_only_those_of_few_sort",
    ),
}


def reason_of(test: str) -> str:
    """Why a test is passed over; empty where it is not."""
    bare = test.removeprefix("tests/")
    return next((why for why, tests in ONLY_FILES.items() if any(bare.startswith(each) for each in tests)), "")
