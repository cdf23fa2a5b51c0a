"""Fixtures of the crash proofs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import Nursery, nursery

IN_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def forks() -> Iterator[Nursery]:
    """A process that has the program loaded, and forks commands."""
    with nursery() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a process that dies loses nothing it wrote, and no disk is waited for."""
    if not IN_MEMORY.is_dir():
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="mpesa-crash-", dir=IN_MEMORY))
    yield made
    shutil.rmtree(made)
