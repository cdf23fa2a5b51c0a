"""Reversals and payouts in the simulator: the documented shapes, money that moves once, and what goes wrong."""

import json
from typing import Any

import pytest
from initiator_desk import B2C_V1, B2C_V3, REVERSAL, SHOP, STATUS, Desk, parameters
from simulated_daraja import PAYS, payload, seen, shape

from mpesa_cli.simulator.asynchronous_scenarios import TABLE
from mpesa_cli.simulator.statement import Period, statement

NOT_DONE = {"times-out", "html-503", "html-403", "maintenance", "dropped", "insufficient", "no-role", "not-known",
            "locked", "unregistered", "no-operator"}
NUMBERED = [row for row in TABLE if row.msisdn]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_reversal_is_acknowledged_told_and_refused_in_the_documented_shapes(desk: Desk) -> None:
    receipt = desk.paid()
    assert shape(seen(desk.reverse(receipt))) == shape(payload("async.ack.ok"))
    (told,) = desk.results()
    assert shape({"Result": told}) == shape(payload("reversal.result.success"))
    assert shape({"Result": desk.result(REVERSAL, TransactionID=receipt)}) == shape(
        payload("reversal.result.failure.R000001"))


@pytest.mark.parametrize("path", [B2C_V1, B2C_V3])
def test_a_payout_is_acknowledged_told_and_refused_in_the_documented_shapes(desk: Desk, path: str) -> None:
    assert shape(seen(desk.ask(path))) == shape(payload("b2c.response.ok"))
    (told,) = desk.results()
    assert shape({"Result": told}) == shape(payload("b2c.result.success"))
    failed = desk.result(path, PartyB="254700002001", OriginatorConversationID="another")
    assert shape({"Result": failed}) == shape(payload("b2c.result.failure.2001"))
    letters = desk.result(path, PartyB="254722200077", OriginatorConversationID="a third")
    assert shape({"Result": letters}) == shape(payload("b2c.result.failure.SFC_IC0003"))


def test_a_receipt_goes_back_once_whoever_asks_and_is_told_as_reversed_before_then(desk: Desk) -> None:
    receipt = desk.paid()
    first, second = (desk.result(REVERSAL, TransactionID=receipt) for _ in range(2))
    assert (first["ResultCode"], second["ResultCode"]) == (0, "R000001")
    told = parameters(first)
    assert (told["OriginalTransactionID"], told["Amount"]) == (receipt, 150.0)
    assert told["CreditPartyPublicName"].startswith(f"{PAYS} - ")
    (made,) = desk.record()["reversals"]
    assert (made["reverses"], made["receipt"]) == (receipt, first["TransactionID"])


@pytest.mark.parametrize(("how", "code"), [
    ({"TransactionID": "UKO0000000"}, "R000002"), ({"ReceiverParty": "600984"}, "R000002"), ({"Amount": "149"}, 25),
])
def test_only_a_payment_of_the_shop_goes_back_and_only_whole(desk: Desk, how: dict[str, Any], code: Any) -> None:
    receipt = desk.paid()
    assert desk.result(REVERSAL, **{"TransactionID": receipt, **how})["ResultCode"] == code
    assert desk.record()["reversals"] == []


def test_what_was_paid_out_is_no_payment_that_can_go_back(desk: Desk) -> None:
    paid_out = desk.result(B2C_V3)["TransactionID"]
    assert desk.result(REVERSAL, TransactionID=paid_out, Amount="10")["ResultCode"] == "R000002"


def test_one_originators_id_pays_once_and_is_refused_in_daraja_s_words(desk: Desk) -> None:
    desk.ask(B2C_V3)
    again = desk.ask(B2C_V3)
    assert again.status == 500
    assert {**seen(again), "requestId": ""} == {**payload("b2c.error.500.duplicate-originator"), "requestId": ""}
    desk.daraja.run(2 * 86_400)
    desk.daraja.fresh_token()
    assert desk.ask(B2C_V3).status == 500
    (made,) = desk.record()["payouts"]
    assert (made["amount"], made["party"], made["conversation"]) == (
        "10.00", PAYS, payload("b2c.request.v3")["OriginatorConversationID"])


def test_v1_has_no_such_guard_and_pays_twice(desk: Desk) -> None:
    assert [desk.ask(B2C_V1).status for _ in range(2)] == [200, 200]
    assert len(desk.record()["payouts"]) == 2


@pytest.mark.parametrize(("amount", "code"), [(9, 2), (10, 0), (250_001, 3), (60_000, 1)])
def test_limits_and_the_money_that_is_there_decide_of_a_payout(desk: Desk, amount: int, code: int) -> None:
    assert desk.result(B2C_V3, Amount=amount)["ResultCode"] == code


