"""Tokens, what a push must hold, the law of the line, and identifiers."""

import re

import pytest
from simulated_daraja import (
    PAYS,
    PUSH,
    QUERY,
    START_US,
    VirtualDaraja,
    apart_from_id,
    callback_of,
    password,
    payload,
    push_body,
    seen,
    shape,
)

from mpesa_cli.floor.moments import daraja_stamp
from mpesa_cli.simulator.identifiers import receipt
from mpesa_cli.simulator.wire import Request


def test_any_key_and_secret_get_a_token_as_daraja_answers_it() -> None:
    reply = VirtualDaraja().get_token("any", "thing")
    assert reply.status == 200
    assert shape(seen(reply)) == shape(payload("oauth.response.ok"))


@pytest.mark.parametrize(("key", "secret"), [("wrong", "any"), ("", "any"), ("any", "")])
def test_wrong_credentials_get_an_empty_400(key: str, secret: str) -> None:
    reply = VirtualDaraja().get_token(key, secret)
    assert (reply.status, reply.body) == (400, b"")


@pytest.mark.parametrize("basic", ["", "no base64!", "/w==", "\x80", "²"])
def test_credentials_that_are_none_get_an_empty_400(basic: str) -> None:
    path = "/oauth/v1/generate?grant_type=client_credentials"
    reply = VirtualDaraja().handle(Request("GET", path, {"authorization": f"Basic {basic}"}))
    assert (reply.status, reply.body) == (400, b"")


@pytest.mark.parametrize(("path", "header", "code"), [
    ("/oauth/v1/generate", "Basic YTpi", "400.008.02"),
    ("/oauth/v1/generate?grant_type=client_credentials", "Bearer abc", "400.008.01"),
])
def test_a_token_request_of_another_form_is_refused_by_code(path: str, header: str, code: str) -> None:
    reply = VirtualDaraja().handle(Request("GET", path, {"authorization": header}))
    assert (reply.status, seen(reply)["errorCode"]) == (400, code)


def test_a_token_ends_after_3599_seconds() -> None:
    daraja = VirtualDaraja()
    daraja.run(3598)
    assert daraja.push().status == 200
    daraja.run(1)
    assert apart_from_id(seen(daraja.push(amount=7))) == apart_from_id(payload("stkpush.error.404.invalid-token"))


def test_paths_methods_and_headers_are_refused_as_daraja_does() -> None:
    daraja = VirtualDaraja()
    assert seen(daraja.post("/mpesa/other", {}))["errorCode"] == "404.001.01"
    got = daraja.handle(Request("GET", PUSH, {"authorization": f"Bearer {daraja.token}"}))
    assert seen(got)["errorMessage"] == "GET Method Not Allowed"
    assert got.status == 405
    assert seen(daraja.handle(Request("POST", PUSH)))["errorCode"] == "404.001.04"


def test_the_example_requests_are_accepted_and_answered_in_the_example_shape() -> None:
    for name in ("stkpush.request.paybill", "stkpush.request.till"):
        reply = VirtualDaraja().post(PUSH, payload(name))
        assert reply.status == 200
        assert shape(seen(reply)) == shape(payload("stkpush.response.ok"))


