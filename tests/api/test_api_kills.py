"""SIGKILL at random moments to the process that serves the API, while Daraja loses answers and callbacks."""

from pathlib import Path

import pytest
from api_storm import api_storm


def storm_is_survived(home: Path, kills: int, seed: int, lost_answers: float) -> None:
    figures, calls = api_storm(home, kills=kills, seed=seed, lost_answers=lost_answers)
    assert figures.wrong == [], figures
    assert calls.wrong == [], calls
    assert figures.charged >= 2, "too little was sold to prove anything"
    assert calls.broken_off, "no call was cut off, so nothing was proven"
    assert figures.charged - figures.paid <= figures.open_left


def test_no_kill_of_the_server_loses_doubles_or_invents_a_payment(home: Path) -> None:
    storm_is_survived(home, kills=3, seed=20261124, lost_answers=0.0)


@pytest.mark.long
def test_no_kill_among_many_does_either(home: Path) -> None:
    storm_is_survived(home, kills=60, seed=100, lost_answers=0.05)