def test_one_phone_gets_half_a_million_a_day_at_most(desk: Desk) -> None:
    desk.paid(250_000), desk.paid(250_000, "254700000000"), desk.paid(100_000, "254712345678")
    codes = [desk.result(B2C_V1, Amount=each)["ResultCode"] for each in (250_000, 250_000, 10)]
    assert codes == [0, 0, 4]


def money_of(desk: Desk) -> tuple[int, int]:
    record = desk.record()
    return len(record["reversals"]), len(record["payouts"])


@pytest.mark.parametrize("row", NUMBERED, ids=lambda row: row.name)
def test_each_number_does_to_a_reversal_what_its_row_says(desk: Desk, row: Any) -> None:
    receipt = desk.paid(msisdn=row.msisdn)
    reply = desk.reverse(receipt)
    assert money_of(desk)[0] == (0 if row.name in NOT_DONE or row.answer_times else 1)
    if row.answer_times:
        assert reply.status in {404, 500}
        desk.daraja.fresh_token()
        desk.reverse(receipt)
        assert money_of(desk)[0] == 1
    told = desk.daraja.run(300)
    assert len(told) == (len(row.results_s) if row.answer.accepts or row.answer_times else 0)


@pytest.mark.parametrize("row", NUMBERED, ids=lambda row: row.name)
def test_each_number_does_to_a_payout_what_its_row_says(desk: Desk, row: Any) -> None:
    desk.ask(B2C_V3, PartyB=row.msisdn)
    assert money_of(desk)[1] == (0 if row.name in NOT_DONE or row.answer_times else 1)


def told_of(desk: Desk, msisdn: str) -> list[dict[str, Any]]:
    receipt = desk.paid(msisdn=msisdn)
    desk.reverse(receipt)
    return desk.daraja.run(300)  # type: ignore[return-value]


def test_results_that_tell_something_else_than_was_done(desk: Desk) -> None:
    (amount,) = told_of(desk, "254722200055")
    assert parameters(amount["Result"])["Amount"] == 151.0
    (party,) = told_of(desk, "254722200056")
    assert not parameters(party["Result"])["CreditPartyPublicName"].startswith("254722200056")
    first, second = told_of(desk, "254722200053")
    assert first == second
    yes, no = told_of(desk, "254722200054")
    assert (yes["Result"]["ResultCode"], no["Result"]["ResultCode"]) == (0, 17)
    (text,) = told_of(desk, "254722200074")
    assert (text["Result"]["ResultCode"], parameters(text["Result"])["Amount"]) == ("0", "150.00")


def test_a_time_out_says_the_same_whether_the_money_moved_or_not(desk: Desk) -> None:
    (undone,), (done,) = told_of(desk, "254722200057"), told_of(desk, "254722200058")
    differ = {name for name in undone if undone[name] != done[name]}
    assert differ == {"TransactionID"}
    assert set(undone) == set(payload("reversal.request"))
    assert desk.daraja.delivered[-1][1].url.endswith("/timeout")


@pytest.mark.parametrize(("name", "answer"), [
    ("answer-lost", "drop_after"), ("truncated", "truncate"), ("dropped", "drop_before"),
])
def test_the_connection_breaks_where_the_row_says(desk: Desk, name: str, answer: str) -> None:
    assert desk.reverse(desk.paid(), Initiator=name).fault == answer


@pytest.mark.parametrize(("name", "status", "words"), [
    ("page", 200, "Incapsula"), ("html-503", 503, "not available"), ("html-403", 403, "Incapsula"),
    ("internal-error", 500, "500.003.1001"), ("system-error", 500, "System internal error."),
    ("maintenance", 500, "under maintenance"), ("spike-arrest", 500, "Spike Arrest"),
    ("token-expired", 404, "404.001.03"), ("no-result", 200, "Accept the service request successfully."),
])
def test_the_answer_is_the_row_s(desk: Desk, name: str, status: int, words: str) -> None:
    reply = desk.reverse(desk.paid(), Initiator=name)
    assert reply.status == status
    assert words in reply.body.decode()


def test_the_result_can_overtake_the_answer(desk: Desk) -> None:
    reply = desk.reverse(desk.paid(), Initiator="result-first")
    assert (reply.callback_first, reply.delay_s) == (True, 2.0)
    assert len(desk.daraja.run(0)) == 1


@pytest.mark.parametrize("code", ["1", "11", "21", "2001", "2006", "2028", "8006", "R000001", "R000002"])
def test_an_initiator_named_for_a_code_ends_in_it(desk: Desk, code: str) -> None:
    told = desk.result(REVERSAL, TransactionID=desk.paid(), Initiator=f"code-{code}")
    assert str(told["ResultCode"]) == code
    assert money_of(desk) == (0, 0)