@pytest.mark.parametrize(("field", "wrong", "named"), [
    ("BusinessShortCode", "17437A", "BusinessShortCode"), ("BusinessShortCode", None, "BusinessShortCode"),
    ("Password", "", "Password"), ("Timestamp", "20261324103000", "Timestamp"), ("Timestamp", "2026", "Timestamp"),
    ("TransactionType", "customerpaybillonline", "TransactionType"),
    ("Amount", 0, "Amount"), ("Amount", -5, "Amount"), ("Amount", 250_001, "Amount"), ("Amount", 1.5, "Amount"),
    ("Amount", "1e3", "Amount"), ("Amount", True, "Amount"), ("Amount", "٣", "Amount"), ("Amount", None, "Amount"),
    ("PartyA", "0708374149", "PartyA"), ("PartyB", "till", "PartyB"),
    ("PhoneNumber", "254208374149", "PhoneNumber"), ("PhoneNumber", "+254708374149", "PhoneNumber"),
    ("CallBackURL", "pay.example.co.ke/x", "CallBackURL"), ("CallBackURL", "ftp://a.example/x", "CallBackURL"),
    ("CallBackURL", "https://a.example/a b", "CallBackURL"), ("CallBackURL", "https://a:port/x", "CallBackURL"),
    ("AccountReference", " ", "AccountReference"), ("TransactionDesc", None, "Remarks"),
])
def test_a_field_that_is_missing_or_wrong_is_named_and_nothing_rings(field: str, wrong: object, named: str) -> None:
    daraja = VirtualDaraja()
    reply = daraja.push(**{field: wrong})
    assert reply.status == 400
    assert seen(reply)["errorCode"] == "400.002.02"
    assert seen(reply)["errorMessage"] == f"Bad Request - Invalid {named}"
    assert not daraja.state.prompts


@pytest.mark.parametrize("amount", [1, "1", 250_000, "250000"])
def test_amounts_within_the_limits_are_taken_as_numbers_and_as_text(amount: object) -> None:
    assert VirtualDaraja().push(amount=amount).status == 200


