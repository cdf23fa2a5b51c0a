"""What the initiator's tests borrow: real processes from tests/cli, processes to kill from tests/crash."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent.parent
sys.path[1:1] = [str(_TESTS / name) for name in ("cli", "crash", "daraja", "simulator")]

from forked import Nursery, nursery

from mpesa_cli.simulator.initiator_key import FILE_NAME, InitiatorKey


@pytest.fixture(scope="module")
def hand() -> Iterator[Nursery]:
    """A process that forks commands, and kills them where it is told to."""
    with nursery() as opened:
        yield opened


@pytest.fixture(scope="session")
def simulators_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One key pair for all tests: making it takes longer than most of them."""
    path = tmp_path_factory.mktemp("key") / FILE_NAME
    InitiatorKey(path).certificate()
    return path


@pytest.fixture(autouse=True)
def _key_of_the_home(home: Path, simulators_key: Path) -> None:
    """The simulator of every test's home has that key."""
    state = home / "state"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(simulators_key, state / FILE_NAME)
