"""The desk that tokens are shown at."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from token_parts import Desk


@pytest.fixture
def desk(mpesa: Callable[..., Any], home: Path, clock: Any) -> Iterator[Desk]:
    """The simulator's profile, with a secret for tokens in the environment."""
    made = Desk(mpesa, home, clock)
    yield made
    made.close()