@pytest.mark.parametrize("body", [b"", b"Amount=5", b"[]", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_reads_as_empty(body: bytes) -> None:
    daraja = VirtualDaraja()
    reply = daraja.handle(Request("POST", PUSH, {"authorization": f"Bearer {daraja.token}"}, body))
    assert seen(reply)["errorMessage"] == "Bad Request - Invalid BusinessShortCode"


def test_a_password_of_another_passkey_time_or_shortcode_is_refused() -> None:
    stamp = daraja_stamp(START_US)
    for wrong in (
        password("174379", stamp, "wrong"), password("174378", stamp), password("174379", "20261124103001"),
        password("174379", stamp, ""), "no base64!", "\x80", "²",
    ):
        daraja = VirtualDaraja()
        reply = daraja.push(Password=wrong)
        assert "Wrong credentials" in str(seen(reply)["errorMessage"])
        assert not daraja.state.prompts


def test_shortcode_and_transaction_type_that_do_not_match_are_told_by_callback() -> None:
    till_as_paybill = VirtualDaraja()
    till_as_paybill.push(PartyB="5198765")
    assert callback_of(till_as_paybill.run(5)[0])["ResultCode"] == 2028
    paybill_as_till = VirtualDaraja()
    paybill_as_till.push(TransactionType="CustomerBuyGoodsOnline")
    assert callback_of(paybill_as_till.run(5)[0])["ResultCode"] == "SFC_IC0003"


def test_a_second_prompt_is_refused_while_one_is_open_and_taken_afterwards() -> None:
    daraja = VirtualDaraja()
    daraja.push(PAYS, 100)
    daraja.run(2.9)
    assert "Unable to lock subscriber" in str(seen(daraja.push(PAYS, 200))["errorMessage"])
    assert daraja.push("254711111111", 200).status == 200
    daraja.run(0.1)
    assert daraja.push(PAYS, 200).status == 200


def test_a_prompt_that_nobody_answers_frees_the_line_after_three_minutes() -> None:
    daraja = VirtualDaraja()
    daraja.push("254722200014", 100)
    daraja.run(179)
    assert daraja.push("254722200014", 200).status == 500
    daraja.run(1)
    assert daraja.push("254722200014", 200).status == 200


def test_the_same_amount_within_two_minutes_ends_in_17_without_a_charge() -> None:
    daraja = VirtualDaraja()
    daraja.push(PAYS, 100)
    daraja.run(119)
    daraja.push(PAYS, 100)
    assert [callback_of(body)["ResultCode"] for body in daraja.run(10)] == [17]
    assert len(daraja.charges()) == 1


def test_the_same_amount_after_two_minutes_is_a_second_charge() -> None:
    daraja = VirtualDaraja()
    daraja.push(PAYS, 100)
    daraja.run(120)
    daraja.push(PAYS, 100)
    daraja.run(10)
    assert len(daraja.charges()) == 2


def test_identifiers_have_todays_form() -> None:
    daraja = VirtualDaraja()
    answer = seen(daraja.push(PAYS))
    assert answer["CheckoutRequestID"] == "ws_CO_24112026103000000708374149"
    assert re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\d{1,8}", str(answer["MerchantRequestID"]))
    daraja.run(5)
    assert re.fullmatch(r"UKO[A-Z0-9]{7}", daraja.charges()[0].receipt)


def test_receipts_differ_even_where_chance_does_not() -> None:
    made: set[str] = set()
    for serial in range(2000):
        made.add(receipt(START_US, serial % 7, made, lambda size: "00" * size))
    assert len(made) == 2000


def test_a_query_answers_in_the_example_shapes() -> None:
    daraja = VirtualDaraja()
    ref = daraja.accepted()
    assert shape(seen(daraja.query(ref))) == shape(payload("stkquery.response.pending-4999"))
    daraja.run(5)
    assert shape(seen(daraja.query(ref))) == shape(payload("stkquery.response.success"))
    old = VirtualDaraja()
    ref = old.accepted("254722200015")
    assert seen(old.query(ref)) == payload("stkquery.error.500.pending") | {"requestId": ref}


def test_a_query_for_another_id_or_shortcode_knows_nothing() -> None:
    daraja = VirtualDaraja()
    ref = daraja.accepted()
    unknown = seen(daraja.query("ws_CO_24112026103001482708374149"))
    assert unknown["errorMessage"] == payload("stkquery.error.500.unknown")["errorMessage"]
    assert seen(daraja.query("other"))["errorMessage"] == "Bad Request - Invalid CheckoutRequestID"
    stamp = daraja_stamp(daraja.now_us)
    other = {"BusinessShortCode": "600984", "Password": password("600984", stamp), "Timestamp": stamp}
    assert daraja.post(QUERY, {**other, "CheckoutRequestID": ref}).status == 500


def test_the_sixth_query_in_a_minute_meets_the_firewall_and_the_next_minute_is_free() -> None:
    daraja = VirtualDaraja()
    ref = daraja.accepted()
    assert [daraja.query(ref).status for _ in range(6)] == [200] * 5 + [403]
    assert b"Incapsula" in daraja.query(ref).body
    daraja.run(60)
    assert daraja.query(ref).status == 200


def test_the_query_ration_is_kept_per_consumer_key_and_can_be_switched_off() -> None:
    daraja = VirtualDaraja()
    ref = daraja.accepted()
    for _ in range(5):
        daraja.query(ref)
    daraja.fresh_token("another-key")
    assert daraja.query(ref).status == 200
    free = VirtualDaraja(queries_per_minute=None)
    ref = free.accepted()
    assert {free.query(ref).status for _ in range(50)} == {200}


def test_speed_hastens_customers_and_callbacks() -> None:
    daraja = VirtualDaraja(speed=10.0)
    daraja.push()
    daraja.run(10)
    assert daraja.delivered[0][0] == pytest.approx(0.35)


def test_prompts_older_than_a_day_are_forgotten_and_can_be_kept() -> None:
    for rules, left in (({}, 1), ({"keep_s": None}, 2)):
        daraja = VirtualDaraja(**rules)
        daraja.push()
        daraja.run(24 * 3600 + 1)
        daraja.fresh_token()
        daraja.push()
        assert len(daraja.state.prompts) == left
        assert len(daraja.state.receipts) == left
        assert sum(len(refs) for refs in daraja.state.by_msisdn.values()) == left


def test_the_same_request_in_the_same_state_gets_the_same_answer() -> None:
    first, second = VirtualDaraja(), VirtualDaraja()
    assert first.post(PUSH, push_body()) == second.post(PUSH, push_body())