def test_three_wrong_passwords_lock_the_initiator_for_half_an_hour(desk: Desk) -> None:
    receipt = desk.paid()

    def asked(password: str, **other: Any) -> Any:
        return desk.result(REVERSAL, TransactionID=receipt, password=password, **other)["ResultCode"]

    assert [asked("wrong"), asked("wrong"), asked("right", Amount="1"), asked("wrong")] == [2001, 2001, 25, 2001]
    assert [asked("wrong"), asked("wrong"), asked("right")] == [2001, 2001, 8006]
    assert desk.result(STATUS, Initiator="another", TransactionID=receipt)["ResultCode"] == 0
    assert money_of(desk) == (0, 0)
    desk.daraja.run(1800)
    assert asked("right") == 0


def test_v3_is_refused_to_an_app_that_has_v1_alone(desk: Desk) -> None:
    refused = desk.ask(B2C_V3, InitiatorName="not-entitled")
    assert {**seen(refused), "requestId": ""} == {**payload("b2c.error.403.not-authorized"), "requestId": ""}
    assert desk.result(B2C_V1, InitiatorName="not-entitled")["ResultCode"] == 0


def test_a_type_that_is_not_taken_is_named(desk: Desk) -> None:
    receipt = desk.paid()
    refused = desk.reverse(receipt, Initiator="identifier-4")
    assert seen(refused)["errorMessage"] == "Bad Request - Invalid RecieverIdentifierType"
    taken = desk.result(REVERSAL, TransactionID=receipt, Initiator="identifier-4", RecieverIdentifierType="4")
    assert taken["ResultCode"] == 0


def test_a_wrong_token_is_refused_in_the_words_of_each_api(desk: Desk) -> None:
    desk.daraja.token = "gone"
    assert seen(desk.ask(REVERSAL))["errorCode"] == "404.001.03"
    refused = seen(desk.ask(B2C_V3))
    assert (refused["errorCode"], refused["errorMessage"]) == (
        "401.002.01", "Error Occurred - Invalid Access Token - gone")


@pytest.mark.parametrize("path", [REVERSAL, B2C_V1, B2C_V3])
def test_every_field_of_the_example_is_needed_but_the_occasion(desk: Desk, path: str) -> None:
    names = [name for name in desk.body(path) if not name.startswith("Occas")]
    said = {name: seen(desk.ask(path, **{name: None})).get("errorMessage") for name in names}
    assert said == {name: f"Bad Request - Invalid {name}" for name in names}
    assert money_of(desk) == (0, 0)


def test_the_status_of_a_request_is_asked_by_its_own_id(desk: Desk) -> None:
    def status(conversation: object) -> Any:
        told = desk.result(STATUS, TransactionID=None, OriginalConversationID=conversation)
        return told["ResultCode"] or parameters(told)["TransactionStatus"], told

    desk.ask(B2C_V3)
    (paid_out,) = desk.results()
    word, told = status(paid_out["OriginatorConversationID"])
    assert (word, parameters(told)["ReceiptNo"]) == ("Completed", paid_out["TransactionID"])
    assert parameters(told)["CreditPartyName"].startswith(PAYS)
    gone = desk.result(REVERSAL, TransactionID=desk.paid(), Initiator="code-21")
    assert status(gone["OriginatorConversationID"])[0] == "Declined"
    given_up = seen(desk.reverse(desk.paid(amount=151), Initiator="times-out", Amount="151"))
    desk.daraja.run(10)
    assert status(given_up["OriginatorConversationID"])[0] == "Expired"
    assert status("nobody's")[0] == "R000002"


def test_the_statement_shows_what_left_and_its_balance_follows(desk: Desk) -> None:
    receipt = desk.paid(1_000)
    back = desk.result(REVERSAL, TransactionID=receipt, Amount="1000")["TransactionID"]
    out = desk.result(B2C_V3, Amount=2_000)["TransactionID"]
    text = statement(desk.daraja.state, SHOP, Period(), desk.daraja.now_us)
    rows = {line.split(",")[0]: line for line in text.splitlines() if not line.endswith("Charge")}
    assert receipt in rows[back]
    assert "Reversal" in rows[back]
    paid_out, charge = (line for line in text.splitlines() if line.startswith(out))
    assert '"-2,000.00","39,750.00"' in paid_out
    assert "-9.00,-14.50,true,Business Payment Charge" in charge
    assert 'Closing Balance,"39,750.00"' in text
    told = parameters(desk.result(B2C_V3, OriginatorConversationID="next"))
    assert (told["B2CUtilityAccountAvailableFunds"], told["B2CWorkingAccountAvailableFunds"]) == (39_740.0, 91_500.0)
    assert told["B2CChargesPaidAccountAvailableFunds"] == -5.5 - 9 - 5


def test_the_record_shows_each_request_without_its_credential(desk: Desk) -> None:
    desk.result(REVERSAL, TransactionID=desk.paid())
    (made,) = desk.record()["requests"]
    assert (made["api"], made["results"][0]["status"]) == ("reversal", 200)
    assert "SecurityCredential" not in json.dumps(desk.record())
