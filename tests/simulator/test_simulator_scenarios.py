"""Every row of the scenario table does what it says, on a virtual clock."""

import json
import re

import pytest
from simulated_daraja import PAYS, VirtualDaraja, callback_of, items_of, seen

from mpesa_cli.simulator.scenario import PushAnswer, Scenario
from mpesa_cli.simulator.scenarios import all_scenarios, scenario_for

ROWS = all_scenarios()
LONG_S = 24 * 3600 - 1

# What a caller sees of an answer: HTTP status, error code and the words that decide, or the fault.
SEEN = {
    PushAnswer.OK: (200, "", ""), PushAnswer.LOST: (200, "", "drop_after"), PushAnswer.TRUNCATED: (200, "", "truncate"),
    PushAnswer.HTML_200: (200, "<html", ""), PushAnswer.DROPPED: (200, "", "drop_before"),
    PushAnswer.INTERNAL_ERROR: (500, "500.003.1001", ""), PushAnswer.HTML_503: (503, "not available", ""),
    PushAnswer.HTML_403: (403, "Incapsula", ""), PushAnswer.EMPTY_400: (400, "", ""),
    PushAnswer.APIGEE_429: (429, "SpikeArrest", ""),
    PushAnswer.SPIKE_ARREST: (500, "Spike Arrest", ""), PushAnswer.TOKEN_EXPIRED: (404, "404.001.03", ""),
    PushAnswer.LOCKED: (500, "Unable to lock subscriber", ""), PushAnswer.BUSY: (500, "System is busy", ""),
    PushAnswer.QUOTA: (500, "500.003.03", ""), PushAnswer.NO_MERCHANT: (500, "Merchant does not exist", ""),
}


def pushed_until_it_rings(daraja: VirtualDaraja, row: Scenario) -> None:
    for _ in range(row.answer_times or 0):
        assert SEEN[row.answer][1] in daraja.push(row.msisdn).body.decode()
        assert not daraja.state.prompts
        daraja.fresh_token()
    daraja.push(row.msisdn)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_push_is_answered_as_the_row_says(row: Scenario) -> None:
    reply = VirtualDaraja().push(row.msisdn)
    status, words, fault = SEEN[row.answer]
    assert (reply.status, reply.fault) == (status, fault)
    assert words in reply.body.decode()
    assert reply.delay_s == row.answer_delay_s


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_customer_is_charged_once_or_never_as_the_row_says(row: Scenario) -> None:
    daraja = VirtualDaraja()
    pushed_until_it_rings(daraja, row)
    assert daraja.charges() == []
    daraja.run(LONG_S)
    assert [charge.amount_cents for charge in daraja.charges()] == ([10_000] if row.pays else [])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_callbacks_come_when_and_as_often_as_the_row_says(row: Scenario) -> None:
    daraja = VirtualDaraja()
    pushed_until_it_rings(daraja, row)
    bodies = daraja.run(LONG_S)
    decided_s = row.decided_s
    rings = row.answer_may_accept and decided_s is not None
    assert [at_s for at_s, _ in daraja.delivered] == [decided_s + after for after in row.callbacks_s if rings]
    assert len({json.dumps(body) for body in bodies}) <= 1
    for body in bodies:
        code = callback_of(body)["ResultCode"]
        assert str(code) == row.code
        assert isinstance(code, int) is row.code.isdecimal()


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer_may_accept], ids=lambda row: row.name)
def test_a_query_is_pending_until_the_decision_and_final_after_it(row: Scenario) -> None:
    daraja = VirtualDaraja(queries_per_minute=None)
    pushed_until_it_rings(daraja, row)
    (ref,) = daraja.state.prompts
    pending = {"4999": "4999", "http-500": "The transaction is being processed"}[row.pending]
    first = "The transaction does not Exist" if row.unknown_s else pending
    assert daraja.result(ref) == first
    daraja.run((row.decided_s or 3000) - 0.001)
    assert daraja.result(ref) == pending
    daraja.run(0.001)
    assert daraja.result(ref) == (pending if row.decided_s is None else row.query_code or row.code)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_names_a_number_that_chooses_it_and_a_source(row: Scenario) -> None:
    assert scenario_for(row.msisdn) == row
    assert re.fullmatch(r"254[17]\d{8}", row.msisdn)
    assert len(row.source) > 10
    assert not re.search(r"\.md|\bOPEN-", row.source)


def test_no_number_has_two_rows() -> None:
    assert len({row.msisdn for row in ROWS}) == len(ROWS)


def test_the_promised_numbers_are_all_there() -> None:
    assert {f"2547222000{n:02d}" for n in range(1, 24)} <= {row.msisdn for row in ROWS}
    assert scenario_for("254700000017").code == "17"
    assert scenario_for("254700000001").code == "1"
    assert scenario_for("254700001001").code == "1001"
    assert scenario_for("254700054321").code == "54321"
    assert scenario_for("254110000000").pays


def test_a_number_that_refuses_a_few_times_does_so_again_for_the_next_order() -> None:
    daraja = VirtualDaraja()
    for amount in (100, 200):
        answers = [daraja.push("254722200010", amount).status for _ in range(3)]
        assert answers == [500, 500, 200]
        daraja.run(60)


def test_an_expired_token_stays_expired_until_a_new_one_is_fetched() -> None:
    daraja = VirtualDaraja()
    assert seen(daraja.push("254722200011"))["errorCode"] == "404.001.03"
    assert seen(daraja.push(PAYS))["errorCode"] == "404.001.03"
    daraja.fresh_token()
    assert daraja.push("254722200011").status == 200


def test_the_wrong_amount_is_in_the_callback_and_not_in_the_charge() -> None:
    daraja = VirtualDaraja()
    daraja.push("254722200019", 100)
    (body,) = daraja.run(10)
    assert items_of(body)["Amount"] == 101
    assert daraja.charges()[0].amount_cents == 10_000


def test_a_callback_that_overtakes_its_answer_is_due_before_the_answer_leaves() -> None:
    daraja = VirtualDaraja()
    reply = daraja.push("254722200006")
    daraja.run(reply.delay_s)
    assert reply.callback_first
    assert len(daraja.delivered) == 1
