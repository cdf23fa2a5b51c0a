"""Days of a shop, played from seeds and held against what really was paid (bench/histories.py: by the thousand)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from finding import play, search, told
from quickly import prepare
from shrinking import shrunk
from steps import Step, history

from mpesa_cli.daraja import answers
from mpesa_cli.daraja.client import DarajaClient

MANY, STEPS = 100, 6

def test_no_day_of_a_hundred_breaks_a_law(tmp_path: Path) -> None:
    figures = search(range(MANY), STEPS, (), home=tmp_path)
    assert not figures.found, "\n".join(told(each, STEPS) for each in figures.found.values())
    assert figures.prompts > MANY / 2
    assert figures.charges > MANY / 2, "too little was paid to prove anything"


def test_a_day_is_the_same_whenever_it_is_played(tmp_path: Path) -> None:
    prepare()
    first, second = (play(tmp_path, 7, history(7, 40), ()) for _ in range(2))
    assert first.log == second.log
    assert first.baton.true_us == second.baton.true_us


@pytest.fixture
def mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that takes no answer for proof that nothing arrived."""
    push = DarajaClient.push

    def hasty(client: DarajaClient, *asked: Any, **more: Any) -> answers.PushAnswer:
        said = push(client, *asked, **more)
        return answers.Undelivered("none", "no answer", "no") if isinstance(said, answers.Ambiguous) else said

    monkeypatch.setattr(DarajaClient, "push", hasty)


@pytest.mark.usefixtures("mistaken")
def test_a_mistake_is_found_and_cut_to_the_steps_that_show_it(tmp_path: Path) -> None:
    """A shop that asks for eight orders; Daraja's answer is lost now and then, whatever the program draws."""
    prepare()
    day = [Step("push", seed=number, order=number) for number in range(24)]

    def fails(steps: Sequence[Step]) -> bool:
        return any(each.name == "called:failed-that-is-not" for each in play(tmp_path, 1, steps, ()).found)

    assert fails(day)
    assert len(shrunk(day, fails)) == 1
