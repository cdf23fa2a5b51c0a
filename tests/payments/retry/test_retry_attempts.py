"""`retry --max-attempts N`: waits that the advice asks for, a pause that doubles, an end where a person is needed."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from mpesa_cli.floor.errors import ExitStatus
from mpesa_cli.floor.interrupts import Interrupted
from mpesa_cli.payments.retry_loop import PAUSE_MAX_S, backoff_s
from mpesa_cli.rules.push_rules import Again

Run = Callable[..., Any]
Prompts = Callable[[], list[dict[str, Any]]]
SECOND_US = 1_000_000
LINE_BUSY, UNREACHED = "254700001001", "254700001037"


def gaps_s(prompts: list[dict[str, Any]]) -> list[float]:
    times = [p["accepted_us"] for p in prompts]
    return [(b - a) / SECOND_US for a, b in pairwise(times)]


@pytest.mark.parametrize("number", [LINE_BUSY, UNREACHED])
def test_it_waits_what_the_spacing_asks_and_then_longer_each_time(mpesa: Run, prompts: Prompts, number: str) -> None:
    mpesa("push", number, "70", "--order", "1042")
    result = mpesa("retry", "1042", "--max-attempts", "4")
    assert result.status == 3
    gaps = gaps_s(prompts())
    assert len(gaps) == 4
    over = [gap - 120 for gap in gaps]
    assert 0 <= over[0] < 1  # the first is a person's wish: it waits no longer than it must
    # 5, 10 and 20 s with half of the jitter that random() == 0.5 gives, and a look each half second
    assert [round(o / 1.25 / 5) for o in over[1:]] == [1, 2, 4], over


@pytest.mark.parametrize("most", [1, 2, 5])
def test_it_asks_no_more_often_than_it_was_told(mpesa: Run, prompts: Prompts, most: int) -> None:
    mpesa("push", LINE_BUSY, "70", "--order", "1042")
    assert mpesa("retry", "1042", "--max-attempts", str(most)).status == 3
    assert len(prompts()) == 1 + most


@pytest.mark.parametrize("most", ["0", "6", "-1", "many"])
def test_more_than_five_attempts_are_wrong_usage(mpesa: Run, failed: Callable[..., str], most: str) -> None:
    assert mpesa("retry", failed("1042", "254722200050"), "--max-attempts", most).status == 2


def test_it_stops_at_the_first_that_is_paid(mpesa: Run, failed: Callable[..., str], prompts: Prompts) -> None:
    result = mpesa("retry", failed("1042", "254722200050"), "--max-attempts", "5")
    assert (result.status, len(prompts())) == (0, 1)


@pytest.mark.parametrize("number", ["254700001032", "254700001019", "254700002001", "254700008006", "254700000008"])
def test_it_stops_where_a_person_is_needed(
    mpesa: Run, failed: Callable[..., str], prompts: Prompts, number: str
) -> None:
    result = mpesa("retry", failed("1042", number), "--max-attempts", "5")
    assert (result.status, len(prompts())) == (3, 1)
    assert "No further attempt by itself" in result.stderr


def test_it_never_asks_again_what_may_still_be_paid(mpesa: Run, failed: Callable[..., str], prompts: Prompts) -> None:
    result = mpesa("retry", failed("1042", "254700004999"), "--max-attempts", "5")
    assert (result.status, len(prompts())) == (8, 1)
    lost = mpesa("retry", failed("1043", "254722200017"), "--max-attempts", "5")
    assert lost.status in {0, 6}
    assert len(prompts()) == 2


def test_a_no_that_only_a_query_told_is_checked_once_more_before_the_next(
    mpesa: Run, clock: Any, failed: Callable[..., str], ledger: Any, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No callback comes: the first query's no is not yet proof, the second one's is."""
    monkeypatch.setattr("mpesa_cli.simulator.engine.Engine.claim_due", lambda self: [])
    result = mpesa("retry", failed("1042", LINE_BUSY), "--max-attempts", "2")
    assert result.status == 3
    assert len(prompts()) == 2
    kinds = [entry.kind for entry in ledger.journal("PAY-1042") if entry.attempt == 2]
    assert kinds.count("query_answered") == 2


