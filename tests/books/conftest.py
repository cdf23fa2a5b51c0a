"""Fixtures of the books."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from books_shop import Books


@pytest.fixture
def books(mpesa: Callable[..., Any], clock: Any, home: Path, tmp_path: Path) -> Books:
    """A shop on the virtual clock."""
    return Books(mpesa, clock, home, tmp_path / "books")
