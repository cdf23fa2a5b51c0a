"""Fixtures of the HTTP API: one served shop for each test, with a client that may do everything."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_bench import Shop, served

# The processes and invariants of the crash proofs, the misbehaving servers of tests/daraja and who
# uses them, and the reader of pages.
sys.path += [str(Path(__file__).parents[1] / room) for room in ("crash", "daraja", "payments", "project")]


@pytest.fixture
def shop(home: Path) -> Iterator[Shop]:
    with served(home) as up:
        yield up


@pytest.fixture(scope="module")
def quiet_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for a whole module, for tests that leave each other alone."""
    with served(tmp_path_factory.mktemp("quiet")) as up:
        yield up


@pytest.fixture(scope="module")
def quiet_client(quiet_shop: Shop) -> Iterator[httpx.Client]:
    with quiet_shop.client() as made:
        yield made


@pytest.fixture
def client(shop: Shop) -> Iterator[httpx.Client]:
    with shop.client() as made:
        yield made
