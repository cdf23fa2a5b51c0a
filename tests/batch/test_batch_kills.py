"""SIGKILL at any point of a batch or a retry: no order is prompted twice, none is lost, and the next run finishes."""

from pathlib import Path

import pytest
from killing import killer, round_of_batch, round_of_retries

ROUNDS_MAX = 25


@pytest.mark.parametrize("seed", [1, 2])
def test_a_batch_that_is_killed_and_run_again_asks_everybody_once(tmp_path: Path, seed: int) -> None:
    with killer(tmp_path, seed) as kills:
        for number in range(ROUNDS_MAX):
            round_of_batch(kills, tmp_path / f"batch-{number}", kills=6)
            if kills.killed >= 18:
                break
        assert kills.killed >= 18


@pytest.mark.parametrize("seed", [3, 4])
def test_retries_that_are_killed_and_run_again_charge_nobody_twice(tmp_path: Path, seed: int) -> None:
    with killer(tmp_path, seed) as kills:
        for number in range(ROUNDS_MAX):
            round_of_retries(kills, tmp_path / f"retries-{number}", kills=9)
            if kills.killed >= 24:
                break
        assert kills.killed >= 24
