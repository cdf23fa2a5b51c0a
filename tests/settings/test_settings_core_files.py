"""No crash leaves secrets on a disk: a process that holds one, or was typed one, dumps no core."""

import io
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from mpesa_cli.cli.consent.asking import ask_secret
from mpesa_cli.settings.paths import find_paths
from mpesa_cli.settings.secrets import SecretStore
from mpesa_cli.terminal.streams import Streams


def dumps_core(folder: Path, first: Callable[[], object]) -> bool:
    """Whether a process that may dump core, and did ``first``, does so where it crashes."""
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        first()
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGQUIT)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGQUIT
    return os.WCOREDUMP(status)


@pytest.fixture
def dumping_folder(tmp_path: Path) -> Path:
    if not dumps_core(tmp_path, lambda: None):
        pytest.skip("no process dumps core here")
    return tmp_path


def test_a_process_that_can_read_secrets_leaves_no_core_file(dumping_folder: Path) -> None:
    environ = {"MPESA_HOME": str(dumping_folder), "MPESA_PASSKEY": "typed-for-the-test"}
    assert not dumps_core(dumping_folder, lambda: SecretStore("shop", environ, find_paths(environ)).get("passkey"))


def test_a_process_that_was_typed_a_secret_leaves_no_core_file(dumping_folder: Path) -> None:
    streams = Streams(stdin=io.StringIO("2468\n"), stdout=io.StringIO(), stderr=io.StringIO(), environ={})
    assert not dumps_core(dumping_folder, lambda: ask_secret(streams, "PIN"))
