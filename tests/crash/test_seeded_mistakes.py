"""The proofs have teeth: each classic mistake, made on purpose, is caught by the same checks within a kill or two.

The program itself, put through exactly the same, passes.
"""

import signal
from pathlib import Path

import pytest
from forked import Nursery, nursery
from harness import judge, open_shop, until
from points import CRASHED
from shop import ORDER, Shop

from mpesa_cli.simulator.chaos import Chaos

PAYS, ANSWER_LOST = "254708374149", "254722200001"
LUCK = Chaos(1, lose_answer=0, lose_callback=0, double_callback=0, fail=0)


@pytest.mark.parametrize("mistake", ["", "resend-on-timeout"])
def test_sending_again_when_no_answer_came_is_caught(forks: Nursery, folder: Path, mistake: str) -> None:
    shop = Shop(forks, folder / "home", mistake=mistake)
    shop.run("push", ANSWER_LOST, "100", "--order", ORDER, "--no-wait", "--json")
    shop.wait(300)
    wrong = shop.broken()
    assert bool(wrong) is bool(mistake), wrong
    assert not mistake or any("charged 2 times" in each for each in wrong)


@pytest.mark.parametrize("mistake", ["", "intent-after-sending"])
def test_writing_the_intent_after_sending_is_caught(forks: Nursery, folder: Path, mistake: str) -> None:
    for point in range(1, 100):
        crashed = Shop(forks, folder / f"at-{point}", mistake=mistake)
        ended = crashed.run("push", PAYS, "100", "--order", ORDER, "--no-wait", "--json", crash_at=point)
        if ended.status != CRASHED:
            assert not mistake, "it ran through, and nothing was noticed"
            return
        crashed.wait(300)
        crashed.run("push", PAYS, "100", "--order", ORDER, "--no-wait", "--json")
        crashed.wait(300)
        if wrong := crashed.broken():
            assert mistake, wrong
            assert any("that the ledger does not know" in each for each in wrong)
            assert any("charged 2 times" in each for each in wrong)
            return


@pytest.mark.parametrize("mistake", ["", "answer-before-commit"])
def test_answering_a_callback_before_its_commit_is_caught(forks: Nursery, folder: Path, mistake: str) -> None:
    with open_shop(folder / "home", 1, chaos=LUCK) as shop, nursery() as ear:
        shop.callbacks = f"http://127.0.0.1:{ear.listen(shop.ledger_path, 0, mistake)}"
        order, line, _ = shop.new_order()
        pushed = forks.run(["push", line, "100", "--order", order, "--no-wait"], shop.environ("till"))
        assert pushed.status == 0, pushed
        until(lambda: shop.daraja.record()["prompts"][0]["callbacks"][0]["status"] == 200)  # type: ignore[index]
        ear.stop_listening(signal.SIGKILL)
        wrong = judge(shop, settled=False).wrong
    assert bool(wrong) is bool(mistake), wrong
    assert not mistake or any("answered 200 and is not in the ledger" in each for each in wrong)
