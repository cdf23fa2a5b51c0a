"""The program dies at every numbered point of every command, is started again, dies again, and no money goes astray.

Points are around each commit, each request and each callback (points.py). After each crash, and after every
command that follows it, the ledger is held against what the simulator really did (invariants.py).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forked import Nursery
from points import CRASHED
from shop import ORDER, Shop

AMOUNT = "100"
PAYS, CANCELS = "254708374149", "254700001032"
SECOND_LINE = "254712000001"
PHONES = {
    "pays": PAYS,
    "cancels": CANCELS,
    "the answer is lost": "254722200001",
    "the connection drops before Daraja accepts": "254722200002",
    "the callback is lost": "254722200003",
    "the callback comes twice": "254722200004",
    "the callback comes before the answer": "254722200006",
    "two refusals as too many, then paid": "254722200010",
    "the token is refused once": "254722200011",
    "answer and callback are lost": "254722200017",
}
POINTS_MAX = 200


@pytest.fixture
def shop(forks: Nursery, folder: Path) -> Shop:
    return Shop(forks, folder / "home")


def push(shop: Shop, phone: str, crash_at: int = 0) -> int:
    return shop.run("push", phone, AMOUNT, "--order", ORDER, "--timeout", "20", "--json", crash_at=crash_at).status


Command = Callable[[Shop, int], int]
"""A command that dies at a point of a shop; returns its status."""


def crashed_at_every_point(
    before: Shop, folder: Path, command: Command, *, forced: bool = False
) -> Iterator[tuple[int, Shop]]:
    """The shop after its command died at point 1, 2, …; ends where it ran through.

    ``forced``: a person asked twice on purpose, so that the customer may well have been charged twice.
    """
    for point in range(1, POINTS_MAX):
        shop = before.copy(folder / f"at-{point}")
        if command(shop, point) != CRASHED:
            return
        assert forced or shop.broken() == [], f"right after point {point}"
        yield point, shop
    raise AssertionError("the command has no end")


def fresh(shop: Shop) -> Shop:
    """The shop before its first order: a folder to be copied."""
    shop.home.mkdir()
    return shop


@pytest.mark.parametrize("customer", PHONES)
def test_a_push_that_dies_anywhere_is_finished_by_the_same_push_and_status(
    shop: Shop, folder: Path, customer: str
) -> None:
    phone = PHONES[customer]
    points = 0
    for point, crashed in crashed_at_every_point(fresh(shop), folder, lambda s, k: push(s, phone, k)):
        points = point
        push(crashed, phone)
        assert crashed.broken() == [], f"pushed again after point {point}"
        assert crashed.settle() == [], f"settled after point {point}"
    assert points >= 8, "too few points to be the whole of a push"


@pytest.mark.parametrize("customer", ["pays", "the answer is lost", "two refusals as too many, then paid"])
@pytest.mark.parametrize("first", [3, 6])
def test_a_push_that_dies_anywhere_may_die_again_when_it_is_repeated(
    shop: Shop, folder: Path, customer: str, first: int
) -> None:
    phone = PHONES[customer]
    before = fresh(shop)
    assert push(before, phone, first) == CRASHED
    for point, crashed in crashed_at_every_point(before, folder, lambda s, k: push(s, phone, k)):
        crashed.wait(30)
        push(crashed, phone)
        assert crashed.broken() == [], f"died at {first} and at {point}, pushed a third time"
        assert crashed.settle() == [], f"died at {first} and at {point}, settled"


@pytest.mark.parametrize("settle", [("status", ORDER), ("reconcile",)])
@pytest.mark.parametrize("customer", ["pays", "cancels", "the callback is lost"])
def test_a_settlement_that_dies_anywhere_is_finished_by_the_next_one(
    shop: Shop, folder: Path, customer: str, settle: tuple[str, ...]
) -> None:
    shop.run("push", PHONES[customer], AMOUNT, "--order", ORDER, "--no-wait", "--json")
    shop.wait(30)
    command = lambda s, k: s.run(*settle, "--json", crash_at=k).status  # noqa: E731
    points = 0
    for point, crashed in crashed_at_every_point(shop, folder, command):
        points = point
        assert crashed.settle() == [], f"settled after point {point}"
    assert points >= 3


def test_a_retry_that_dies_anywhere_is_finished_by_the_next_commands(shop: Shop, folder: Path) -> None:
    assert push(shop, CANCELS) == 3
    points = 0
    for point, crashed in crashed_at_every_point(shop, folder, retry):
        points = point
        crashed.wait(5)
        retry(crashed)
        assert crashed.broken() == [], f"retried again after point {point}"
        crashed.wait(200)
        retry(crashed)
        assert crashed.settle() == [], f"settled after point {point}"
        assert crashed.run("status", ORDER, "--json").json["status"] in {"paid", "unknown"}
    assert points >= 8


def test_a_forced_retry_that_dies_before_it_sends_leaves_nothing_for_a_push_to_send(shop: Shop, folder: Path) -> None:
    assert push(shop, PHONES["answer and callback are lost"]) == 6
    shop.wait(200)
    for point, crashed in crashed_at_every_point(shop, folder, force, forced=True):
        prompts = len(crashed.record()["prompts"])
        crashed.wait(300)
        assert push(crashed, PHONES["answer and callback are lost"]) in {0, 6, 8}
        assert len(crashed.record()["prompts"]) == prompts, f"after point {point} push sent what only force may"


def force(shop: Shop, crash_at: int = 0) -> int:
    reason = "customer showed a phone without a prompt"
    return shop.run("retry", ORDER, "--force", reason, "--timeout", "20", "--json", crash_at=crash_at).status


def retry(shop: Shop, crash_at: int = 0) -> int:
    return shop.run("retry", ORDER, "--phone", SECOND_LINE, "--timeout", "20", "--json", crash_at=crash_at).status


@pytest.mark.parametrize("customer", ["pays", "the callback comes twice"])
def test_where_nothing_dies_the_receipt_is_the_one_that_daraja_gave(shop: Shop, customer: str) -> None:
    assert push(shop, PHONES[customer]) == 0
    assert shop.settle() == []
    paid = shop.run("status", ORDER, "--json").json
    (charge,) = shop.record()["charges"]
    assert (paid["status"], paid["receipt"]) == ("paid", charge["receipt"])
    assert paid["attempts"][0]["flags"] == []
