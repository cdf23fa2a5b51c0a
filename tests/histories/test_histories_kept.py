"""Days that once were found, and what the laws make of them: cut to the steps that showed something."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from finding import play
from quickly import prepare
from steps import HOUR, Step

from mpesa_cli.payments import c2b

SET_BACK = [
    Step("reconcile-statement", 128177107070, 869, 328), Step("clock", 1, seconds=-2 * HOUR),
    Step("push", 739165411775, 50, 502), Step("backup", 2), Step("push", 651959819797, 888, 295),
    Step("disaster", 3), Step("race", 5557384689, 456, 425),
]
SET_FORWARD = [
    Step("push", 703931254855, 193, 157), Step("clock", 1, seconds=2 * HOUR), Step("wait", 2, seconds=26 * HOUR),
    Step("reconcile-pull", 3), Step("backup", 4), Step("clock", 5, seconds=-90), Step("push-api", 175322997464, 724),
    Step("disaster", 6), Step("push-api", 177811047, 516),
]
# A confirmation that names the order and the whole number, of a prompt that a query calls paid.
TOLD_BY_C2B = [
    Step("push-api", 326526678489, 165), Step("wait", 544118646609, 96, seconds=130),
    Step("told-by-c2b-too", 590999992699, 148, 980, "number plain"),
]
RIGHT = {
    "a message with our secret gives a receipt another amount first": (10054, [
        Step("push", 669913765455, 34, 393), Step("poison", 382403310672, 944, 35, "receipt-of-another-amount"),
        Step("told-by-c2b-too", 959779543472, 525, 478, "hashed plain"), Step("push", 838989108377, 717, 908),
        Step("history", 1),
    ]),
    "money of a prompt that was lost proves itself another order's": (10329, [
        Step("backup", 1), Step("push", 976860247377, 419, 223, "phone-absent"), Step("disaster", 2),
        Step("push", 910782283748, 455, 670), Step("told-by-c2b-too", 394035464143, 283, 91, "whole plain"),
    ]),
    "a prompt was paid before it was sent, by a clock that is ahead": (10391, [
        Step("clock", 1, seconds=90), *TOLD_BY_C2B,
    ]),
    "money by hand that proves itself another order's goes back": (10450, [
        Step("push", 11254961807, 30, 156), Step("by-hand", 874427467439, 858, 83, "masked plain"),
        Step("give-back", 499931382736, 402, 881),
    ]),
    "a restore lost the prompt that was paid, and two rows of the record name its order": (102467, [
        Step("push", 468698240784, 501, 734), Step("retry", 498709708669, 237, 52),
        Step("backup", 442918601546, 132, 905, stop=("kill", 3)), Step("listener", 71621879400, 36, 470),
        Step("by-hand", 688156278600, 245, 463, "hashed plain"), Step("wait", 803371392099, 31, 615, seconds=4 * HOUR),
        Step("retry-api", 507742535229, 205, 671), Step("disaster", 667446257187, 156, 54),
    ]),
    "a payment is told of for the first time after its payer was erased": (11278, [
        Step("by-hand", 197965378053, 144, 134, "number plain"), Step("push", 423618105856, 496, 719),
        Step("erase", 794902013454, 496, 605),
    ]),
    "money by hand is reported again after the message that nobody could read was erased": (103656, [
        Step("by-hand", 134433457581, 899, 585, "a-list amount-no-cents"), Step("erase", 624096523380, 67, 926),
    ]),
    "a prompt that a restore lost is told of for the first time after its payer was erased": (101098, [
        Step("push-api", 880441382820, 930, 424), Step("backup", 948030587460, 721, 451),
        Step("push-batch", 177475846073, 222, 578), Step("disaster", 200172920599, 343, 468),
        Step("push", 1058793760448, 930, 963, "no-metadata"), Step("erase", 982199937445, 230, 667),
    ]),
    "a prompt that a restore lost was not paid, and its id holds the number that was erased": (520061, [
        Step("backup", 594882373699, 52, 925), Step("push", 769939728276, 226, 324, "code-text"),
        Step("disaster", 201959655012, 240, 845), Step("push", 1001986336319, 838, 138),
        Step("erase", 304696895132, 302, 501),
    ]),
    "Pull shows the whole number of a payment that was known by a masked one when that number was erased": (807150, [
        Step("push", 964572032908, 343, 677),
        Step("push-batch", 246575499416, 376, 83, stop=("kill", 3), stop_at="before the body leaves"),
        Step("by-hand", 1073561448780, 574, 626, "masked plain"),
        Step("erase", 893326207308, 522, 684, stop=("freeze", 10)), Step("reconcile-pull", 766128913336, 608, 540),
    ]),
}

WRONG = {
    "a statement that lies ahead of our clock lifts the guard of a restored ledger": (600781, [
        Step("clock", 1090871415502, 499, 112, seconds=-7200),
        Step("push", 652033452794, 543, 427, stop=("suspend", 18)),
        Step("backup", 758718339344, 213, 764),
        Step("by-hand", 529572485879, 483, 853, "whole plain"),
        Step("push", 57441298999, 208, 667, stop=("suspend", 3), stop_at="the body has left"),
        Step("disaster", 279989421167, 205, 840),
        Step("reconcile-statement", 690501147073, 954, 682),
        Step("wait", 1072254949100, 967, 197, seconds=14400),
        Step("push", 748840589914, 504, 649),
    ]),
    "of two prompts, one is paid by a query, and the one row of the record paid the other": (102384, [
        Step("race", 195564373276, 871, 507), Step("force", 470438895097, 391, 764),
        Step("listener", 1095358190916, 855, 347), Step("wait", 158462340005, 593, 260, seconds=26 * HOUR),
    ]),
    "Pull shows the number of an erased order whose receipt nobody knew": (200110, [
        Step("push", 178013006521, 693, 459), Step("wait", 736883850615, 39, 995, seconds=HOUR),
        Step("retry", 343829134494, 101, 253), Step("erase", 4837715840, 45, 852),
        Step("reconcile-pull", 287483700006, 257, 574),
    ]),
    "a callback is stored, and a push of its order says that it waits": (103396, [
        Step("push", 784560977294, 990, 480), Step("wait", 390693857687, 971, 175, seconds=HOUR),
        Step("retry-api", 562717180279, 248, 831), Step("listener", 468570593367, 541, 517),
        Step("push", 765488041091, 740, 399), Step("listener", 280757252975, 547, 105),
        Step("push", 944019878319, 174, 230),
    ]),
}


def names(home: Path, seed: int, steps: Sequence[Step]) -> list[str]:
    prepare()
    return [each.name for each in play(home, seed, steps, ()).found]


@pytest.mark.parametrize(("seed", "day"), [(10003, SET_BACK), (11443, SET_FORWARD)])
def test_a_record_that_was_read_by_a_wrong_clock_lets_no_second_prompt_out(
    tmp_path: Path, seed: int, day: list[Step]
) -> None:
    assert names(tmp_path, seed, day) == []


@pytest.mark.parametrize("why", WRONG)
def test_no_day_on_which_the_program_was_wrong_breaks_a_law_again(tmp_path: Path, why: str) -> None:
    assert names(tmp_path, *WRONG[why]) == []


@pytest.mark.parametrize("why", RIGHT)
def test_no_law_asks_more_than_anybody_can_know(tmp_path: Path, why: str) -> None:
    assert names(tmp_path, *RIGHT[why]) == []


def test_money_that_is_told_twice_by_a_right_clock_is_one_payment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names(tmp_path, 10391, TOLD_BY_C2B) == []
    monkeypatch.setattr(c2b, "prompt_named", lambda prompts, money: None)
    assert "called:overpaid-that-is-not" in names(tmp_path, 10391, TOLD_BY_C2B), "the law still sees it"
