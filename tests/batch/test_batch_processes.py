"""Batches as real processes: two never meet, a signal stops between two prompts, and the same command goes on."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import Temporary
from mpesa_cli.floor.files.run_lock import only_batch

Run = Callable[..., Any]
File = Callable[..., str]
ROWS = 12
ELSEWHERE = ", on this machine or another"
LINES = ["phone,amount,order", *(f"2547222000{32 + n},100,o{n}" for n in range(ROWS))]


@pytest.fixture
def started(home: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start a batch in the background and come back once its first prompt is out."""
    running: list[subprocess.Popen[str]] = []

    def start(*argv: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "mpesa_cli", *argv, "-v"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "MPESA_HOME": str(home), "MPESA_RATE_PER_S": "1"},
        )
        running.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if "Asked 1/" in line:
                return process
        raise AssertionError(f"it ended: {process.wait()}")

    yield start
    for process in running:
        process.kill()
        process.communicate(timeout=20)


def test_of_two_batches_at_once_one_leaves_with_5_and_one_line(
    cli: Run, csv_file: File, started: Any, asked: Callable[[], Counter[str]]
) -> None:
    path = csv_file(LINES)
    first = started("push", "--from", path)
    for argv in (["push", "--from", path], ["retry", "--failed", "--yes"]):
        second = cli(*argv)
        assert second.status == 5
        # A database does not know whose process it is.
        whose = (f"Another batch is at work on this ledger{one}." for one in (f" (process {first.pid})", ELSEWHERE))
        assert any(each in second.stderr for each in whose)
        assert second.stdout == ""
    assert max(asked().values()) == 1


def test_the_lock_of_a_batch_that_was_killed_is_free_at_once(
    cli: Run, csv_file: File, started: Any, asked: Callable[[], Counter[str]]
) -> None:
    path = csv_file(LINES)
    first = started("push", "--from", path)
    first.kill()
    first.wait(timeout=20)
    assert cli("push", "--from", path, env={"MPESA_RATE_PER_S": "50"}).status in {0, 6}
    assert set(asked().values()) == {1}


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_between_two_prompts_and_says_how_to_go_on(
    cli: Run, csv_file: File, started: Any, asked: Callable[[], Counter[str]], number: signal.Signals, status: int
) -> None:
    path = csv_file(LINES)
    batch = started("push", "--from", path)
    batch.send_signal(number)
    out, err = batch.communicate(timeout=30)
    assert batch.returncode == status
    assert "Stopped between two prompts." in err
    assert "The same command again goes on, and asks nobody twice." in err
    assert out.count("\n") == ROWS  # every row is shown as it stands, also those that were not sent
    again = cli("push", "--from", path, env={"MPESA_RATE_PER_S": "50"})
    assert again.status == 0, again.stderr
    assert asked() == {f"o{n}": 1 for n in range(ROWS)}


def test_whoever_comes_second_is_told_which_process_is_at_work(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    (tmp_path / "ledger.db.batch.lock").write_text("9" * 20)  # left by one that died
    with only_batch(ledger), pytest.raises(Temporary) as refused, only_batch(ledger):
        pass
    assert f"(process {os.getpid()})" in refused.value.message
