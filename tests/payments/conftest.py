"""The money proofs use the misbehaving servers of tests/daraja and the nursery of tests/crash."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent.parent
sys.path[1:1] = [str(_TESTS / "daraja"), str(_TESTS / "crash")]

from daraja_servers import Loopback, loopback
from forked import Nursery, nursery
from shopkeeper import Shopkeeper, takes_every_prompt


@pytest.fixture
def shopkeeper(mpesa, home, clock) -> Shopkeeper:  # type: ignore[no-untyped-def]
    """Runs ``mpesa`` in this process, with a profile made of the environment, against a server of the test's."""
    return Shopkeeper(mpesa, home, clock)


@pytest.fixture(scope="session")
def three() -> Iterator[list[Nursery]]:
    """Three processes that fork commands, for what happens at the same moment."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(nursery()) for _ in range(3)]


@pytest.fixture
def daraja() -> Iterator[Loopback]:
    """A Daraja that takes every prompt."""
    with loopback(takes_every_prompt()) as server:
        yield server
