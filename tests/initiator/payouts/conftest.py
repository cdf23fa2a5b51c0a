"""A shop that may pay out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from payout_shop import PayoutShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PayoutShop]:
    opened = PayoutShop(tmp_path)
    yield opened
    opened.close()
