"""What is told of an attempt and of a restore's gap: whose success it is, how late, when, and which row comes first."""

import pytest

from mpesa_cli.floor.errors import Conflict
from mpesa_cli.rules.evidence import Accepted, CallbackFailed, ClaimedPaid, Evidence, QueryAnswered, Received, Sending
from mpesa_cli.rules.restored import InTheGap, Restored, check_gap
from mpesa_cli.rules.state import AttemptState, Flag, Terms, attempt_view
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


def test_of_rows_that_may_be_an_orders_money_the_first_is_named_and_the_others_counted() -> None:
    rows = tuple(
        StatementRow(receipt, "received", 15_000, at * S, None, "", "", "", 1)
        for receipt, at in (("UKO4Q7X81C", 10), ("UKO4Q7X82C", 20), ("UKO4Q7X83C", 30))
    )
    with pytest.raises(Conflict) as refused:
        check_gap(InTheGap(Restored(()), ("174379",), free=rows), "1042")
    assert "receipt UKO4Q7X81C, and 2 more like it" in refused.value.message
