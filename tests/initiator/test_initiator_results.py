"""Reading results: every payload of the API, every odd shape, and nothing that escapes."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from initiator_parts import PAYLOADS, body

from mpesa_cli.daraja.results import Result, read_result, without_credential
from mpesa_cli.daraja.transaction_status import read_status
from mpesa_cli.floor.wire.strict_json import Unreadable

KINDS = ("transactionstatus", "accountbalance", "reversal")
RESULTS = sorted(path.stem for kind in KINDS for path in PAYLOADS.glob(f"{kind}.result.*.json"))


def read(document: Any) -> Result | Unreadable:
    return read_result(json.dumps(document).encode())


def envelope(**more: Any) -> dict[str, Any]:
    return {"Result": {"ResultType": 0, "ResultCode": 0, "ResultDesc": "ok", "ConversationID": "AG_1", **more}}


@pytest.mark.parametrize("name", RESULTS)
def test_every_documented_result_is_read(name: str) -> None:
    said = read_result(body(name))
    assert isinstance(said, Result)
    assert said.final
    assert (said.result_code == "0") is ("success" in name)
    assert said.conversation_id.startswith("AG_")


def test_codes_are_text_whether_they_came_as_numbers_or_words() -> None:
    for code in (0, "0", 2001, "R000001", "SFC_IC0003"):
        said = read(envelope(ResultCode=code))
        assert isinstance(said, Result)
        assert said.result_code == str(code)


def test_one_parameter_alone_is_read_as_a_list_of_one_and_none_as_none() -> None:
    one = {"Key": "BOCompletedTime", "Value": 1}
    for holder, expected in (({"ResultParameter": one}, 1), ({"ResultParameter": [one]}, 1), ({}, None), (None, None)):
        said = read(envelope(ResultParameters=holder))
        assert isinstance(said, Result)
        assert said.first("BOCompletedTime") == expected


def test_a_parameter_without_a_value_is_there_and_is_nothing() -> None:
    said = read(envelope(ResultParameters={"ResultParameter": [{"Key": "TransactionReason"}]}))
    assert isinstance(said, Result)
    assert said.every("TransactionReason") == [None]


def test_a_message_that_others_will_follow_is_not_final() -> None:
    for kind in (1, "1"):
        said = read(envelope(ResultType=kind))
        assert isinstance(said, Result)
        assert not said.final


@pytest.mark.parametrize("document", [
    {}, [], "Result", {"Result": []}, {"Result": {}}, envelope(ResultCode=None), envelope(ResultCode=True),
    envelope(ResultParameters=[1]), envelope(ResultParameters={"ResultParameter": [{"Value": 1}]}),
    envelope(ResultParameters={"ResultParameter": "x"}), envelope(ConversationID=["x"]),
    envelope(ResultParameters={"ResultParameter": [{"Key": "a"}] * 101}),
])
def test_what_is_no_result_is_unreadable(document: Any) -> None:
    assert isinstance(read(document), Unreadable)


def test_a_key_twice_in_one_object_is_unreadable() -> None:
    assert isinstance(read_result(b'{"Result":{"ResultCode":1,"ResultCode":0,"ResultDesc":"x"}}'), Unreadable)


def test_a_status_names_who_paid_and_who_was_paid_also_where_both_have_one_key() -> None:
    said = read_result(body("transactionstatus.result.success"))
    assert isinstance(said, Result)
    status = read_status(said)
    assert status is not None
    assert (status.debit, status.credit, status.amount_cents) == ("254708374149", "600984", 15_000)
    assert (status.receipt, status.status) == ("UKO4Q7WX2B", "Completed")
    said = read_result(body("transactionstatus.result.success.string-values"))
    assert isinstance(said, Result)
    status = read_status(said)
    assert status is not None
    assert (status.debit, status.credit, status.amount_cents) == ("600984", "254708374149", 30_000)


def test_no_name_of_a_person_is_kept_of_a_status() -> None:
    for name in ("transactionstatus.result.success", "transactionstatus.result.success.string-values"):
        said = read_result(body(name))
        assert isinstance(said, Result)
        assert "KAMAU" not in repr(read_status(said)).upper()


def test_amounts_of_every_kind_are_exact_and_what_is_none_is_none() -> None:
    amounts = ((150.0, 15_000), ("150.00", 15_000), (0.1, 10), (-5, None), ("x", None), (True, None), (1e40, None))
    for value, cents in amounts:
        holder = {"ResultParameter": [{"Key": "ReceiptNo", "Value": "UKO4Q7WX2B"}, {"Key": "Amount", "Value": value}]}
        said = read(envelope(ResultParameters=holder))
        if isinstance(said, Unreadable):
            assert cents is None
            continue
        status = read_status(said)
        assert status is not None
        assert status.amount_cents == cents


def test_a_time_out_that_repeats_the_request_is_kept_without_its_credential() -> None:
    echo = body("async.timeout.echoed-request")
    credential = json.loads(echo)["SecurityCredential"]
    kept = without_credential(echo)
    assert credential.encode() not in kept
    assert json.loads(kept) == {**json.loads(echo), "SecurityCredential": "•••"}


@pytest.mark.parametrize("hidden", [
    b'{"a":{"b":[{"securitycredential":"CANARY=="}]}}', b'{"Key":"SecurityCredential","Value":"CANARY=="}',
    b'{"\\u0053ecurityCredential":"CANARY=="}', b'{"InitiatorPassword":"CANARY=="}',
    b'SecurityCredential=CANARY==', b'{"SecurityCredential":"CANARY=="',
    b'{"x":1,"x":2,"SecurityCredential":"CANARY=="}',
])
def test_no_form_of_a_credential_is_kept(hidden: bytes) -> None:
    kept = without_credential(hidden)
    assert b"CANARY" not in kept
    json.loads(kept)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_kept_byte_for_byte(name: str) -> None:
    assert without_credential(body(name)) == body(name)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RESULTS), st.data())
def test_no_damage_to_a_result_escapes_the_reader(name: str, data: st.DataObject) -> None:
    raw = bytearray(body(name))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    said = read_result(bytes(raw))
    assert isinstance(said, Result | Unreadable)
    if isinstance(said, Result):
        read_status(said)
    without_credential(bytes(raw))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False).map(str) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["Key", "Value", "ReceiptNo", "Amount", "ResultParameter", "DebitPartyName"]), inner, max_size=4
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_JSON, _JSON)
def test_no_shape_of_parameters_escapes_the_reader(parameters: Any, code: Any) -> None:
    said = read(envelope(ResultParameters=parameters, ResultCode=code))
    if isinstance(said, Result):
        status = read_status(said)
        assert status is None or status.amount_cents is None or status.amount_cents >= 0
    assert not isinstance(said, Decimal)
