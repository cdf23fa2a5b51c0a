"""The code tables: complete, without contradictions, in words a cashier can use; and looking codes up."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpesa_cli.rules.codes.lookup import (
    ALL_CODES,
    Actor,
    Api,
    Code,
    NewAttempt,
    Outcome,
    doubtful_meaning,
    error_meaning,
    explain,
    no_prompt_meaning,
    response_meaning,
    stk_result,
)

STK = [row for row in ALL_CODES if row.api is Api.STK]
OUT = {Api.REVERSAL, Api.B2C}
by_name = pytest.mark.parametrize("row", ALL_CODES, ids=lambda row: f"{row.api}-{row.code}-{row.text}")


def test_no_code_has_two_rows_for_the_same_words() -> None:
    keys = Counter((row.api, row.code, row.text.casefold()) for row in ALL_CODES)
    assert [key for key, count in keys.items() if count > 1] == []


@by_name
def test_every_row_has_words_and_a_source(row: Code) -> None:
    for words in (row.title, row.staff, row.customer, row.customer_sw, row.source):
        assert words == words.strip() != ""
        assert "  " not in words
    assert len(row.staff) <= 200
    assert len(row.customer) <= 160
    assert len(row.customer_sw) <= 160
    assert row.staff.isprintable()
    assert row.listed


@by_name
def test_the_words_for_the_customer_are_in_two_languages(row: Code) -> None:
    assert row.customer != row.customer_sw
    assert row.customer_sw.isascii(), "a plain alphabet keeps a text message in one part"
    assert row.customer.isascii()
    assert not {"the", "your", "please", "we", "is"} & set(row.customer_sw.lower().replace(".", "").split())


@by_name
def test_the_words_for_staff_say_whether_money_moved(row: Code) -> None:
    said = row.staff.lower()
    if row.outcome is Outcome.FAILED:
        assert any(words in said for words in ("nothing was taken", "not sent", "not paid", "nothing was given back",
                                                "nothing was paid out"))
        assert row.api in OUT or "may" not in said.replace("may not", "").split()
    elif row.outcome is Outcome.UNSURE:
        assert any(words in said for words in ("money may", "not sure", "not proven", "not prove", "proves nothing"))
    elif row.outcome is Outcome.NOT_FINAL:
        assert "money may yet move" in said or "not a payment yet" in said


def test_only_result_code_0_is_paid() -> None:
    of_prompts = [(row.api, row.code) for row in ALL_CODES if row.outcome is Outcome.PAID and row.api not in OUT]
    assert of_prompts == [(Api.STK, "0")]


def test_only_success_and_reversed_before_mean_that_money_went_out() -> None:
    found = {(row.api, row.code) for row in ALL_CODES if row.outcome is Outcome.PAID and row.api in OUT}
    assert found == {(Api.REVERSAL, "0"), (Api.REVERSAL, "R000001"), (Api.B2C, "0")}


@by_name
def test_the_program_acts_by_itself_only_on_a_final_no_that_needs_nobodys_decision(row: Code) -> None:
    if row.automatic:
        assert row.outcome is Outcome.FAILED
        assert row.new_attempt in {NewAttempt.NOW, NewAttempt.AFTER_WAIT, NewAttempt.AFTER_CHECK}
        assert row.actor is Actor.SYSTEM or row.code == "1037"


@by_name
def test_a_row_never_contradicts_itself(row: Code) -> None:
    if row.outcome in {Outcome.PAID, Outcome.NOT_FINAL}:
        assert row.new_attempt is NewAttempt.NEVER
    if row.outcome is Outcome.UNSURE:
        assert row.new_attempt is NewAttempt.AFTER_CHECK
    if row.new_attempt is NewAttempt.AFTER_WAIT:
        assert row.wait_s > 0
    if row.new_attempt is NewAttempt.AFTER_FIX:
        assert row.actor in {Actor.CUSTOMER, Actor.STAFF, Actor.OWNER}
    assert row.wait_s >= 0


@pytest.mark.parametrize(
    ("code", "outcome", "actor", "new_attempt", "wait_s"),
    [
        ("0", Outcome.PAID, Actor.NOBODY, NewAttempt.NEVER, 0),
        ("1", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_FIX, 0),
        ("2", Outcome.FAILED, Actor.STAFF, NewAttempt.AFTER_FIX, 0),
        ("3", Outcome.FAILED, Actor.STAFF, NewAttempt.AFTER_FIX, 0),
        ("4", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_WAIT, 86_400),
        ("8", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
        ("17", Outcome.FAILED, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 120),
        ("26", Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 180),
        ("99", Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 120),
        ("1001", Outcome.FAILED, Actor.SYSTEM, NewAttempt.AFTER_WAIT, 60),
        ("1019", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_CHECK, 60),
        ("1025", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_CHECK, 60),
        ("1032", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_FIX, 0),
        ("1036", Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 60),
        ("1037", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_CHECK, 60),
        ("1101", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
        ("2001", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.AFTER_FIX, 0),
        ("2006", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.NEVER, 0),
        ("2028", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
        ("2029", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
        ("4999", Outcome.NOT_FINAL, Actor.NOBODY, NewAttempt.NEVER, 0),
        ("8006", Outcome.FAILED, Actor.CUSTOMER, NewAttempt.NEVER, 0),
        ("9999", Outcome.UNSURE, Actor.SYSTEM, NewAttempt.AFTER_CHECK, 60),
        ("SFC_IC0003", Outcome.FAILED, Actor.OWNER, NewAttempt.AFTER_FIX, 0),
        ("E3008", Outcome.UNSURE, Actor.NOBODY, NewAttempt.AFTER_CHECK, 0),
    ],
)
def test_each_result_code_decides_what_it_should(
    code: str, outcome: Outcome, actor: Actor, new_attempt: NewAttempt, wait_s: int
) -> None:
    row = stk_result(code)
    assert (row.outcome, row.actor, row.new_attempt, row.wait_s) == (outcome, actor, new_attempt, wait_s)


def test_the_table_of_result_codes_is_tested_whole() -> None:
    assert {row.code for row in STK if row.automatic} == {"1001", "1037"}
    assert len(STK) == 25


@given(st.text(max_size=80))
def test_an_unlisted_result_code_proves_nothing_and_is_never_tried_again(code: str) -> None:
    row = stk_result(code)
    if code in {r.code for r in STK}:
        return
    assert not row.listed
    assert (row.outcome, row.new_attempt, row.automatic) == (Outcome.UNSURE, NewAttempt.NEVER, False)


@pytest.mark.parametrize("almost", ["00", "0 ", " 0", "0.0", "+0", "-0", "0\n", "٠", "O", "", "False"])
def test_nothing_that_merely_looks_like_0_is_paid(almost: str) -> None:
    assert stk_result(almost).outcome is Outcome.UNSURE


@pytest.mark.parametrize(
    ("code", "message", "title", "outcome"),
    [
        ("500.001.1001", "Merchant does not exist", "Shortcode not set up for prompts", Outcome.FAILED),
        ("500.001.1001", "[MerchantValidate] - Wrong credentials", "Passkey does not fit", Outcome.FAILED),
        ("500.001.1001", "Unable to lock subscriber, a transaction is already in process for the current subscriber",
         "Line busy", Outcome.FAILED),
        ("500.001.1001", "Transaction already in process", "Line busy", Outcome.FAILED),
        ("500.001.1001", "The transaction is being processed", "Still being processed", Outcome.NOT_FINAL),
        ("500.001.1001", "The transaction does not Exist", "Not known yet", Outcome.NOT_FINAL),
        ("500.001.1001", "Internal Server Error", "Server fault", Outcome.UNSURE),
        ("500.003.1001", "Internal Server Error", "Server fault", Outcome.UNSURE),
        ("500.003.1001", "Urls are already registered.", "URLs registered before", Outcome.FAILED),
        ("500.003.02", "Error Occurred: Spike Arrest Violation", "Too many requests at once", Outcome.FAILED),
        ("500.003.02", "System is busy. Please try again in few minutes.", "M-PESA busy", Outcome.FAILED),
        ("500.003.03", "Quota Violation", "Request quota used up", Outcome.FAILED),
        ("404.001.03", "Invalid Access Token", "Access token refused", Outcome.FAILED),
        ("401.003.01", "Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found",
         "API product missing", Outcome.FAILED),
        ("400.002.02", "Bad Request - Invalid PhoneNumber", "Invalid PhoneNumber", Outcome.FAILED),
        ("400.002.02", "Bad Request - Invalid Something", "Something in the request is invalid", Outcome.FAILED),
        ("400.003.02", "Bad Request - Invalid ValidationURL - URL has the word MPESA", "Forbidden word in the URL",
         Outcome.FAILED),
        ("http-503", "HTTP 503 with a web page in it", "Server fault", Outcome.UNSURE),
        ("http-403", "HTTP 403 with a web page in it", "Refused by a gateway", Outcome.UNSURE),
        ("empty-400", "the consumer key and secret were not accepted", "Consumer key or secret refused",
         Outcome.FAILED),
        ("empty-400", "HTTP 400 with nothing in it", "Empty refusal", Outcome.UNSURE),
        ("read-timeout", "", "No answer in time", Outcome.UNSURE),
        ("connect-failed", "", "No connection", Outcome.FAILED),
        ("400.009.09", "Something new", "Refused, reason unknown to us", Outcome.FAILED),
        ("503.001.01", "Something new", "Not known to us", Outcome.UNSURE),
        ("", "", "Not known to us", Outcome.UNSURE),
    ],
)
def test_an_overloaded_error_code_is_read_by_its_message(
    code: str, message: str, title: str, outcome: Outcome
) -> None:
    for said in (message, message.upper(), message.lower()):
        row = error_meaning(code, said)
        assert (row.title, row.outcome) == (title, outcome)


def test_every_error_body_among_the_payload_examples_has_a_row(request: pytest.FixtureRequest) -> None:
    folder = Path(str(request.config.rootpath)) / "tests" / "payloads"
    bodies = [*folder.glob("stkpush.error.*.json"), *folder.glob("stkquery.error.*.json"),
              *folder.glob("c2b-register.error.*.json"), *folder.glob("oauth.error.*.json")]
    assert len(bodies) >= 20
    for path in bodies:
        body = json.loads(path.read_text(encoding="utf-8"))
        assert error_meaning(body["errorCode"], body["errorMessage"]).listed, path.name


@given(st.sampled_from([row.code for row in ALL_CODES]) | st.text(max_size=40), st.text(max_size=60))
def test_what_is_proven_about_an_attempt_overrules_its_error_code(code: str, message: str) -> None:
    assert no_prompt_meaning(code, message).outcome is Outcome.FAILED
    assert "may" not in no_prompt_meaning(code, message).staff.split()
    assert doubtful_meaning(code, message).outcome is Outcome.UNSURE
    assert not doubtful_meaning(code, message).automatic


def test_a_response_code_other_than_0_is_a_refusal() -> None:
    assert response_meaning("0").outcome is Outcome.NOT_FINAL
    assert response_meaning("1").outcome is Outcome.FAILED
    assert response_meaning("1").listed
    assert response_meaning("77").outcome is Outcome.FAILED
    assert not response_meaning("77").listed


@by_name
def test_every_row_is_found_by_its_code_whatever_its_case_and_spaces(row: Code) -> None:
    for typed in (row.code, row.code.upper(), row.code.lower(), f"  {row.code}\n", row.code.replace("_", " ")):
        assert row in explain(typed)


def test_one_code_can_mean_several_things() -> None:
    assert [(row.api, row.title) for row in explain("0")] == [
        (Api.STK, "Paid"), (Api.RESPONSE, "Accepted, not paid"), (Api.REVERSAL, "Given back"),
        (Api.B2C, "Paid out"),
    ]
    meanings = explain("500.001.1001")
    assert len(meanings) >= 6
    assert meanings[-1].text == "", "what fits where nothing else does comes last"


@given(st.text(max_size=100))
def test_explaining_never_raises_and_says_what_is_not_listed(typed: str) -> None:
    found = explain(typed)
    assert all(row.listed for row in found) or len(found) == 1
