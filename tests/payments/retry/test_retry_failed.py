"""`retry --failed`: asks again by itself what needs no person, lists the others, and never two at once."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from mpesa_cli.rules.push_rules import Again

Run = Callable[..., Any]
Failed = Callable[..., str]
Prompts = Callable[[], list[dict[str, Any]]]
SECOND_US = 1_000_000


def results(result: Any) -> dict[str, str]:
    return {row["order_id"]: row["result"] for row in json.loads(result.stdout)}


def test_only_what_needs_no_person_is_asked_and_the_rest_is_listed_with_its_reason(
    mpesa: Run, failed: Failed, prompts: Prompts
) -> None:
    failed("busy", "254722200050", code="1001")
    failed("unreached", "254722200051", code="1037")
    failed("unsent", "254722200052", code="not-sent")
    failed("cancelled", "254722200053", code="1032")
    failed("locked", "254722200054", code="8006")
    failed("limit", "254722200055", code="4")
    result = mpesa("retry", "--failed", "--yes", "--wait", "--json")
    assert results(result) == {
        "busy": "paid", "unreached": "paid", "unsent": "paid",
        "cancelled": "failed", "locked": "failed", "limit": "failed",
    }
    assert result.status == 0  # those that were left out are listed, and are nobody's fault
    assert sorted(p["account_reference"] for p in prompts()) == ["busy", "unreached", "unsent"]
    rows = {row["order_id"]: row for row in json.loads(result.stdout)}
    assert "needs a person" in rows["cancelled"]["reason"]
    assert {order for order, row in rows.items() if row["asked"]} == {"busy", "unreached", "unsent"}


def test_nobody_is_asked_without_a_person_or_yes(mpesa: Run, failed: Failed, prompts: Prompts) -> None:
    failed("1042", "254722200050")
    alone = mpesa("retry", "--failed")
    assert (alone.status, prompts()) == (9, [])
    assert "1042" in alone.stderr
    assert "--yes" in alone.stderr
    assert mpesa("retry", "--failed", tty=True, stdin="\n").status == 1
    assert mpesa("retry", "--failed", tty=True, stdin="").status == 1
    assert prompts() == []
    asked = mpesa("retry", "--failed", tty=True, stdin="y\n")
    assert "To ask: 1 payment, KES 70." in asked.stderr
    assert "line busy" in asked.stderr
    assert (asked.status, len(prompts())) == (0, 1)


def test_mpesa_yes_answers_too(mpesa: Run, failed: Failed, prompts: Prompts) -> None:
    failed("1042", "254722200050")
    assert mpesa("retry", "--failed", env={"MPESA_YES": "1"}).status == 0
    assert len(prompts()) == 1


def test_since_is_today_unless_said(mpesa: Run, failed: Failed, prompts: Prompts) -> None:
    day_s = 86_400
    failed("today", "254722200050", ago_s=3_600)
    failed("yesterday", "254722200051", ago_s=day_s)
    failed("last-week", "254722200052", ago_s=6 * day_s)
    assert set(results(mpesa("retry", "--failed", "--yes", "--json"))) == {"today"}
    assert "yesterday" in results(mpesa("retry", "--failed", "--since", "yesterday", "--yes", "--json"))
    assert "last-week" in results(mpesa("retry", "--failed", "--since", "7d", "--yes", "--json"))
    assert sorted(p["account_reference"] for p in prompts()) == ["last-week", "today", "yesterday"]
    assert mpesa("retry", "--failed", "--since", "soon", "--yes").status == 2


def test_prompts_keep_to_the_rate_and_to_one_at_a_time_on_a_phone(
    mpesa: Run, failed: Failed, prompts: Prompts
) -> None:
    for number in range(3):
        failed(f"same-{number}", "254722200050", amount=70 + number, ago_s=400 - number)
    for number in range(4):
        failed(f"other-{number}", f"2547222000{60 + number}", ago_s=390 - number)
    result = mpesa("retry", "--failed", "--yes", env={"MPESA_RATE_PER_S": "0.5"})
    assert result.status == 0
    record = prompts()
    times = [p["accepted_us"] for p in record]
    assert min(b - a for a, b in pairwise(times)) >= 2 * SECOND_US
    same = [p["accepted_us"] for p in record if p["msisdn"] == "254722200050"]
    assert len(same) == 3
    assert min(b - a for a, b in pairwise(same)) >= 60 * SECOND_US
    assert [p["account_reference"] for p in record][:5] == ["same-0", "other-0", "other-1", "other-2", "other-3"]


def test_one_that_must_wait_a_little_is_waited_for(mpesa: Run, clock: Any, failed: Failed, prompts: Prompts) -> None:
    failed("1042", "254722200050", ago_s=20)
    before_us = clock.now
    assert mpesa("retry", "--failed", "--yes").status == 0
    assert prompts()[0]["accepted_us"] - before_us >= 99 * SECOND_US


def test_a_payment_that_comes_in_meanwhile_is_not_asked(
    mpesa: Run, clock: Any, failed: Failed, ledger: Any, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.rules.evidence import Received
    from mpesa_cli.rules.payment import AttemptRef

    failed("first", "254722200050")
    failed("second", "254722200051")
    plain_sleep, paid = clock.sleep, []

    def sleep(seconds: float) -> None:
        plain_sleep(seconds)
        if not paid:
            paid.append(True)
            with ledger.write() as tx:
                tx.append(AttemptRef("PAY-second", 1), Received(clock.now, "callback", "UKO0000001", 7000))

    monkeypatch.setattr(clock, "sleep", sleep)
    result = mpesa("retry", "--failed", "--yes", "--json")
    assert [p["account_reference"] for p in prompts()] == ["first"]
    assert results(result)["second"] == "paid"


def test_nothing_failed_is_said_and_is_well(mpesa: Run) -> None:
    result = mpesa("retry", "--failed", "--json")
    assert (result.status, json.loads(result.stdout)) == (0, [])
    assert "No payment has failed" in result.stderr


@pytest.mark.parametrize(
    "argv",
    [["1042", "--failed"], ["--failed", "--max-attempts", "2"], ["--failed", "--phone", "0722200050"],
     ["--failed", "--force", "a reason that is long"], [], ["1042", "--since", "today"]],
)
def test_flags_that_do_not_go_together_are_wrong_usage(mpesa: Run, failed: Failed, argv: list[str]) -> None:
    failed("1042", "254722200050")
    assert mpesa("retry", *argv, "--yes").status == 2


def test_an_attempt_that_a_dead_batch_never_sent_is_made_by_the_next(
    mpesa: Run, clock: Any, failed: Failed, ledger: Any, prompts: Prompts
) -> None:
    failed("1042", "254722200050")
    with ledger.write() as tx:
        tx.open_attempt(Again(tx.payment("PAY-1042"), "254722200050"), "ab" * 32, clock.now)
    assert mpesa("retry", "--failed", "--yes").status == 0
    assert len(prompts()) == 1
