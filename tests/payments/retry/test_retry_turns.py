"""A phone that was asked a moment ago: M-PESA's rule is said, and its turn is waited for where somebody wants that."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.ledger.restoring import RestoreWrites

Run = Callable[..., Any]
Failed = Callable[..., str]
Prompts = Callable[[], list[dict[str, Any]]]
SECOND_US = 1_000_000
PAYS, AGAIN = "254708374149", "254722200050"


def bought(mpesa: Run) -> None:
    """A customer who has just paid 100 shillings."""
    assert mpesa("push", PAYS, "100", "--order", "first").status == 0


def apart_s(prompts: list[dict[str, Any]]) -> float:
    first, second = (each["accepted_us"] for each in prompts)
    return float(second - first) / SECOND_US


@pytest.mark.parametrize(("amount", "spacing_s"), [("100", 120), ("70", 60)])
@pytest.mark.parametrize("how", [{"tty": True}, {"more": ("--wait-turn",)}])
def test_after_a_payment_the_next_prompt_waits_its_turn_and_goes_out_by_itself(
    mpesa: Run, prompts: Prompts, how: dict[str, Any], amount: str, spacing_s: int
) -> None:
    bought(mpesa)
    done = mpesa("push", PAYS, amount, "--order", "second", *how.get("more", ()), tty=how.get("tty", False))
    assert done.status == 0, done
    assert "M-PESA takes one prompt per phone at a time" in done.stderr
    assert "Asking 0708•••149 in" in done.stderr
    assert spacing_s <= apart_s(prompts()) < spacing_s + 2


def test_a_script_that_does_not_want_to_wait_is_told_the_rule_and_for_how_long(
    mpesa: Run, clock: Any, prompts: Prompts
) -> None:
    bought(mpesa)
    slept = len(clock.slept)
    refused = mpesa("push", PAYS, "100", "--order", "second", "--json")
    error = json.loads(refused.stdout)["error"]
    assert (refused.status, error["code"], error["money_moved"]) == (5, "phone-busy", "no")
    assert "one prompt per phone at a time" in error["message"]
    assert "both or neither" not in error["message"]
    assert "--wait-turn" in error["hint"]
    assert (len(clock.slept), len(prompts())) == (slept, 1)


def test_a_typed_time_bounds_the_wait_and_the_profiles_does_not(mpesa: Run, clock: Any, prompts: Prompts) -> None:
    bought(mpesa)
    before_us = clock.now
    refused = mpesa("push", PAYS, "100", "--order", "second", "--timeout", "30", "--wait-turn")
    assert (refused.status, clock.now, len(prompts())) == (5, before_us, 1)
    # Nobody typed a time: the wait for a turn takes nothing from the 20 s in which the customer pays.
    env = {"MPESA_TIMEOUT_S": "20"}
    assert mpesa("push", PAYS, "100", "--order", "second", "--wait-turn", env=env).status == 0
    assert apart_s(prompts()) >= 120


def test_whoever_stops_the_countdown_has_sent_nothing(
    mpesa: Run, clock: Any, ledger: Any, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(mpesa)

    def interrupted(_: float) -> None:
        raise Interrupted(ExitStatus.INTERRUPTED)

    monkeypatch.setattr(clock, "sleep", interrupted)
    stopped = mpesa("push", PAYS, "100", "--order", "second", tty=True)
    assert stopped.status == 130
    assert "Nothing was sent, so nothing was charged" in stopped.stderr
    assert (ledger.payment_by_order("second"), len(prompts())) == (None, 1)


def test_after_the_countdown_it_is_decided_anew(
    mpesa: Run, clock: Any, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else asked for the order meanwhile: it is watched, and nobody is asked twice."""
    bought(mpesa)
    plain_sleep, asked = clock.sleep, []

    def sleep(seconds: float) -> None:
        plain_sleep(seconds)
        if not asked:
            asked.append(True)
            clock.advance(200)
            assert mpesa("push", PAYS, "100", "--order", "second", "--no-wait").status == 0

    monkeypatch.setattr(clock, "sleep", sleep)
    done = mpesa("push", PAYS, "100", "--order", "second", tty=True)
    assert (done.status, len(prompts())) == (0, 2)
    assert "no second prompt" in done.stderr


def test_an_answer_that_was_typed_before_the_countdown_is_not_asked_for_again(
    mpesa: Run, clock: Any, ledger: Any, prompts: Prompts
) -> None:
    with ledger.write() as tx:
        RestoreWrites(tx).note_restored(clock.now - 3600 * SECOND_US, clock.now)
    bought_after = mpesa("push", PAYS, "100", "--order", "first", tty=True, stdin="first\n")
    assert bought_after.status == 0, bought_after
    done = mpesa("push", PAYS, "100", "--order", "second", tty=True, stdin="second\n")
    assert (done.status, len(prompts())) == (0, 2), done
    assert done.stderr.count("type its id") == 1


@pytest.mark.parametrize("how", [{"tty": True}, {"more": ("--wait-turn",)}])
def test_a_retry_that_comes_too_early_waits_and_asks_by_itself(
    mpesa: Run, failed: Failed, prompts: Prompts, how: dict[str, Any]
) -> None:
    order = failed("1042", AGAIN, code="1037", ago_s=30)
    done = mpesa("retry", order, *how.get("more", ()), tty=how.get("tty", False))
    assert (done.status, len(prompts())) == (0, 1), done
    assert "can't be asked again yet" in done.stderr


def test_a_retry_of_tomorrow_is_not_waited_for(mpesa: Run, clock: Any, failed: Failed, prompts: Prompts) -> None:
    before_us = clock.now
    refused = mpesa("retry", failed("1042", AGAIN, code="4"), tty=True)
    assert (refused.status, prompts()) == (5, [])
    assert clock.now - before_us < 60 * SECOND_US


def test_a_batch_needs_no_word_for_it(mpesa: Run, home: Path, prompts: Prompts) -> None:
    home.mkdir(exist_ok=True)
    file = home / "orders.csv"
    file.write_text(f"phone,amount,order\n{PAYS},70,1\n{PAYS},80,2\n")
    assert mpesa("push", "--from", str(file), "--wait").status == 0
    assert apart_s(prompts()) >= 60
