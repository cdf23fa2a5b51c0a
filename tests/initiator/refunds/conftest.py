"""A shop whose one paid order may be given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from refund_shop import RefundShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RefundShop]:
    opened = RefundShop(tmp_path)
    yield opened
    opened.close()
