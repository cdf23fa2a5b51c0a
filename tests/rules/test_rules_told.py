"""What is told of an attempt and of a restore's gap: whose success it is, how late, when, and which row comes first."""

import pytest

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.rules.believed import is_believed
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, ClaimedPaid, Evidence, QueryAnswered, Received, Sending
from mpesa_cli.rules.payment import Attempt, AttemptRef, Payment
from mpesa_cli.rules.restored import Hole, InTheGap, Restored, check_gap, still_missing
from mpesa_cli.rules.state import AttemptState, Flag, Terms, attempt_view, with_clock
from mpesa_cli.rules.state_values import OVERDUE_AFTER_S
from mpesa_cli.rules.statement_row import StatementRow

S = 1_000_000
PHONE = "254708374149"
CHECKOUT_ID = "ws_CO_24112026103001482708374149"
RECEIPT = "UKO4Q7X81C"
TERMS = Terms(15_000, PHONE)
PROMPT: tuple[Evidence, ...] = (Sending(1 * S, 1), Accepted(2 * S, 1, "M1", CHECKOUT_ID))


def test_a_success_that_names_another_prompt_than_was_accepted_is_for_a_person() -> None:
    others = Received(9 * S, "callback", RECEIPT, 15_000, checkout_request_id="ws_CO_another", msisdn=PHONE)
    assert attempt_view(TERMS, [*PROMPT, others]).state is AttemptState.REVIEW


@pytest.mark.parametrize("after_s", [OVERDUE_AFTER_S, OVERDUE_AFTER_S + 1])
def test_a_success_that_a_query_tells_long_after_the_prompt_is_called_late(after_s: int) -> None:
    view = attempt_view(TERMS, [*PROMPT, QueryAnswered((1 + after_s) * S, "0", "")])
    assert view.state is AttemptState.PAID
    assert (Flag.LATE in view.flags) is (after_s > OVERDUE_AFTER_S)


@pytest.mark.parametrize(
    ("told", "source", "first_s"),
    [
        ([QueryAnswered(70 * S, "0", ""), QueryAnswered(40 * S, "0", "")], "query", 40),
        ([ClaimedPaid(50 * S, ""), QueryAnswered(40 * S, "1032", "")], "callback", 50),
        ([ClaimedPaid(90 * S, ""), CallbackFailed(60 * S, "1032", "")], "callback", 60),
    ],
)
def test_what_is_for_a_person_is_so_since_the_first_that_was_told(
    told: list[Evidence], source: str, first_s: int
) -> None:
    sent = PROMPT if source == "callback" else ()  # a success of what was never sent
    view = attempt_view(TERMS, [*sent, *told])
    assert (view.state, view.source, view.settled_us) == (AttemptState.REVIEW, source, first_s * S)


@pytest.mark.parametrize("after_s", [OVERDUE_AFTER_S, OVERDUE_AFTER_S + 1])
def test_a_prompt_that_outlives_its_time_is_overdue_and_one_that_was_not_sent_never(after_s: int) -> None:
    now_us = (1 + after_s) * S
    prompted = with_clock(attempt_view(TERMS, PROMPT), now_us)
    assert (Flag.OVERDUE in prompted.flags) is (after_s > OVERDUE_AFTER_S)
    assert with_clock(attempt_view(TERMS, []), now_us).flags == frozenset()


@pytest.mark.parametrize("cents", [15_000, 900])
def test_the_attempt_that_money_came_for_tells_of_a_payment_though_a_later_one_failed(cents: int) -> None:
    stories = ([*PROMPT, Received(9 * S, "callback", RECEIPT, cents)], [*PROMPT, CallbackFailed(9 * S, "1032", "")])
    attempts = tuple(
        Attempt(AttemptRef("PAY-1", number), PHONE, 15_000, S, withdrawn=False, view=attempt_view(TERMS, story))
        for number, story in enumerate(stories, 1)
    )
    payment = Payment("PAY-1", "1042", "shop", "shop", "174379", 15_000, PHONE, "1042", "Order", S, attempts)
    assert payment.telling.ref.number == 1


@pytest.mark.parametrize(("days", "believed"), [(30, True), (30.0001, False), (-0.003, True), (-0.004, False)])
def test_money_by_hand_is_believed_to_be_up_to_thirty_days_old(days: float, believed: bool) -> None:
    received_us = 1_795_505_400 * S
    assert is_believed(received_us - int(days * 86_400 * S), received_us) is believed


@pytest.mark.parametrize(("count", "more"), [(3, ""), (4, " and 1 more")])
def test_of_many_times_that_are_missing_three_are_named_and_the_rest_counted(count: int, more: str) -> None:
    said = still_missing([Hole("174379", number * 3_600 * S, (number + 1) * 3_600 * S) for number in range(count)])
    assert said.count("of 174379") == 3
    assert said.partition(" and ")[1:] == (" and " if more else "", more.removeprefix(" and "))


def test_of_rows_that_may_be_an_orders_money_the_first_is_named_and_the_others_counted() -> None:
    rows = tuple(
        StatementRow(receipt, "received", 15_000, at * S, None, "", "", "", 1)
        for receipt, at in (("UKO4Q7X81C", 10), ("UKO4Q7X82C", 20), ("UKO4Q7X83C", 30))
    )
    with pytest.raises(Conflict) as refused:
        check_gap(InTheGap(Restored(()), ("174379",), free=rows), "1042")
    assert "receipt UKO4Q7X81C, and 2 more like it" in refused.value.message
