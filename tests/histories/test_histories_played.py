"""Days of a shop, played from seeds and held against what really was paid (bench/histories.py: by the thousand)."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from finding import play, search, told
from quickly import prepare
from steps import history

from mpesa_cli.daraja import answers
from mpesa_cli.daraja.client import DarajaClient
from mpesa_cli.daraja.stk_push import PushRequest

if TYPE_CHECKING:
    from collections.abc import Callable

MANY, STEPS = 100, 10
# What the machine finds in the program as it is. A line goes when what it names is mended.
KNOWN = (
    "two-prompts:push/new", "two-prompts:push-batch/new", "two-prompts:push-api/new", "two-prompts:race-push/new",
    "two-prompts:retry-failed/new", "two-prompts:race-push/copied", "erased:number-came-back", "counted:twice",
    "called:overpaid-that-is-not", "told-and-not-said:", "sold:twice",
)  # fmt: skip


def test_no_day_of_a_hundred_breaks_a_law(tmp_path: Path) -> None:
    figures = search(range(MANY), STEPS, KNOWN, home=tmp_path)
    assert not figures.found, "\n".join(told(each, STEPS) for each in figures.found.values())
    assert figures.prompts > MANY
    assert figures.charges > MANY, "too little was paid to prove anything"


def test_a_day_is_the_same_whenever_it_is_played(tmp_path: Path) -> None:
    prepare()
    first, second = (play(tmp_path, 7, history(7, 40), KNOWN) for _ in range(2))
    assert first.log == second.log
    assert first.baton.true_us == second.baton.true_us


@pytest.fixture
def mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that sends once more where no answer came."""
    push: Callable[[DarajaClient, PushRequest], answers.PushAnswer] = DarajaClient.push

    def hasty(client: DarajaClient, request: PushRequest) -> answers.PushAnswer:
        said = push(client, request)
        if isinstance(said, answers.Ambiguous):
            client._sign_in._sleep(200)
            said = push(client, request)
        return said

    monkeypatch.setattr(DarajaClient, "push", hasty)


@pytest.mark.usefixtures("mistaken")
def test_a_mistake_is_found_and_cut_to_the_steps_that_show_it(tmp_path: Path) -> None:
    figures = search(range(30), 20, KNOWN, home=tmp_path)
    found = next(each for name, each in figures.found.items() if name.endswith("/whole"))
    assert len(found.steps) <= 3
    assert any("Daraja takes a prompt" in line for line in found.log)
