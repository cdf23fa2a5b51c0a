"""What a restored ledger lacks is asked about in the transaction of every way to a prompt, for known orders too."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mpesa_cli.ledger.restoring import RestoreWrites

Run = Callable[..., Any]
Failed = Callable[..., str]
Prompts = Callable[[], list[dict[str, Any]]]
SECOND_US = 1_000_000
PAYS = "254722200050"


@pytest.fixture
def restored(ledger: Any, clock: Any) -> Callable[[], None]:
    """Say that the ledger was restored just now from a backup of an hour ago."""

    def note() -> None:
        with ledger.write() as tx:
            RestoreWrites(tx).note_restored(clock.now - 3600 * SECOND_US, clock.now)

    return note


@pytest.mark.parametrize("code", ["1001", "not-sent"])
@pytest.mark.parametrize("argv", [("retry", "1042"), ("retry", "1042", "--max-attempts", "3")])
def test_a_known_order_is_not_asked_again_where_it_may_have_been_paid_meanwhile(
    mpesa: Run, failed: Failed, prompts: Prompts, restored: Callable[[], None], argv: tuple[str, ...], code: str
) -> None:
    failed("1042", PAYS, code=code)
    restored()
    result = mpesa(*argv, "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.status, error["code"], error["money_moved"]) == (9, "restored-gap", "unknown")
    assert prompts() == []


@pytest.mark.parametrize("order", ["1042", "new"])
def test_a_push_is_refused_for_a_new_order_and_for_one_that_never_left(
    mpesa: Run, failed: Failed, prompts: Prompts, restored: Callable[[], None], order: str
) -> None:
    failed("1042", PAYS, code="not-sent")
    restored()
    result = mpesa("push", PAYS, "70", "--order", order, "--json")
    assert (result.status, json.loads(result.stdout)["error"]["code"]) == (9, "restored-gap")
    assert prompts() == []


def test_a_batch_that_meets_the_gap_sends_nothing_and_says_so(
    mpesa: Run, home: Any, failed: Failed, prompts: Prompts, restored: Callable[[], None]
) -> None:
    failed("1042", PAYS, code="not-sent")
    restored()
    file = home / "orders.csv"
    file.write_text(f"phone,amount,order\n{PAYS},70,1042\n254722200051,70,1043\n")
    result = mpesa("push", "--from", str(file))
    assert (result.status, prompts()) == (9, [])
    assert "may have been paid since" in result.stderr


def test_an_order_that_was_asked_for_after_the_restore_is_asked_again_as_ever(
    mpesa: Run, clock: Any, failed: Failed, prompts: Prompts, restored: Callable[[], None]
) -> None:
    restored()
    clock.advance(3600)
    failed("1042", PAYS, ago_s=600)
    assert mpesa("retry", "1042", "--no-wait").status == 0
    assert len(prompts()) == 1