def test_a_network_that_is_down_is_tried_again_and_counts(mpesa: Run, clock: Any, failed: Callable[..., str]) -> None:
    import httpx

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    env = {
        "MPESA_ENVIRONMENT": "simulator", "MPESA_BASE_URL": "http://127.0.0.1:9", "APP_URL": "https://shop.example",
        "MPESA_PROFILE": "simulator",
    }
    order = failed("1042", "254722200050")
    before_us = clock.now
    result = mpesa("retry", order, "--max-attempts", "3", env=env, transport=httpx.MockTransport(refuse))
    assert result.status == 5, result.stderr
    assert [f"Attempt {n} of 3." in result.stderr for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert clock.now - before_us >= (5 + 10) * SECOND_US
    before, waits, _ = result.stderr.partition("Asking again (attempt 2 of 3)")
    assert waits
    assert "no connection to 127.0.0.1" in before.splitlines()[-2], result.stderr


def test_a_payment_that_comes_in_while_waiting_ends_the_wait(
    mpesa: Run, clock: Any, failed: Callable[..., str], ledger: Any, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mpesa_cli.rules.evidence import Received
    from mpesa_cli.rules.payment import AttemptRef

    order = failed("1042", "254722200050", ago_s=60)
    plain_sleep, paid = clock.sleep, []

    def sleep(seconds: float) -> None:
        plain_sleep(seconds)
        if not paid:
            paid.append(True)
            with ledger.write() as tx:
                tx.append(AttemptRef("PAY-1042", 1), Received(clock.now, "callback", "UKO0000001", 7000))

    monkeypatch.setattr(clock, "sleep", sleep)
    result = mpesa("retry", order, "--max-attempts", "3")
    assert (result.status, prompts()) == (0, [])


def test_ctrl_c_between_two_attempts_leaves_all_resumable_and_says_so(
    mpesa: Run, clock: Any, prompts: Prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    mpesa("push", LINE_BUSY, "70", "--order", "1042")
    plain_sleep = clock.sleep

    def sleep(seconds: float) -> None:
        if clock.slept.count(0.5) == 20:
            raise Interrupted(ExitStatus.INTERRUPTED)
        plain_sleep(seconds)

    monkeypatch.setattr(clock, "sleep", sleep)
    stopped = mpesa("retry", "1042", "--max-attempts", "3")
    assert stopped.status == 130
    assert "no prompt of order 1042 is open" in stopped.stderr
    assert "mpesa retry 1042 --max-attempts 3" in stopped.stderr
    assert len(prompts()) == 1
    monkeypatch.setattr(clock, "sleep", plain_sleep)
    clock.advance(200)
    mpesa("retry", "1042", "--max-attempts", "3")
    assert len(prompts()) == 4


def test_the_live_line_says_what_it_waits_for_and_how_long(mpesa: Run) -> None:
    mpesa("push", LINE_BUSY, "70", "--order", "1042")
    plain = mpesa("retry", "1042", "--max-attempts", "2").stderr
    assert "line is busy" in plain
    assert "Asking again (attempt 1 of 2) in (1" in plain
    mpesa("push", UNREACHED, "70", "--order", "1043")
    drawn = mpesa("retry", "1043", "--max-attempts", "2", tty=True).stderr
    assert "\r\x1b[K" in drawn
    assert drawn.count("Asking again (attempt 1 of 2) in  ") > 50  # it counts down
    mpesa("push", UNREACHED, "70", "--order", "1044", "--wait-turn")
    in_kiswahili = mpesa("retry", "1044", "--max-attempts", "2", tty=True, env={"MPESA_LANGUAGE": "sw"}).stderr
    assert in_kiswahili.count("Ombi jipya (jaribio 1 kati ya 2) baada ya  ") > 50


def test_a_wait_of_a_day_is_refused_and_not_slept(mpesa: Run, clock: Any, failed: Callable[..., str]) -> None:
    before_us = clock.now
    assert mpesa("retry", failed("1042", "254722200050", code="4"), "--max-attempts", "3").status == 5
    assert clock.now - before_us < 60 * SECOND_US


def test_it_can_not_go_without_watching(mpesa: Run, failed: Callable[..., str], prompts: Prompts) -> None:
    assert mpesa("retry", failed("1042", "254722200050"), "--max-attempts", "2", "--no-wait").status == 2
    assert prompts() == []


def test_an_attempt_that_a_dead_process_never_sent_is_given_up_and_made_again(
    mpesa: Run, clock: Any, failed: Callable[..., str], ledger: Any, prompts: Prompts
) -> None:
    order = failed("1042", "254722200050")
    with ledger.write() as tx:
        tx.open_attempt(Again(tx.payment("PAY-1042"), "254722200050"), "ab" * 32, clock.now)
    result = mpesa("retry", order)
    assert (result.status, len(prompts())) == (0, 1)
    states = [a.state.value for a in ledger.payment("PAY-1042").attempts]
    assert states == ["failed", "not_sent", "paid"]


def test_the_pause_doubles_to_a_limit_and_never_exceeds_it_by_more_than_half() -> None:
    assert [backoff_s(made, 0.0) for made in range(4)] == [0.0, 5.0, 10.0, 20.0]
    assert backoff_s(3, 1.0) == 30.0
    assert backoff_s(50, 0.0) == PAUSE_MAX_S
