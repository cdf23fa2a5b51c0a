"""SIGKILL at random moments, to tills and listener alike, while Daraja loses answers and callbacks."""

from pathlib import Path

from harness import storm

KILLS = 60


def test_no_kill_loses_doubles_or_invents_a_payment(folder: Path) -> None:
    figures = storm(folder / "home", kills=KILLS, seed=20261124)
    assert figures.wrong == [], figures
    assert figures.kills >= KILLS
    assert figures.listener_kills
    # Of 36 orders: since a prompt is handed to the network twice at most, fewer come through the lost answers.
    assert figures.charged >= 15, "too little was sold to prove anything"
    assert figures.told > 10, "too few callbacks were answered to prove anything"
    assert figures.charged - figures.paid <= figures.open_left
