"""A disk that is full, under a ledger that was restored: the same test, over the file that a restore leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.restored_copy import restored_at
from listener.test_listener_disk_full import small_disk as empty_small_disk
from listener.test_listener_disk_full import (
    test_a_full_disk_is_503_and_never_200_and_all_is_well_once_there_is_space as _over_any_ledger,
)

empty = empty_small_disk


@pytest.fixture
def small_disk(empty: Path) -> Iterator[Path]:
    restored_at(empty / "ledger.db", 1)
    return empty


test_a_full_disk_is_told_by_a_restored_ledger_as_by_any = _over_any_ledger
